"""What the page of a rule asks while somebody edits: what it would do, and what its numbers mean. Nothing is saved."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from routing.admin.base import as_sentence
from routing.admin.masking import shown_number
from routing.admin.rule_draft import UNSAVED, DraftRule, read_draft_rule
from routing.admin.simulator_address import simulate_rule
from routing.engine.lint import Severity
from routing.engine.overrides import merge
from routing.engine.sentences import reason_phrase
from routing.engine.table import RuleSpec, Table, TargetKind, When
from routing.models import Rule
from routing.services.draft_table import read_draft_table
from routing.services.lint_rule import lint_rule
from routing.services.lint_table import read_world
from routing.services.preview_rule import MatchedCall, RulePreview, preview_rule
from routing.services.read_entries import EntryKind, read_entries
from routing.services.replay import read_recorded
from routing.services.rule_week import MINUTES_OF_DAY, RuleWeek, read_week

PERMISSION = "routing.view_rule"
MOST_ENTRIES = 5_000
LOOKS = {Severity.ERROR: "sb-danger", Severity.WARNING: "sb-warning", Severity.NOTE: "sb-info"}


def rule_preview(request: HttpRequest, object_id: int | None = None) -> HttpResponse:
    """Answer with the side panel of the posted form; of the saved rule where no form comes or may come."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    rule = get_object_or_404(Rule, pk=object_id) if object_id else None
    model_admin = admin.site.get_model_admin(Rule)
    may_edit = model_admin.has_change_permission(request) if rule else model_admin.has_add_permission(request)
    if request.method == "POST" and may_edit:
        draft = read_draft_rule(model_admin, request, rule)
        table = read_draft_table()  # after the form: it knows every target that the form found
    elif rule is not None:
        table = read_draft_table()
        draft = _saved(rule, table)
    else:
        raise PermissionDenied
    return JsonResponse({"html": _panel(draft, table, request), "problems": draft.problems})


def _saved(rule: Rule, table: Table) -> DraftRule:
    spec = next((spec for spec in table.rules if spec.key == rule.key), None)
    if spec is None:
        raise Http404("This rule was deleted a moment ago.")
    return DraftRule(spec=spec, problems={})


def rule_numbers(request: HttpRequest) -> HttpResponse:
    """Answer with what each posted entry of a customer condition means."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    texts = request.POST.get("entries", "").splitlines()[:MOST_ENTRIES]
    entries = [
        {
            "text": entry.text,
            "kind": entry.kind.value,
            "shown": entry.shown,
            "meaning": as_sentence(entry.meaning) if entry.kind is EntryKind.INVALID else entry.meaning,
            "country": entry.country,
            "coveredBy": entry.covered_by,
        }
        for entry in read_entries(texts, settings.ROUTING_DEFAULT_REGION)
    ]
    return JsonResponse({"entries": entries})


def _panel(draft: DraftRule, table: Table, request: HttpRequest) -> str:
    calls = None if draft.unfinished else read_recorded()
    preview = preview_rule(draft.spec, table, calls)
    now = timezone.now()
    week = read_week(draft.spec.when, table, now=now, zone=settings.TIME_ZONE)
    context = {
        "preview": preview,
        "is_enabled": draft.spec.enabled,
        "is_saved": draft.spec.key != UNSAVED,
        "takes_every_call": draft.spec.when == When() and not draft.unfinished,
        "unfinished": draft.unfinished,
        "faults": list(_faults(draft, preview)),
        "findings": list(_findings(draft, table, now)),
        "week": week,
        "days": list(_days(week, now)),
        "calls": [_call(call, request.user) for call in preview.matches.shown] if preview.matches else [],
        "counted": _counted(preview),
        "simulate": simulate_rule(draft.spec.when),
        "at_vapi": _at_vapi(draft.spec, table),
    }
    return render_to_string("admin/routing/rule/preview.html", context)


def _counted(preview: RulePreview) -> dict[str, str]:
    """Return the counts as people write them."""
    found = preview.matches
    return {name: f"{getattr(found, name):,}" for name in ("calls", "matching", "taken")} if found else {}


def _faults(draft: DraftRule, preview: RulePreview) -> Iterator[str]:
    """Yield what the form refuses besides the conditions; else what the table would be refused for."""
    yield from draft.other_faults
    if not (draft.other_faults or draft.unfinished):
        yield from (as_sentence(error.message) for error in preview.faults)


def _findings(draft: DraftRule, table: Table, now: datetime) -> Iterator[dict[str, str]]:
    """Yield what lint says about the rule; a rule that takes everything is told of already."""
    if draft.unfinished or draft.spec.when == When():
        return
    for finding in lint_rule(draft.spec, table, world=read_world(now), now=now):
        yield {"message": finding.message, "look": LOOKS[finding.severity]}


def _days(week: RuleWeek, now: datetime) -> Iterator[dict[str, Any]]:
    local = now.astimezone(ZoneInfo(week.zone))
    for place, day in enumerate(week.days):
        yield {
            "day": day.day,
            "bars": [(first, last - first) for first, last in day.bars],
            "words": _hours(day.bars),
            "now": local.hour * 60 + local.minute if place == 0 else None,
        }


def _hours(bars: tuple[tuple[int, int], ...]) -> str:
    if bars == ((0, MINUTES_OF_DAY),):
        return "all day"
    return ", ".join(f"{_clock(first)} to {_clock(last)}" for first, last in bars) or "not at all"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _call(call: MatchedCall, user: Any) -> dict[str, Any]:
    recorded = call.recorded
    return {
        "address": reverse("admin:routing_call_change", args=[recorded.call_id]),
        "number": shown_number(recorded.customer_number, user) or "no number",
        "channel": recorded.channel,
        "at": recorded.decided_at,
        "is_taken": call.is_taken,
        "target": call.decision.target.name,
        "why": reason_phrase(call.decision),
        "was": recorded.target_name,
        "is_new": recorded.target_key != call.decision.target.key,
    }


def _at_vapi(rule: RuleSpec, table: Table) -> list[tuple[str, str]]:
    """Return for each target its name and the settings that Vapi gets with it, before list entries add theirs."""
    targets = {target.key: target for target in table.targets}
    found = (targets[arm.target] for arm in rule.then if arm.target in targets)
    return [
        (target.name, _pretty(merge(table.overrides, target.overrides, rule.overrides)))
        for target in found
        if target.kind in (TargetKind.ASSISTANT, TargetKind.SQUAD)
    ]


def _pretty(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
