"""How the cost of one decision grows with the number of rules: the index against walking the list."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from routing.engine.compile import compile_table
from routing.engine.context import Channel, Context
from routing.engine.decision import Decision
from routing.engine.live import NO_FACTS, Facts
from routing.engine.resolve import resolve, resolve_linear
from routing.engine.ruleset import RuleSet
from routing.engine.situation import Situation, situate
from routing.engine.table import Arm, OurNumber, RuleSpec, Table, Target, TargetKind, When

ROUNDS = 5
SIZES = (10, 1_000, 10_000)
CALLS = 200
LINEAR_CALLS = 20  # walking 10,000 rules is slow
Resolver = Callable[[RuleSet, Situation, Facts], Decision]


def main() -> None:
    """Print the median cost of a decision for each size, and the ratios of the same rounds."""
    print("rules    indexed µs   linear µs   linear / indexed")
    for size in SIZES:
        ruleset = make_ruleset(size)
        situations = [situate(ruleset, context) for context in make_contexts(size)]
        indexed, linear = [], []
        for _ in range(ROUNDS):  # alternate, so that both see the same machine
            indexed.append(microseconds(resolve, ruleset, situations))
            linear.append(microseconds(resolve_linear, ruleset, situations[:LINEAR_CALLS]))
        ratios = [slow / fast for slow, fast in zip(linear, indexed, strict=True)]
        print(f"{size:<8} {median(indexed):>10.1f} {median(linear):>11.1f} {median(ratios):>17.1f}x")


def make_ruleset(size: int) -> RuleSet:
    """Compile a table of which 70 % of the rules name a number, 20 % a prefix, 10 % our number."""
    target = Target(key="t", name="T", kind=TargetKind.ASSISTANT, vapi_id="t")
    ours = tuple(OurNumber(vapi_id=f"n{n}", name=f"N{n}", number=f"+1202556{n:04}") for n in range(size // 10))
    table = Table(
        default="t",
        targets=(target,),
        numbers=ours,
        rules=tuple(
            RuleSpec(key=f"r{n}", name=f"R{n}", when=_when(n, ours), then=(Arm(target="t"),)) for n in range(size)
        ),
    )
    return compile_table(table, revision=1, default_region="US", last_resort=target)


def _when(place: int, ours: tuple[OurNumber, ...]) -> When:
    if place % 10 < 7:
        return When(customer=(f"+1415{2_000_000 + place:07}",))
    if place % 10 < 9:
        return When(customer=(f"+44{20_000 + place}*",))
    return When(numbers=(ours[place // 10].key,))


def make_contexts(size: int) -> list[Context]:
    """Draw callers of whom about half are named by a rule."""
    draw = random.Random(1)
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    places = [draw.randrange(2 * size) for _ in range(CALLS)]
    return [Context(channel=Channel.INBOUND, at=at, customer=f"+1415{2_000_000 + place:07}") for place in places]


def microseconds(resolver: Resolver, ruleset: RuleSet, situations: list[Situation]) -> float:
    """Return the mean cost of one decision, in microseconds."""
    gc.collect()
    start = perf_counter()
    for situation in situations:
        resolver(ruleset, situation, NO_FACTS)
    return (perf_counter() - start) / len(situations) * 1e6
