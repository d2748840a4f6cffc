"""Rules: the lines of the routing table, in their order."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from routing.admin.base import ChangeList, RowAdmin, display
from routing.admin.rule_form import RuleFormPage
from routing.engine.sentences import rule_sentence
from routing.models import Rule
from routing.services.draft_table import read_draft_table

STEPS = {"up": -1, "down": 1}


class RuleChangeList(ChangeList):
    """A page of rules, each with its sentence: the table is read once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page's rules and say each as a sentence."""
        super().get_results(request)
        sentences = read_sentences()
        last = len(sentences)
        may_move = self.model_admin.has_change_permission(request)
        for rule in self.result_list:
            rule.sentence = sentences.get(rule.key, "")
            rule.moves = {"up": rule.position > 1, "down": rule.position < last} if may_move else {}
            rule.query = request.GET.urlencode()


def read_sentences() -> dict[str, str]:
    """Return the sentence of every rule of the draft, by its key."""
    table = read_draft_table()
    return {rule.key: rule_sentence(rule, table) for rule in table.rules}


@admin.register(Rule)
class RuleAdmin(RuleFormPage, RowAdmin[Rule]):
    """The ordered rules of the draft."""

    list_display = ("position", "shown_sentence", "shown_state", "move_buttons")
    list_display_links = ("shown_sentence",)
    list_filter = ("enabled", "arms__target", "campaigns", "schedule", "lists_any")
    list_per_page = 200
    search_fields = ("name", "key", "note", "arms__target__name")
    sortable_by = ()
    list_after_template = "admin/routing/rule/move_form.html"
    actions = ("switch_on", "switch_off")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows the sentences."""
        return RuleChangeList

    def get_urls(self) -> list[URLPattern]:
        """Add the address that moves a rule."""
        move = path("<path:object_id>/move/", self.admin_site.admin_view(self.move_view), name="routing_rule_move")
        return [move, *super().get_urls()]

    def move_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Move a rule one place up or down in the whole table, also when only a part of it is shown."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        step = STEPS.get(request.POST.get("direction", ""))
        if request.method != "POST" or step is None:
            return HttpResponseNotAllowed(["POST"])
        rule = get_object_or_404(Rule, pk=object_id) if object_id.isdecimal() else get_object_or_404(Rule, pk=None)
        Rule.objects.move(rule, rule.position + step)
        self.log_change(request, rule, f"Moved {request.POST['direction']}.")
        self.message_user(request, f"“{rule}” is now rule {rule.position}.", messages.SUCCESS)
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return HttpResponse(status=302, headers={"Location": reverse("admin:routing_rule_changelist") + query})

    @display(description="Rule")
    def shown_sentence(self, rule: Rule) -> SafeString:
        """Return the name, and below it the sentence."""
        sentence: str = getattr(rule, "sentence", "")
        return format_html('<span class="sb-rule"><b>{}</b><span>{}</span></span>', rule.name, sentence)

    @display(description="State", label={"on": "success", "off": "warning"})
    def shown_state(self, rule: Rule) -> tuple[str, str]:
        """Return whether the rule can match."""
        return ("on", "On") if rule.enabled else ("off", "Off")

    @display(description="Order")
    def move_buttons(self, rule: Rule) -> SafeString:
        """Return the two buttons; they send the form below the list, so that a filtered page stays filtered."""
        moves: dict[str, bool] = getattr(rule, "moves", {})
        if not moves:
            return SafeString("")
        address = reverse("admin:routing_rule_move", args=[rule.pk])
        query = getattr(rule, "query", "")
        return format_html(
            '<span class="sb-moves">{}{}</span>',
            *(
                _move_button(rule, direction, f"{address}?{query}" if query else address, possible=possible)
                for direction, possible in moves.items()
            ),
        )

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        """Let the rules match; takes effect when the table is published."""
        self._switch(request, rules, enabled=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        """Keep the rules from matching; takes effect when the table is published."""
        self._switch(request, rules, enabled=False)

    def _switch(self, request: HttpRequest, rules: QuerySet[Rule], *, enabled: bool) -> None:
        word = "on" if enabled else "off"
        for rule in rules:
            self.log_change(request, rule, f"Switched {word}.")
        count = rules.update(enabled=enabled)
        self.message_user(request, f"Rules switched {word}: {count}. Publish to let it take effect.", messages.SUCCESS)


def _move_button(rule: Rule, direction: str, address: str, *, possible: bool) -> SafeString:
    return format_html(
        '<button class="sb-move" form="move-rule" formaction="{}" name="direction" value="{}" '
        'aria-label="Move {} {}"{}><span class="material-symbols-outlined" aria-hidden="true">arrow_{}ward</span>'
        "</button>",
        address,
        direction,
        rule.name,
        direction,
        "" if possible else SafeString(" disabled"),
        direction,
    )
