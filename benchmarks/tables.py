"""Routing tables and calls to decide: the mix that a company might have, and tables made to be slow."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from routing.engine.compile import compile_table
from routing.engine.context import Attribute, Channel, Context
from routing.engine.ruleset import RuleSet
from routing.engine.table import (
    Arm,
    AttributeSpec,
    CampaignSpec,
    ListSpec,
    Operator,
    OurNumber,
    Purpose,
    RuleSpec,
    ScheduleSpec,
    Table,
    Target,
    TargetKind,
    When,
)

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday
CALLS = 2_000
TARGET = Target(key="t", name="T", kind=TargetKind.ASSISTANT, vapi_id="t")
OFFICE = ScheduleSpec(key="office", name="Office", opening_hours="Mo-Fr 09:00-17:00", timezone="America/New_York")
COUNTRIES = tuple("MX ES FR DE IT PT NL BE AT CH SE NO DK FI PL CZ IE BR AR CL CO PE JP KR AU NZ ZA IN".split())


def make_table(size: int) -> Table:
    """Return a table of 60 % rules on a number, 20 % on a prefix, 10 % on campaign and schedule, 10 % on our number.

    Every seventh rule has a second condition.
    """
    ours = tuple(OurNumber(vapi_id=f"n{n}", name=f"N{n}", number=_ours(n)) for n in range(max(2, size // 10)))
    campaigns = tuple(CampaignSpec(slug=f"c{n}", name=f"C{n}") for n in range(max(1, size // 10)))
    rules = tuple(_rule(n, _when(n, len(ours), len(campaigns))) for n in range(size))
    return _table(rules, ours, campaigns)


def make_calls(size: int) -> list[Context]:
    """Draw calls for such a table: 30 % hit a number, 20 % a prefix, 20 % a campaign, 10 % our number, 20 % nothing."""
    draw = random.Random(1)
    return [_call(draw, draw.random(), size) for _ in range(CALLS)]


def compiled(table: Table) -> RuleSet:
    """Return the table ready to decide."""
    return compile_table(table, revision=1, default_region="US", last_resort=TARGET)


def _rule(place: int, when: When) -> RuleSpec:
    return RuleSpec(key=f"r{place}", name=f"R{place}", when=when, then=(Arm(target="t"),))


def _table(
    rules: tuple[RuleSpec, ...], ours: tuple[OurNumber, ...] = (), campaigns: tuple[CampaignSpec, ...] = ()
) -> Table:
    return Table(default="t", targets=(TARGET,), schedules=(OFFICE,), numbers=ours, campaigns=campaigns, rules=rules)


def _when(place: int, ours: int, campaigns: int) -> When:
    channels = (Channel.INBOUND, Channel.OUTBOUND) if place % 7 == 0 else ()
    match place % 10:
        case 0 | 1 | 2 | 3 | 4 | 5:
            return When(customer=(_customer(place),), channels=channels)
        case 6 | 7:
            return When(customer=(f"+44{_prefix(place)}*",), channels=channels)
        case 8:
            return When(campaigns=(f"c{place // 10 % campaigns}",), schedule="office", schedule_is_open=True)
    return When(numbers=(_ours(place // 10 % ours),), channels=channels)


def _customer(place: int) -> str:
    return f"+1415{2_000_000 + place:07}"


def _prefix(place: int) -> str:
    """Return two to eight digits, in all lengths alike."""
    return str(20 + place % 70) + f"{place:06}"[6 - place // 10 % 7 :] if place // 10 % 7 else str(20 + place % 70)


def _ours(place: int) -> str:
    return f"+1{202 + place // 10_000}556{place % 10_000:04}"


def _call(draw: random.Random, share: float, size: int) -> Context:
    tens = draw.randrange(max(1, size // 10)) * 10
    if share < 0.3:
        return Context(channel=Channel.INBOUND, at=AT, customer=_customer(tens + draw.randrange(6)))
    if share < 0.5:
        number = f"+44{_prefix(tens + 6)}"
        return Context(channel=Channel.INBOUND, at=AT, customer=number + "7123456789"[: 13 - len(number)])
    stranger = f"+1305{draw.randrange(2_000_000, 9_999_999)}"
    if share < 0.7:
        return Context(channel=Channel.OUTBOUND, at=AT, customer=stranger, campaign=f"c{tens // 10}")
    ours = _ours(tens // 10) if share < 0.8 else None
    return Context(channel=Channel.INBOUND, at=AT, customer=stranger, our_number=ours)


def _same_first(size: int) -> Table:
    """All rules share their first condition, and differ in another."""
    attribute = [AttributeSpec(key="plan", op=Operator.IS, values=(f"p{n}",)) for n in range(size)]
    return _table(tuple(_rule(n, When(customer=("US",), attributes=(attribute[n],))) for n in range(size)))


def _no_index(size: int) -> Table:
    """No rule has a condition that the index knows."""
    attribute = [AttributeSpec(key="plan", op=Operator.CONTAINS, values=(f"p{n}",)) for n in range(size)]
    return _table(tuple(_rule(n, When(attributes=(attribute[n],))) for n in range(size)))


def _countries(size: int) -> Table:
    return _table(tuple(_rule(n, When(customer=(COUNTRIES[n % len(COUNTRIES)],))) for n in range(size)))


def _one_campaign(size: int) -> Table:
    """Ten thousand rules of one campaign, told apart by the caller's number."""
    campaign = CampaignSpec(slug="c0", name="C0")
    return _table(
        tuple(_rule(n, When(campaigns=("c0",), customer=(_customer(n),))) for n in range(size)), campaigns=(campaign,)
    )


