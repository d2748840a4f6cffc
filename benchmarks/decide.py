"""What one decision costs: from what is known of a call to who takes it, by the number of rules."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter_ns, thread_time_ns

from benchmarks.report import figure, goal, table
from benchmarks.tables import ADVERSARIES, compiled, make_calls, make_table
from routing.engine.context import Context
from routing.engine.decision import Decision
from routing.engine.live import NO_FACTS
from routing.engine.numbers import forget_numbers
from routing.engine.resolve import decide_among, resolve, resolve_linear
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.engine.table import Table

ROUNDS = 7
SIZES = (10, 1_000, 10_000, 100_000)
LINEAR_CALLS = {10: 500, 1_000: 50, 10_000: 10, 100_000: 3}  # walking a long list is slow
BOUGHT = """What the last changes bought,
measured before and after on a busy machine: shelves that hold rules, not ranks,
answers kept by the rule, prefixes looked for only behind codes that have some, and E.164 remembered in a plain
dictionary: 6.9 to 2.9 µs at 100,000 rules, 2.5 to 1.7 at 10. Rules sorted by what they ask: 340 to 40 µs where 1,000
look for different texts, 390 to 1.7 where they ask for one schedule. Then, the best of four runs by turns: the one
answer of a rule given without a look at its targets, no tuple for a shelf of one rule, the set of one campaign made
once, loops for comprehensions: 2.5 to 1.9 µs at 100,000 rules, 1.96 to 1.65 at 1,000, 1.73 to 1.41 at 10."""
WHY_SHORT = "its memory is in no cache; the words of this part tell more"
WHY = """Where the mean at 100,000 rules is above its goal: a decision touches about ten places of a table of 80 MB that
nothing touched just before, and what each costs depends on which memory the process was given. Sixteen processes one
after the other, nothing else running: 1.7 to 3.0 µs, p99 2.9 to 6.5. One step less a decision made no difference."""
Decide = Callable[[RuleSet, Context], Decision]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Microseconds a decision, of each round."""

    mean: Sequence[float]
    p99: Sequence[float]
    cold: Sequence[float]
    first_sight: Sequence[float]
    walking: Sequence[float]

    @property
    def gain(self) -> float:
        """How many times faster the index is than the walk: the median of the rounds."""
        return median(walked / found for walked, found in zip(self.walking, self.mean, strict=True))


def main() -> None:
    """Print the cost of a decision for each size, then for tables that are made to be slow."""
    found = {size: _measure(loaded(make_table(size)), make_calls(size), LINEAR_CALLS[size]) for size in SIZES}
    few, many = SIZES[0], SIZES[-1]
    print("Context in, decision out; the numbers seen before, as in a process that has run for a while. Microseconds.")
    print("Cold: the mean right after the whole list was walked, which leaves little else in the processor's caches.")
    head = ("rules", "mean", "spread", "p99", "cold", "numbers not seen before", "walking the list", "list / index")
    table(head, _rows(found))
    middle, growth = median(found[many].mean), median(found[many].mean) / median(found[few].mean)
    goal(f"decide, mean at {many:,} rules", middle, "µs", at_most=2, why_not=WHY_SHORT)
    goal(f"decide, p99 at {many:,} rules", median(found[many].p99), "µs", at_most=6, why_not=WHY_SHORT)
    goal(f"decide, {many:,} rules / {few} rules", growth, "x", at_most=2, why_not=WHY_SHORT)
    _slow_tables()
    print(f"\n{BOUGHT}\n\n{WHY}")


def indexed(ruleset: RuleSet, context: Context) -> Decision:
    """Decide as calls are decided."""
    return resolve(ruleset, situate(ruleset, context), NO_FACTS)


def linear(ruleset: RuleSet, context: Context) -> Decision:
    """Decide by walking the whole list."""
    return resolve_linear(ruleset, situate(ruleset, context), NO_FACTS)


def one_by_one(ruleset: RuleSet, context: Context) -> Decision:
    """Decide by asking each rule that the index finds, as if none had a question in common with another."""
    situation = situate(ruleset, context)
    return decide_among(ruleset.candidates(situation), ruleset, situation, NO_FACTS)


def loaded(rules: Table) -> RuleSet:
    """Compile, and take what is held out of the collector's sight, as a process that serves does."""
    ruleset = compiled(rules)
    gc.collect()
    gc.freeze()
    return ruleset


def _slow_tables() -> None:
    print("\nTables made to be slow, by calls that no rule takes. Microseconds.")
    rows, worst = [], 0.0
    for name, slow in ADVERSARIES.items():
        ruleset, calls = loaded(slow.make(slow.size)), slow.calls()
        mean_of(indexed, ruleset, calls)
        rounds = [mean_of(indexed, ruleset, calls) for _ in range(ROUNDS)]
        each = median(mean_of(one_by_one, ruleset, calls[:20]) for _ in range(ROUNDS))
        rows.append((name, f"{slow.size:,}", figure(median(rounds)), _spread(rounds), figure(each), slow.why))
        worst = max(worst, median(rounds) / slow.size * 1_000 if slow.every_rule else 0)
    table(("table", "rules", "mean", "spread", "each rule asked", "why"), rows)
    goal("decide, 1,000 rules that no index tells apart", worst, "µs", at_most=100)


def _measure(ruleset: RuleSet, calls: list[Context], few: int) -> Cost:
    mean, walking, p99, cold, first = [], [], [], [], []
    for _ in range(ROUNDS):  # by turns, so that both see the same machine
        mean_of(indexed, ruleset, calls)  # not counted: numbers are read once, and the walk had the caches
        mean.append(mean_of(indexed, ruleset, calls))
        p99.append(_p99(ruleset, calls))
        walking.append(mean_of(linear, ruleset, calls[:few]))
        cold.append(mean_of(indexed, ruleset, calls))
        forget_numbers()
        first.append(mean_of(indexed, ruleset, calls))
    return Cost(mean=mean, p99=p99, cold=cold, first_sight=first, walking=walking)


def _rows(found: dict[int, Cost]) -> Iterator[tuple[str, ...]]:
    for size, cost in found.items():
        middle = [figure(median(rounds)) for rounds in (cost.p99, cost.cold, cost.first_sight, cost.walking)]
        yield f"{size:,}", figure(median(cost.mean)), _spread(cost.mean), *middle, f"{figure(cost.gain)}x"


def _spread(rounds: Sequence[float]) -> str:
    return f"{figure(min(rounds))} to {figure(max(rounds))}"


def mean_of(decide: Decide, ruleset: RuleSet, calls: Sequence[Context]) -> float:
    """Return the mean microseconds of work a decision."""
    start = thread_time_ns()  # our own work: what else the machine does is not counted
    for call in calls:
        decide(ruleset, call)
    return (thread_time_ns() - start) / len(calls) / 1000


def _p99(ruleset: RuleSet, calls: Sequence[Context]) -> float:
    """Return the 99th percentile, the clock's own cost taken off."""
    spans, clock = [], []
    for call in calls:
        start = perf_counter_ns()
        indexed(ruleset, call)
        end = perf_counter_ns()
        spans.append(end - start)
        clock.append(perf_counter_ns() - end)
    return (quantiles(spans, n=100)[98] - median(clock)) / 1000


if __name__ == "__main__":
    main()
