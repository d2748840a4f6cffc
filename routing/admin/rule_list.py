"""The list of rules: a page of it with everything that stands beside a rule, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from routing.admin.base import ChangeList
from routing.admin.masking import FULL_NUMBERS
from routing.admin.rule_list_rows import (
    Row,
    Warned,
    group_warnings,
    make_chips,
    say_channels,
    say_phrase,
    say_simulator,
    say_taken,
)
from routing.admin.rule_list_story import COUNTED, count_attention, line_after, lines_before
from routing.engine.lint import Finding
from routing.engine.table import Table
from routing.models import Rule, Target
from routing.services.count_hits import last_hits, recent_hits
from routing.services.draft_table import read_draft_table
from routing.services.find_mentions import Mentions, find_mentions
from routing.services.lint_table import lint_draft
from routing.services.rule_stamps import stamp_rules

# Looking for faults compares rules with each other: seconds with thousands of rules. Above this many, the page comes
# first and its script asks for the warnings.
LINTED_AT_ONCE = 300


class AttentionFilter(admin.SimpleListFilter):
    """Rules that lint finds something wrong with."""

    title, parameter_name = "attention", "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the one choice."""
        return [("1", "Needs attention")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rules with an error or a warning."""
        if self.value() != "1":
            return queryset
        found = (it for it in lint_draft(timezone.now()) if it.subject == "rules" and it.severity in COUNTED)
        return queryset.filter(key__in={finding.key for finding in found})


class RuleChangeList(ChangeList):
    """A page of rules: the draft is read once for all of them."""

    rows: list[Row]
    story: dict[str, Any]

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page's rules and what is shown beside them."""
        super().get_results(request)
        now = timezone.now()
        table = read_draft_table()
        findings = lint_draft(now) if len(table.rules) <= LINTED_AT_ONCE else None
        self.may_change = self.model_admin.has_change_permission(request)
        self.may_add = self.model_admin.has_add_permission(request)
        self.may_delete = self.model_admin.has_delete_permission(request)
        query = request.GET.urlencode()
        self.preserved = f"?{urlencode({'_changelist_filters': query})}" if query else ""
        self.here = f"?{urlencode({'query': query})}" if query else ""
        self.mentions = search_mentions(table, self.query, request.user, now)
        self.missing, self.hits = missing_targets(), recent_hits(now)
        self.rows = self._make_rows(request, table, findings or ())
        self.story = self._tell_story(table, findings, now)

    def _make_rows(self, request: HttpRequest, table: Table, findings: Iterable[Finding]) -> list[Row]:
        rules: list[Rule] = list(self.result_list)
        specs = {spec.key: spec for spec in table.rules}
        stamps = stamp_rules(rule.pk for rule in rules)
        last = last_hits([rule.key for rule in rules if rule.key not in self.hits.by_rule])
        warnings, ways = warnings_of(findings, rules), self.mentions.by_rule if self.mentions else {}
        ups, downs = self._places(rules) if self.may_change else ({}, {})
        links = request.user.has_perm("routing.view_call")
        return [
            Row(
                rule=rule,
                stamp=stamps[rule.pk],
                phrase=say_phrase(specs[rule.key], table, request.user),
                channels=say_channels(specs[rule.key].when),
                chips=make_chips(specs[rule.key].then, table, self.missing),
                taken=say_taken(specs[rule.key], self.hits, last, links=links),
                simulate=say_simulator(specs[rule.key].when, request.user),
                warnings=warnings.get(rule.key, ()),
                ways=ways.get(rule.key, ()),
                up=ups.get(rule.pk, ""),
                down=downs.get(rule.pk, ""),
            )
            for rule in rules
            if rule.key in specs and rule.pk in stamps  # a colleague may delete one between two queries
        ]

    def _places(self, rules: list[Rule]) -> tuple[dict[int, str], dict[int, str]]:
        """Return where each rule goes one step up and down among the rules that are shown, also across pages."""
        if not rules:
            return {}, {}
        others = self.queryset.order_by("position")
        above = others.filter(position__lt=rules[0].position).reverse()[:1]
        below = others.filter(position__gt=rules[-1].position)[:1]
        line = [*above, *rules, *below]
        pairs = list(pairwise(line))
        ups = {low.pk: f"before:{high.pk}:{low.position}:{high.position}" for high, low in pairs}
        downs = {high.pk: f"after:{low.pk}:{high.position}:{low.position}" for high, low in pairs}
        return ups, downs

    def _tell_story(self, table: Table, findings: Iterable[Finding] | None, now: datetime) -> dict[str, Any]:
        hits, missing = self.hits, self.missing
        is_whole = not self.query and not self.has_active_filters
        last_page = max(1, -(-self.result_count // self.list_per_page))
        return {
            "before": lines_before(table, hits, missing, now) if is_whole and self.page_num == 1 else [],
            "after": line_after(table, hits, missing) if is_whole and self.page_num == last_page else None,
            "attention": None if findings is None else count_attention(findings),
            "is_filtered": not is_whole,
            "rules": len(table.rules),
            "hits": hits,
            "zone": timezone.get_current_timezone_name(),
        }


def search_mentions(table: Table, text: str, user: Any, now: datetime) -> Mentions | None:
    """Return the rules that mention the number that was searched for, or None for other words."""
    if not text:
        return None
    region, whole_only = settings.ROUTING_DEFAULT_REGION, not user.has_perm(FULL_NUMBERS)
    return find_mentions(table, text, region=region, now=now, whole_only=whole_only)


def warnings_of(findings: Iterable[Finding], rules: Iterable[Rule]) -> Mapping[str, tuple[Warned, ...]]:
    """Return what lint says of these rules, by key."""
    keys = {rule.key for rule in rules}
    found = [finding for finding in findings if finding.subject == "rules" and finding.key in keys]
    named = Rule.objects.filter(key__in={finding.other for finding in found if finding.other})
    return group_warnings(found, {key: (pk, name) for key, pk, name in named.values_list("key", "pk", "name")})


def missing_targets() -> frozenset[str]:
    """Return the keys of the targets that are gone at Vapi."""
    return frozenset(Target.objects.filter(missing_since__isnull=False).values_list("key", flat=True))
