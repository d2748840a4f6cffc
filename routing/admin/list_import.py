"""The page that brings many numbers onto a list: it first tells what would happen, row by row."""

import hashlib
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from routing.admin.base import BooleanWidget, FileWidget, TextAreaWidget, TextWidget
from routing.models import NumberList
from routing.services.import_numbers import NumbersPlan, apply_import, plan_import
from routing.services.read_numbers import LARGEST_FILE, MOST_ROWS, UnreadableFile, read_numbers

SHOWN = 50  # rows of each kind that the page lists
LONGEST_PASTE = 2 * 1024 * 1024


class ImportForm(forms.Form):
    """A file or pasted text, and what to do with it."""

    file = forms.FileField(
        label="A CSV or Excel file",
        required=False,
        help_text="A column “number”; “label”, “expires” and “variables” if you like. Any other column becomes a "
        f"variable of that name. At most {MOST_ROWS:,} rows.",
        widget=FileWidget(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    text = forms.CharField(
        label="or paste numbers here",
        required=False,
        max_length=LONGEST_PASTE,
        strip=False,
        widget=TextAreaWidget(attrs={"rows": 6, "spellcheck": "false", "placeholder": "+12025550100, Ada"}),
        help_text="One a line, each with a label behind a comma if you like. Or copy cells from a spreadsheet.",
    )
    expires_on = forms.DateField(
        label="They count until the end of",
        required=False,
        widget=TextWidget(attrs={"type": "date"}),
        error_messages={"invalid": "This is no date: write it as 2026-12-31."},
    )
    replaces = forms.BooleanField(
        label="Replace the whole list: remove the numbers that are not in it", required=False, widget=BooleanWidget
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two, and read it."""
        data = super().clean() or {}
        file, text = data.get("file"), data.get("text") or ""
        if file and text.strip():
            self.add_error("text", "Choose a file or paste numbers, not both: empty one of them.")
        elif file is None and not text.strip() and not self.errors:
            self.add_error("file", "Choose a file, or paste numbers below.")
        elif file is not None and file.size > LARGEST_FILE:
            self.add_error("file", f"The file is larger than {LARGEST_FILE // 2**20} MiB: import it in parts.")
        elif not self.errors:
            data["content"] = file.read() if file is not None else text
        return data

    def expiry(self) -> datetime | None:
        """Return the end of the day of expiry."""
        day = self.cleaned_data["expires_on"]
        zone = timezone.get_current_timezone()
        return datetime.combine(day + timedelta(days=1), time(), zone) if day else None

    def fingerprint(self) -> str:
        """Return what tells this very import from any other: what was looked at is what is done."""
        content = self.cleaned_data["content"]
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        options = f"{self.cleaned_data['expires_on']} {self.cleaned_data['replaces']} ".encode()
        return hashlib.sha256(options + raw).hexdigest()


def import_page(request: HttpRequest, number_list: NumberList) -> HttpResponse:
    """Tell what an import would do; do it when the same is sent again with the button that says so."""
    if not may_import(request.user):
        raise PermissionDenied
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    context: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        if form.cleaned_data["replaces"] and not request.user.has_perm("routing.delete_numberlistentry"):
            form.add_error("replaces", "Your role may add numbers but not remove them.")
        elif (plan := _plan(form, number_list)) is not None:
            if request.POST.get("seen") == form.fingerprint():
                return _apply(request, plan, number_list)
            context = _describe(plan) | {"seen": form.fingerprint()}
    page = {
        **admin.site.each_context(request),
        "title": f"Import numbers: {number_list}",
        "number_list": number_list,
        "form": form,
        "zone": timezone.get_current_timezone_name(),
        **context,
    }
    return TemplateResponse(request, "admin/routing/numberlist/import.html", page)


def may_import(user: Any) -> bool:
    """Tell whether somebody may bring numbers onto lists."""
    return bool(user.has_perms(["routing.add_numberlistentry", "routing.change_numberlistentry"]))


def entries_address(number_list: NumberList) -> str:
    """Return where the numbers of a list are shown."""
    return f"{reverse('admin:routing_numberlistentry_changelist')}?number_list__id__exact={number_list.pk}"


def _plan(form: ImportForm, number_list: NumberList) -> NumbersPlan | None:
    data = form.cleaned_data
    try:
        rows = read_numbers(data["content"], zone=timezone.get_current_timezone())
        return plan_import(rows, number_list, replaces=data["replaces"], expires_at=form.expiry())
    except UnreadableFile as error:
        form.add_error("file" if data.get("file") else "text", str(error))
        return None


def _describe(plan: NumbersPlan) -> dict[str, Any]:
    return {
        "plan": plan,
        "shown": SHOWN,
        "faults": plan.faults[:SHOWN],
        "repeated": plan.repeated[:SHOWN],
        "sample": [*plan.added, *plan.changed][:SHOWN],
        "gone": plan.gone[:SHOWN],
    }


def _apply(request: HttpRequest, plan: NumbersPlan, number_list: NumberList) -> HttpResponse:
    apply_import(plan, number_list)
    told = f"{len(plan.added):,} added, {len(plan.changed):,} changed, {len(plan.gone):,} removed"
    user: Any = request.user
    LogEntry.objects.log_actions(
        user.pk, [number_list], CHANGE, change_message=f"Imported numbers: {told}.", single_object=True
    )
    left_out = f" {len(plan.faults):,} rows were left out." if plan.faults else ""
    messages.success(request, f"{number_list}: {told}. They count from now on.{left_out}")
    return redirect(entries_address(number_list))
