"""Who answers each of our numbers, in the words of the front page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from routing.engine.decision import Reason
from routing.engine.sentences import reason_phrase
from routing.engine.table import OurNumber, TargetKind
from routing.models import OurNumber as OurNumberRow
from routing.models import Rule
from routing.services.forecast_numbers import Answerer, Forecast, forecast_numbers
from routing.snapshot.store import Snapshot

SHOWN = 50  # numbers on the page before somebody asks for all


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownShare:
    """One name, the percentage where several share the calls, and what is wrong with it."""

    name: str
    percent: int | None
    trouble: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownAnswerer:
    """Who takes the call; ``note`` says how, where it is no assistant; ``why`` names the rule."""

    shares: tuple[ShownShare, ...]
    note: str
    why: str
    rule: str
    emergency: bool
    is_default: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownNumber:
    """One line of the page."""

    name: str
    key: str
    link: str
    campaigns: tuple[str, ...]
    missing: bool
    now: ShownAnswerer
    until: str
    then: ShownAnswerer | None
    caller_rules: int
    simulation: str


def numbers_context(snapshot: Snapshot, now: datetime, *, query: str, show_all: bool) -> dict[str, Any]:
    """Return what the page says about our numbers: those that are published, and how many are not."""
    table = snapshot.ruleset.table
    found = [number for number in table.numbers if _matches(number, query)]
    shown = found if show_all else found[:SHOWN]
    rows = {row.key: row for row in OurNumberRow.objects.all()}
    rules = dict(Rule.objects.values_list("key", "pk"))
    return {
        "numbers": [_show(it, rows, rules, now) for it in forecast_numbers(snapshot, shown, now)],
        "numbers_found": len(found),
        "numbers_known": len(table.numbers),
        "numbers_unpublished": len(rows.keys() - {number.key for number in table.numbers}),
        "numbers_missing": sum(row.missing_since is not None for row in rows.values()),
        "numbers_query": query,
        "is_published": snapshot.revision is not None,
        "last_resort": snapshot.ruleset.last_resort,
        "zone": timezone.get_current_timezone_name(),
    }


def _matches(number: OurNumber, query: str) -> bool:
    digits = "".join(filter(str.isdecimal, query))
    words = query.strip().casefold()
    return words in f"{number.name} {number.key}".casefold() or (len(digits) > 2 and digits in number.key)


def _show(forecast: Forecast, rows: Mapping[str, OurNumberRow], rules: Mapping[str, int], now: datetime) -> ShownNumber:
    number, row = forecast.number, rows.get(forecast.number.key)
    call = {"channel": "inbound", "number": number.key, "customer": forecast.caller}
    return ShownNumber(
        name=number.name or number.key,
        key=number.key,
        link=reverse("admin:routing_ournumber_change", args=[row.pk]) if row else "",
        campaigns=forecast.campaigns,
        missing=row is not None and row.missing_since is not None,
        now=_show_answerer(forecast.now, rules),
        until=when_words(forecast.until, now) if forecast.until else "",
        then=_show_answerer(forecast.then, rules) if forecast.then else None,
        caller_rules=forecast.caller_rules,
        simulation=f"{reverse('admin:simulator')}?{urlencode(call)}",
    )


def _show_answerer(answerer: Answerer, rules: Mapping[str, int]) -> ShownAnswerer:
    decision = answerer.decision
    target, several = decision.target, len(answerer.shares) > 1
    note = ""
    if not several and target.kind is TargetKind.TRANSFER:
        note = f"transferred to {target.number or target.sip_uri}"
    if not several and target.kind is TargetKind.REJECT:
        note = f"callers hear “{target.message}”"
    rule = rules.get(decision.rule.key) if decision.rule else None
    return ShownAnswerer(
        shares=tuple(
            ShownShare(
                name=share.target.name or share.target.key,
                percent=share.weight if several else None,
                trouble="" if share.available else _trouble(share.target.enabled),
            )
            for share in answerer.shares
        ),
        note=note,
        why=reason_phrase(decision),
        rule=reverse("admin:routing_rule_change", args=[rule]) if rule else "",
        emergency=decision.reason is Reason.EMERGENCY,
        is_default=decision.reason is Reason.DEFAULT,
    )


def _trouble(enabled: bool) -> str:
    return "gone at Vapi" if enabled else "switched off"


def when_words(at: datetime, now: datetime) -> str:
    """Return an instant to come as people say it: `17:00`, `tomorrow 09:00`, `Mon 30 Nov, 09:00`."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    # An end between two minutes is told as the minute after it: nobody should find the old answer there still.
    if local.second or local.microsecond:
        local = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    clock = date_format(local, "H:i")
    if local.date() == today:
        return f"today {clock}"
    if local.date() == today + timedelta(days=1):
        return f"tomorrow {clock}"
    return f"{date_format(local, 'D j M')}, {clock}"
