"""Rules: the lines of the routing table, in their order."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from routing.admin.base import ChangeList, RowAdmin
from routing.admin.long_choices import LongRelatedFilter
from routing.admin.rule_form import RuleFormPage
from routing.admin.rule_list import AttentionFilter, RuleChangeList, search_mentions
from routing.admin.rule_list_changes import RuleListChanges
from routing.models import Rule
from routing.services.draft_table import read_draft_table
from routing.services.duplicate_rule import duplicate_rule


@admin.register(Rule)
class RuleAdmin(RuleFormPage, RuleListChanges, RowAdmin[Rule]):
    """The ordered rules of the draft: their list here and in `rule_list…`, the page of one of them in `rule_form`."""

    # The list's own template shows the rest; Django asks for a column all the same.
    list_display = ("name",)
    list_filter = (
        "enabled",
        AttentionFilter,
        *((name, LongRelatedFilter) for name in ("arms__target", "numbers", "campaigns", "schedule", "lists_any")),
    )
    list_filter_sheet = True
    list_per_page = 100
    search_fields = ("name", "key", "note", "arms__target__name")
    search_help_text = "A name, a note, a target, or a number: +1415…"
    sortable_by = ()
    ordering = ("position",)
    list_before_template = "admin/routing/rule/before_list.html"
    list_after_template = "admin/routing/rule/move_form.html"
    actions = ("switch_on", "switch_off", "duplicate")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows what stands beside a rule."""
        return RuleChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Rule], search_term: str
    ) -> tuple[QuerySet[Rule], bool]:
        """Find words in names, notes and targets; a telephone number also in whatever holds it."""
        by_words, may_repeat = super().get_search_results(request, queryset, search_term)
        mentions = search_mentions(read_draft_table(), search_term, request.user, timezone.now())
        if mentions is None:
            return by_words, may_repeat
        found = Q(pk__in=by_words.order_by().values("pk")) | Q(key__in=mentions.by_rule)
        return queryset.filter(found), False

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        """Let the rules match; takes effect when the table is published."""
        self._switch(request, rules, enabled=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        """Keep the rules from matching; takes effect when the table is published."""
        self._switch(request, rules, enabled=False)

    @admin.action(description="Duplicate", permissions=["add"])
    def duplicate(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        """Copy the rules; each copy stands below its rule and is switched off."""
        copies = [duplicate_rule(pk) for pk in rules.values_list("pk", flat=True)]
        for copy in copies:
            copy.refresh_from_db(fields=["position"])
            self.log_addition(request, copy, f"Duplicated from rule {copy.position - 1}.")
        text = f"Rules duplicated: {len(copies)}. The copies are switched off and stand below the rules."
        self.message_user(request, text, messages.SUCCESS)

    def _switch(self, request: HttpRequest, rules: QuerySet[Rule], *, enabled: bool) -> None:
        word = "on" if enabled else "off"
        changed = list(rules.exclude(enabled=enabled))
        already = rules.count() - len(changed)
        Rule.objects.filter(pk__in=[rule.pk for rule in changed]).update(enabled=enabled)
        for rule in changed:
            self.log_change(request, rule, f"Switched {word}.")
        text = f"Rules switched {word}: {len(changed)}." + f" Already {word}: {already}." * bool(already)
        hint = " Publish to let it take effect." if changed else ""
        self.message_user(request, text + hint, messages.SUCCESS if changed else messages.INFO)
