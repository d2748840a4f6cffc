"""What one decision costs: from what is known of a call to who takes it, by the number of rules."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from time import perf_counter_ns

from benchmarks.tables import ADVERSARIES, compiled, make_calls, make_table
from routing.engine.context import Context
from routing.engine.decision import Decision
from routing.engine.live import NO_FACTS
from routing.engine.numbers import country_of, number_key, read_number
from routing.engine.resolve import resolve, resolve_linear
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate

ROUNDS = 7
SIZES = (10, 1_000, 10_000, 100_000)
LINEAR_CALLS = {10: 500, 1_000: 50, 10_000: 10, 100_000: 3}  # walking a long list is slow
Decide = Callable[[RuleSet, Context], Decision]


def main() -> None:
    """Print the cost of a decision for each size, then for tables that are made to be slow."""
    gc.freeze()
    print("decide: context in, decision out; numbers seen before, as in a process that has run for a while")
    print("rules     mean µs   p99 µs   first sight µs   walking the list µs   list / index")
    for size in SIZES:
        ruleset, calls = compiled(make_table(size)), make_calls(size)
        _report(size, ruleset, calls)
    print("\ntables made to be slow (mean µs of a call that no rule takes)")
    for name, (make, size, why) in ADVERSARIES.items():
        ruleset, calls = compiled(make(size)), [call for call in make_calls(10) if call.our_number or call.campaign]
        print(f"{name:<40} {size:>7,} rules {_mean(indexed, ruleset, calls[:200]):>9.1f}   {why}")


def indexed(ruleset: RuleSet, context: Context) -> Decision:
    """Decide as calls are decided."""
    return resolve(ruleset, situate(ruleset, context), NO_FACTS)


def linear(ruleset: RuleSet, context: Context) -> Decision:
    """Decide by walking the whole list."""
    return resolve_linear(ruleset, situate(ruleset, context), NO_FACTS)


def _report(size: int, ruleset: RuleSet, calls: list[Context]) -> None:
    few = calls[: LINEAR_CALLS[size]]
    _mean(indexed, ruleset, calls)  # numbers are read once
    fast, slow, tails, first = [], [], [], []
    for _ in range(ROUNDS):  # by turns, so that both see the same machine
        fast.append(_mean(indexed, ruleset, calls))
        slow.append(_mean(linear, ruleset, few))
        tails.append(_p99(ruleset, calls))
        read_number.cache_clear()
        country_of.cache_clear()
        number_key.cache_clear()
        first.append(_mean(indexed, ruleset, calls))
    ratio = median(walked / found for walked, found in zip(slow, fast, strict=True))
    print(
        f"{size:<9,} {median(fast):>7.2f} {median(tails):>8.2f} {median(first):>16.1f} "
        f"{median(slow):>21.1f} {ratio:>13,.0f}x"
    )


def _mean(decide: Decide, ruleset: RuleSet, calls: Sequence[Context]) -> float:
    start = perf_counter_ns()
    for call in calls:
        decide(ruleset, call)
    return (perf_counter_ns() - start) / len(calls) / 1000


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
