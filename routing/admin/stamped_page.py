"""Pages on which two people may edit the same row: the second one is told, and loses nothing typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import OperationalError, models, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.conflict_words import NOBODY, Editor, differences, last_editor, stored_words, typed_words
from routing.admin.publishing import PublishingPage
from routing.admin.stamps import changed_parts, inlines_of, stamp_of

STAMP, SEEN_AT, ANEW, REPLACE = "_stamp", "_seen_at", "_anew", "_replace"
CHANGED = "Nothing is saved yet: this was changed while you were editing. Look at the differences, then save again."
GONE = "Nothing is saved yet: this was deleted while you were editing. What you typed is still here."
BUSY = "Nothing is saved: somebody is changing the table just now. Wait a moment, then try again."
LOOK_AGAIN = "Nothing was deleted: this was changed after you opened the page. Look at it once more."


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a form comes back with all that was typed."""

    text: str
    gone: bool = False
    editor: Editor = NOBODY
    stored: dict[str, tuple[str, str]] | None = None  # part -> label and what a colleague saved, in words
    replace: tuple[str, ...] = ()  # lines inside the row that the next save writes anew


class StampedPage(PublishingPage):
    """Compares what a page saw of its row with what stands there when its form comes back.

    Both happen behind the lock that everybody holds who changes the draft, so of two saves at once one is told.
    A row that is no part of the draft is locked by itself.
    """

    change_form_before_template = "admin/stamp.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Save a form only if its row is still what the page showed."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with transaction.atomic():
                response = self._save_as_seen(request, object_id, form_url, extra_context)
                if is_form(response):
                    transaction.set_rollback(True)  # a form that comes back has changed nothing
        except OperationalError:
            _refuse(request, Refusal(text=BUSY))
            return super().changeform_view(request, object_id, form_url, extra_context)
        return response

    def _save_as_seen(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        """Take the lock, compare, and save; what differs makes the form come back."""
        self.take_locks(request)
        row = self._find_locked(object_id)
        if object_id and row is None and STAMP in request.POST:
            if not self.has_add_permission(request):
                return self._show_typed(request)
            if ANEW not in request.POST:
                _refuse(request, self._gone(request, object_id))
            _renew_lines(request, {name: link.name for name, _, link in inlines_of(self.model)})
            object_id = None
        elif row is not None and self.has_change_permission(request, row):
            self._compare(request, row)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _find_locked(self, object_id: str | None) -> models.Model | None:
        """Return the row, which nobody else can change until this transaction ends."""
        if object_id is None:
            return None
        rows: Any = self.model._default_manager
        try:
            found: models.Model | None = rows.select_for_update(no_key=True).filter(pk=unquote(object_id)).first()
        except (ValueError, ValidationError):
            return None  # an address that was mistyped
        return found

    def _compare(self, request: HttpRequest, row: models.Model) -> None:
        """Refuse a form that saw another row than this; one that is sent again writes its lines anew."""
        present = stamp_of(row)
        seen = request.POST.get(STAMP, present)
        if seen != present:
            names = changed_parts(seen, present)
            lines = {name: link.name for name, _, link in inlines_of(self.model) if name in names}
            _renew_lines(request, lines)
            editor = last_editor(self.model, str(row.pk), since=request.POST.get(SEEN_AT, ""), user=request.user)
            stored = stored_words(row, names)
            replace = (*lines, *request.POST.getlist(REPLACE))
            _refuse(request, Refusal(text=CHANGED, editor=editor, stored=stored, replace=replace))
        for name, inline, link in inlines_of(self.model):
            page = inline(self.model, self.admin_site)
            if name in request.POST.getlist(REPLACE) and page.has_delete_permission(request, row):
                inline.model._default_manager.filter(**{link.name: row.pk}).delete()

    def _gone(self, request: HttpRequest, object_id: str) -> Refusal:
        since = request.POST.get(SEEN_AT, "")
        editor = last_editor(self.model, unquote(object_id), since=since, user=request.user)
        return Refusal(text=GONE, gone=True, editor=editor)

    def _show_typed(self, request: HttpRequest) -> HttpResponse:
        """Show what was typed to somebody who may not make the row anew."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = self.get_form(request)(request.POST)
        form.full_clean()
        title = f"{self.opts.verbose_name} was deleted".capitalize()
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(request, "admin/typed.html", {**context, "typed": typed_words(form)})

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form's class; a refused one is never valid."""
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = refusal_of(request)
        return form if refusal is None else _refused(form, refusal.text)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the stamp of what the page shows, and the differences where a colleague was quicker."""
        row, refusal = context.get("original"), refusal_of(request)
        if row is None:
            context["stamp"] = request.POST.get(STAMP, "")
        elif self.has_change_permission(request, row):
            context["stamp"] = stamp_of(row)
        context["seen_at"] = timezone.now().isoformat()
        context["replace"] = refusal.replace if refusal and refusal.stored else request.POST.getlist(REPLACE)
        if row is None and request.method == "POST":
            context["anew"] = (refusal is not None and refusal.gone) or ANEW in request.POST
        if refusal is not None and (refusal.stored or refusal.gone):
            form = context["adminform"].form
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            if form.errors.as_data().keys() == {NON_FIELD_ERRORS} and not any(
                it.total_error_count() for it in formsets
            ):
                context["errors"] = None  # nothing stands below that could be corrected
            context["conflict"] = {
                "editor": refusal.editor,
                "gone": refusal.gone,
                "differences": differences(refusal.stored or {}, form, formsets),
                "zone": timezone.get_current_timezone_name(),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete a row only if it is still what the page asked about."""
        row = self.get_object(request, unquote(object_id)) if request.method != "POST" else None
        context = {**(extra_context or {}), "stamp": stamp_of(row) if row is not None else ""}
        if request.method != "POST":
            return super().delete_view(request, object_id, context)
        try:
            with transaction.atomic():
                self.take_locks(request)
                locked = self._find_locked(object_id)
                if locked is not None and request.POST.get(STAMP, "") not in ("", stamp_of(locked)):
                    messages.warning(request, LOOK_AGAIN)
                    return redirect(request.get_full_path())
                return super().delete_view(request, object_id, context)
        except OperationalError:
            messages.error(request, BUSY)
            return redirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, str] | None = None) -> HttpResponse:
        """Take the locks before an action changes many rows."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                self.take_locks(request)
                return super().changelist_view(request, extra_context)
        except OperationalError:
            messages.error(request, BUSY)
            return redirect(request.get_full_path())


def is_form(response: HttpResponse) -> bool:
    """Tell whether a page's form comes back instead of being saved."""
    return isinstance(response, TemplateResponse) and "adminform" in (response.context_data or {})


def refusal_of(request: HttpRequest) -> Refusal | None:
    """Return why this request saves nothing, if so."""
    refusal: Refusal | None = getattr(request, "routing_refusal", None)
    return refusal


def _refuse(request: HttpRequest, refusal: Refusal) -> None:
    request.routing_refusal = refusal  # type: ignore[attr-defined]  # travels to the form that Django makes


def _refused(form: Any, text: str) -> Any:
    class Refused(form):  # type: ignore[misc]  # the class is made by Django
        def full_clean(self) -> None:
            super().full_clean()
            if self.is_bound:
                self.add_error(None, text)

    return Refused


def _renew_lines(request: HttpRequest, links: Mapping[str, str]) -> None:
    """Let typed lines be new ones, because those they were made of may be gone. `links` lead from lines to the row."""
    data: QueryDict = request.POST.copy()
    for name, link in links.items():
        data[f"{name}-INITIAL_FORMS"] = "0"
        for key in [key for key in data if key.startswith(f"{name}-") and key.endswith(("-id", f"-{link}"))]:
            data[key] = ""
    request.POST = data  # type: ignore[assignment]  # Django declares the one that cannot change