def _all_numbers(size: int) -> Table:
    """Every rule names one of our numbers and a time that is over: a call falls through all that name its number."""
    ours = OurNumber(vapi_id="n0", name="N0", number=_ours(0))
    return _table(
        tuple(_rule(n, When(numbers=(ours.key,), schedule="office", schedule_is_open=False)) for n in range(size)),
        ours=(ours,),
    )


def _late(size: int) -> Table:
    """The rule that takes the call stands last, behind rules for other campaigns of the same number."""
    ours = OurNumber(vapi_id="n0", name="N0", number=_ours(0))
    plan = AttributeSpec(key="plan", op=Operator.STARTS_WITH, values=("gold",))
    rules = tuple(_rule(n, When(numbers=(ours.key,), attributes=(plan,))) for n in range(size - 1))
    return _table((*rules, _rule(size - 1, When(numbers=(ours.key,)))), ours=(ours,))


def _on_lists(size: int) -> Table:
    """Every rule asks for a list of its own."""
    lists = tuple(ListSpec(key=f"l{n}", name=f"L{n}", purpose=Purpose.SEGMENT) for n in range(size))
    return replace(_table(tuple(_rule(n, When(lists_any=(f"l{n}",))) for n in range(size))), lists=lists)


def _shortly_open(size: int) -> Table:
    """Every rule asks for a schedule that is closed now and for nothing else."""
    return _table(tuple(_rule(n, When(schedule="office", schedule_is_open=False)) for n in range(size)))


def _strangers() -> list[Context]:
    """Calls that come to our number or in a campaign, from numbers that no rule names."""
    return [call for call in make_calls(10) if call.our_number or call.campaign][:200]


def _with_a_plan() -> list[Context]:
    plan = {"plan": Attribute(text="none of them")}
    return [replace(call, attributes=plan) for call in _strangers()]


def _on_a_campaign() -> list[Context]:
    return [replace(call, campaign="c0") for call in _strangers()]


def _to_our_number() -> list[Context]:
    return [replace(call, our_number=_ours(0)) for call in _strangers()]


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowTable:
    """A table made to be slow, and calls that walk far through it.

    ``every_rule``: the index cannot tell the rules apart.
    """

    make: Callable[[int], Table]
    calls: Callable[[], list[Context]]
    size: int
    why: str
    every_rule: bool = False


ADVERSARIES: dict[str, SlowTable] = {
    "every rule: US, and an attribute": SlowTable(
        make=_same_first, calls=_with_a_plan, size=1_000, why="found by attribute"
    ),
    "only an attribute that contains a text": SlowTable(
        make=_no_index, calls=_with_a_plan, size=1_000, why="each text is looked for", every_rule=True
    ),
    "the same, and the call has none": SlowTable(
        make=_no_index, calls=_strangers, size=1_000, why="asked once for all", every_rule=True
    ),
    "only a schedule, closed now": SlowTable(
        make=_shortly_open, calls=_strangers, size=1_000, why="asked once for all", every_rule=True
    ),
    "one number of ours, all closed": SlowTable(
        make=_all_numbers, calls=_to_our_number, size=1_000, why="asked once for all", every_rule=True
    ),
    "one number of ours, the last rule takes it": SlowTable(
        make=_late, calls=_to_our_number, size=1_000, why="asked once for all", every_rule=True
    ),
    "one campaign, each rule one number": SlowTable(
        make=_one_campaign, calls=_on_a_campaign, size=10_000, why="found by number"
    ),
    "countries": SlowTable(make=_countries, calls=_strangers, size=10_000, why="found by country"),
    "each rule one list": SlowTable(make=_on_lists, calls=_strangers, size=10_000, why="found by list"),
}
