"""Live data: what takes effect at once, without a new revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from routing.engine.numbers import Number
from routing.engine.table import NO_OVERRIDES, Purpose, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class ListHit:
    """One list that the customer's number is on, with the entry's variables."""

    list_key: str
    purpose: Purpose
    variables: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencySwitch:
    """A live override that expires by itself at ``until``.

    ``target`` takes inbound calls on ``our_numbers`` (empty: on all); None leaves them alone.
    """

    until: datetime
    target: Target | None = None
    our_numbers: frozenset[str] = frozenset()
    pauses_outbound: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What live data says about one call: its list hits, the switches in force, missing targets."""

    hits: tuple[ListHit, ...] = ()
    switches: tuple[EmergencySwitch, ...] = ()
    unavailable: frozenset[str] = frozenset()


NO_FACTS = Facts()


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveData:
    """All live data of a process. ``entries`` maps a number's identity to its list hits.

    ``switches`` stand newest first; ``unavailable`` are keys of targets that are gone at Vapi.
    """

    entries: Mapping[str, tuple[ListHit, ...]] = field(default_factory=dict)
    switches: tuple[EmergencySwitch, ...] = ()
    unavailable: frozenset[str] = frozenset()

    def facts_for(self, customer: Number, at: datetime) -> Facts:
        """Return the part of the live data that holds for this customer at this instant."""
        found = self.entries.get(customer.identity, ()) if customer.identity else ()
        if not (found or self.switches or self.unavailable):
            return NO_FACTS
        for hit in found:
            if hit.expires_at is not None and at >= hit.expires_at:
                found = tuple(each for each in found if each is not hit)
        return Facts(
            hits=found,
            switches=self.switches and tuple(switch for switch in self.switches if at < switch.until),
            unavailable=self.unavailable,
        )
