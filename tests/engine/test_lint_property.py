"""For any table and any call: a rule that lint calls dead takes no call, and obvious shadows are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.context import Attribute, Channel, Context
from routing.engine.decision import Reason
from routing.engine.lint import Finding, FindingKind, Severity, World, lint
from routing.engine.live import Facts, ListHit
from routing.engine.resolve import resolve_linear
from routing.engine.situation import situate
from routing.engine.table import Arm, RuleSpec, Table, When
from tests.engine.test_index_property import (
    CONDITIONS,
    CUSTOMERS,
    HIDDEN,
    OURS,
    PLANS,
    PURPOSES,
    SLUGS,
    TARGET_KEYS,
    compile_any,
    tables,
)

Call = tuple[Context, tuple[ListHit, ...]]
AT = datetime(2026, 2, 25, tzinfo=UTC)
DEAD = {
    FindingKind.UNREACHABLE,
    FindingKind.CONTRADICTION,
    FindingKind.DATES_OVER,
    FindingKind.CAMPAIGN_OVER,
    FindingKind.SCHEDULE_NEVER_OPENS,
    FindingKind.TARGET_MISSING,
    FindingKind.TARGET_DISABLED,
}


def draw_call(draw: Random) -> Call:
    """Return any call after AT, with any hits on lists."""
    # The first is American by its beginning only: nobody can have this number.
    customer = draw.choice(["+14150000000", "+447700900123", "+442071234567", *CUSTOMERS, *CUSTOMERS, *HIDDEN])
    lists = [key for key in PURPOSES if draw.random() < (0.05 if key in ("stop", "nuisance") else 0.3)]
    attributes = {
        key: Attribute(text=draw.choice([*PLANS, "go", "golden", "50"]), trusted=draw.random() < 0.5)
        for key in ("plan", "lang")
        if draw.random() < 0.7
    }
    context = Context(
        channel=draw.choice(list(Channel)),
        at=AT + timedelta(minutes=draw.randrange(25 * 24 * 60)),
        customer=customer,
        our_number=draw.choice([None, *OURS, "+12025550119"]),
        campaign=draw.choice([None, None, *SLUGS]),
        vapi_campaign_id=draw.choice([None, "v1", "v2"]),
        attributes=attributes,
        external_id=draw.choice([None, "crm-1"]),
    )
    known = customer not in HIDDEN
    return context, tuple(ListHit(list_key=key, purpose=PURPOSES[key]) for key in lists if known)


CALLS = [draw_call(Random(seed)) for seed in range(600)]
# Rules of one or two conditions cover each other often, alone and together.
SHORT = st.lists(st.one_of(CONDITIONS), min_size=1, max_size=2).map(
    lambda found: When(**{name: value for one in found for name, value in one.items()})
)


@st.composite
def short_tables(draw: st.DrawFn) -> Table:
    whens = draw(st.lists(SHORT, min_size=2, max_size=10))
    rules = [
        RuleSpec(key=f"r{place}", name=f"Rule {place}", when=when, then=(Arm(target="ab"[place % 2]),))
        for place, when in enumerate(whens)
    ]
    return replace(draw(tables()), rules=tuple(rules))


def dead_rules(findings: tuple[Finding, ...]) -> set[str]:
    remarks = {Severity.NOTE}
    return {
        found.key
        for found in findings
        if found.subject == "rules" and found.kind in DEAD and found.severity not in remarks
    }


@settings(max_examples=60, deadline=None)
@given(table=short_tables() | tables(), gone=st.frozensets(st.sampled_from(TARGET_KEYS), max_size=1))
def test_a_rule_that_is_called_dead_takes_no_call(table: Table, gone: frozenset[str]) -> None:
    findings = lint(table, world=World(missing_targets=gone), at=AT)
    dead, ruleset = dead_rules(findings), compile_any(table)
    is_default_dead = any(found.kind is FindingKind.DEFAULT_UNREACHABLE for found in findings)

    for context, hits in CALLS if dead or is_default_dead else ():
        decision = resolve_linear(ruleset, situate(ruleset, context), Facts(hits=hits, unavailable=gone))

        assert decision.rule is None or decision.rule.key not in dead
        assert not (is_default_dead and decision.reason is Reason.DEFAULT)
