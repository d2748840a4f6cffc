"""The answer: who takes the call, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from routing.engine.overrides import merge
from routing.engine.table import NO_OVERRIDES, Target


class Reason(StrEnum):
    """Why a target was chosen (the words follow OpenFeature's resolution reasons)."""

    EMERGENCY = "EMERGENCY"
    BLOCKED = "BLOCKED"
    EXPLICIT = "EXPLICIT"
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"
    DEFAULT = "DEFAULT"
    ERROR = "ERROR"


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRef:
    """The rule that chose: its place in the list counted from 1, its key and its name."""

    position: int
    key: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Who takes the call.

    ``floor`` are the overrides of the table and the target, ``ceiling`` those of the rule and of
    list entries: a browser's variables are merged between them, a server's on top of both.
    ``sticky`` is false when a split had to fall back to the call's own id.
    ``stale`` is set when the decision comes from the last-known-good copy.
    """

    target: Target
    reason: Reason
    rule: RuleRef | None = None
    revision: int | None = None
    floor: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)
    ceiling: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)
    sticky: bool = True
    stale: bool = False

    @property
    def overrides(self) -> dict[str, Any]:
        """Everything the table says about overrides for this call, merged."""
        return merge(self.floor, self.ceiling)
