"""What the list of rules does at once: move a rule, switch it, copy it; and what lint says when it took longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from routing.admin.rule_list import warnings_of
from routing.admin.rule_list_story import count_attention
from routing.models import Rule
from routing.services.duplicate_rule import duplicate_rule
from routing.services.lint_table import lint_draft
from routing.services.move_rule import OrderChanged, RuleGone, move_rule, read_place
from routing.services.switch_rule import RuleChanged, switch_rule

if TYPE_CHECKING:
    from routing.admin.base import RowAdmin

    _Page = RowAdmin[Rule]
else:
    _Page = object

CONFLICT = 409
SHOWN_WARNINGS = 500  # rules that one request may ask about
GONE = "A colleague deleted this rule meanwhile. Nothing was changed."


class RuleListChanges(_Page):
    """The addresses behind the list's handles, switches and menus. A script gets JSON, a plain form the list again."""

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of what the list does."""
        views = (("move", self.move_view), ("switch", self.switch_view), ("duplicate", self.duplicate_view))
        pages = [
            path(f"<int:rule_id>/{word}/", self.admin_site.admin_view(view), name=f"routing_rule_{word}")
            for word, view in views
        ]
        warnings = path("warnings/", self.admin_site.admin_view(self.warnings_view), name="routing_rule_warnings")
        return [*pages, warnings, *super().get_urls()]

    def move_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """Move a rule beside another one or to a number; ask for the number where none is sent."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        rule = _find(rule_id)
        if request.method != "POST":
            return self._ask_position(request, rule)
        try:
            place = read_place(_wanted_place(request))
        except ValueError:
            messages.error(request, "Write the number of a position, for example 3.")
            return redirect(request.get_full_path())
        try:
            with transaction.atomic():
                moved = move_rule(rule_id, place)
                self.log_change(request, moved, f"Moved from {place.seen} to {moved.position}.")
        except RuleGone:
            return _answer(request, f"{GONE} {_order_change()}", CONFLICT)
        except OrderChanged:
            return _answer(request, f"“{rule}” was not moved: {_order_change()} Move it again.", CONFLICT)
        return _answer(request, f"“{moved}” is now rule {moved.position}.")

    def switch_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """Switch a rule on or off if it still is what the page showed."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        word, _, seen = request.POST.get("switch", "").partition(":")
        if word not in ("on", "off"):
            return _answer(request, "Press the rule's own switch: on or off was not said.", 400)
        try:
            with transaction.atomic():
                rule = switch_rule(rule_id, enabled=word == "on", seen=seen)
                self.log_change(request, rule, f"Switched {word}.")
        except RuleGone:
            return _answer(request, GONE, CONFLICT)
        except RuleChanged:
            return _answer(request, _rule_change(_find(rule_id)), CONFLICT)
        return _answer(request, f"“{rule}” is switched {word}. Publish to let it take effect.")

    def duplicate_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        """Copy a rule; the copy stands below it and is switched off."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                copy = duplicate_rule(rule_id)
                self.log_addition(request, copy, f"Duplicated from rule {copy.position - 1}.")
        except RuleGone:
            return _answer(request, GONE, CONFLICT)
        return _answer(request, f"“{copy}” is now rule {copy.position}, switched off: change it, then switch it on.")

    def warnings_view(self, request: HttpRequest) -> HttpResponse:
        """Return what lint says of the rules that a page shows, ready to be put there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = [int(pk) for pk in request.GET.get("rules", "").split(",") if pk.isascii() and pk.isdigit()]
        rules = list(Rule.objects.filter(pk__in=wanted[:SHOWN_WARNINGS]))
        findings = lint_draft(timezone.now())
        warnings = warnings_of(findings, rules)
        shown = {rule.pk: _render("warnings", {"warnings": warnings.get(rule.key, ())}) for rule in rules}
        summary = _render("attention", {"attention": count_attention(findings)})
        return JsonResponse({"rules": shown, "attention": summary})

    def _ask_position(self, request: HttpRequest, rule: Rule) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Move “{rule}”",
            "rule": rule,
            "last": Rule.objects.count(),
            "query": _list_query(request),
        }
        return TemplateResponse(request, "admin/routing/rule/move.html", context)


def _find(rule_id: int) -> Rule:
    rule: Rule | None = Rule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise Http404(GONE)
    return rule


def _wanted_place(request: HttpRequest) -> str:
    """Return the place that a handle or a button sends, or the one that was typed."""
    if "position" in request.POST:
        return f"to:{request.POST['position'].strip()}:{request.POST.get('seen', '')}"
    return request.POST.get("place", "")


def _answer(request: HttpRequest, message: str, status: int = 200) -> HttpResponse:
    """Tell a script or, after a plain form, the list's next page."""
    if request.headers.get("accept", "").startswith("application/json"):
        return JsonResponse({"message": message}, status=status)
    messages.add_message(request, messages.ERROR if status >= 400 else messages.SUCCESS, message)
    query = _list_query(request)
    return redirect(reverse("admin:routing_rule_changelist") + (f"?{query}" if query else ""))


def _list_query(request: HttpRequest) -> str:
    """Return the filters, search and page of the list that the request came from."""
    return QueryDict(request.POST.get("query", request.GET.get("query", ""))).urlencode()


def _rule_change(rule: Rule) -> str:
    """Say who changed the rule last; the page that asked has not seen that."""
    what = _say_last(LogEntry.objects.filter(object_id=str(rule.pk)))
    return f"“{rule}” was not switched, because it changed meanwhile{what}. The list now shows it as it is: look again."


def _order_change() -> str:
    """Say who changed the order last."""
    moves = Q(change_message__startswith="Moved") | ~Q(action_flag=2)
    return f"the order changed meanwhile{_say_last(LogEntry.objects.filter(moves))}. The list shows it as it is now."


def _say_last(entries: Any) -> str:
    ours = entries.filter(content_type=ContentType.objects.get_for_model(Rule))
    entry = ours.select_related("user").order_by("-action_time", "-pk").first()
    if entry is None:
        return ""
    name = entry.user.get_full_name() or entry.user.get_username()
    at = timezone.localtime(entry.action_time)
    what = entry.get_change_message().rstrip(".") or entry.get_action_flag_display().lower()
    return f" ({name}, {at.day} {at:%b %H:%M %Z}: {entry.object_repr}: {what})"


def _render(name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"admin/routing/rule/{name}.html", context)
