"""What stands around the rules: what is asked before them, who takes the rest, and what lint says of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from routing.admin.rule_list_rows import Chip, make_chips
from routing.engine.lint import Finding
from routing.engine.table import Arm, ListSpec, Purpose, Table
from routing.models import EmergencySwitch
from routing.services.count_hits import Hits

COUNTED = ("error", "warning")  # a note needs nobody's attention


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A step of a decision that is no rule."""

    icon: str
    tone: str
    name: str
    text: str
    href: str
    chips: tuple[Chip, ...] = ()
    taken: str = ""


def lines_before(table: Table, hits: Hits, missing: frozenset[str], now: datetime) -> list[Line]:
    """Return what is asked before the rules: do-not-call and blocked lists, and the emergency switch."""
    return [_emergency_line(hits, now), *_refusing_lines(table, hits, missing)]


def line_after(table: Table, hits: Hits, missing: frozenset[str]) -> Line:
    """Return who takes the calls that no rule takes."""
    chips = make_chips([Arm(target=table.default)], table, missing) if table.default else ()
    text = "Everything else" if chips else "Everything else: nobody takes it. Choose the default target."
    return Line(
        icon="last_page",
        tone="plain" if chips else "danger",
        name="No rule matched",
        text=text,
        href=reverse("admin:routing_tablesettings_change", args=[1]),
        chips=chips,
        taken=_calls(hits.by_reason.get("DEFAULT", 0)),
    )


def count_attention(findings: Iterable[Finding]) -> int:
    """Return how many rules lint finds something wrong with."""
    return len({finding.key for finding in findings if finding.subject == "rules" and finding.severity in COUNTED})


def _emergency_line(hits: Hits, now: datetime) -> Line:
    running = list(EmergencySwitch.running(now))
    text = "Off: the rules decide."
    if running:
        until = timezone.localtime(running[0].until)
        text = f"{'; '.join(switch.effect for switch in running)}, until {until:%d %b %H:%M %Z}."
    return Line(
        icon="emergency_home",
        tone="danger" if running else "plain",
        name="Emergency switch",
        text=text,
        href=reverse("admin:emergency"),
        taken=_calls(hits.by_reason.get("EMERGENCY", 0)),
    )


def _refusing_lines(table: Table, hits: Hits, missing: frozenset[str]) -> list[Line]:
    blocked = [spec for spec in table.lists if spec.purpose is Purpose.BLOCKED]
    uncalled = [spec for spec in table.lists if spec.purpose is Purpose.DO_NOT_CALL]
    href = f"{reverse('admin:routing_numberlist_changelist')}?purpose__exact="
    lines = []
    if blocked:
        chips = make_chips([Arm(target=table.blocked)], table, missing) if table.blocked else ()
        text = f"Callers on list {_names(blocked)}" + ("" if chips else " hear that the number cannot be reached.")
        taken = _calls(hits.by_reason.get("BLOCKED", 0))
        lines.append(Line(icon="block", tone="plain", name="Blocked", text=text, href=f"{href}blocked", chips=chips,
                          taken=taken))  # fmt: skip
    if uncalled:
        text = f"Numbers on list {_names(uncalled)} are never called."
        lines.append(Line(icon="phone_disabled", tone="plain", name="Do not call", text=text,
                          href=f"{href}do_not_call"))  # fmt: skip
    return lines


def _names(lists: Iterable[ListSpec]) -> str:
    return ", ".join(spec.name for spec in lists)


def _calls(count: int) -> str:
    return f"{count:,} call{'s' * (count != 1)}" if count else ""
