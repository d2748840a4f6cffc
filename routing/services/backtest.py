"""Recorded calls decided by two tables: which of them would be answered differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from routing.engine.decision import Decision
from routing.engine.ruleset import RuleSet
from routing.services.replay import RecordedCall, decide_again


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedCall:
    """A call that the two tables answer differently."""

    recorded: RecordedCall
    before: Decision
    after: Decision

    @property
    def same_target(self) -> bool:
        """Tell whether only the settings of the answer differ."""
        return self.before.target.key == self.after.target.key


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """How many calls were decided again, and which came out differently, in the order they were given."""

    calls: int
    changes: tuple[ChangedCall, ...]

    def grouped(self) -> list[tuple[str, str, int]]:
        """Return how many calls go from which target to which, by name, the largest number first."""
        counted = Counter((change.before.target.name, change.after.target.name) for change in self.changes)
        return [(before, after, count) for (before, after), count in counted.most_common()]


def compare(before: RuleSet, after: RuleSet, recorded: Iterable[RecordedCall]) -> Backtest:
    """Decide each call by both tables. Another name of the same target is the same answer; another rule too."""
    calls, changes = 0, []
    for call in recorded:
        calls += 1
        old, new = decide_again(before, call), decide_again(after, call)
        if differ(old, new):
            changes.append(ChangedCall(recorded=call, before=old, after=new))
    return Backtest(calls=calls, changes=tuple(changes))


def differ(before: Decision, after: Decision) -> bool:
    """Tell whether a caller or Vapi would notice."""
    old, new = before.target, after.target
    if old is not new and replace(old, key="", name="", overrides={}) != replace(new, key="", name="", overrides={}):
        return True
    return before.overrides != after.overrides
