"""Asks whether a request knows one of our secrets, and if not, why not."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from routing.snapshot.store import Snapshot
from routing.vapi.refusal import Refusal, find_refusal
from routing.vapi.signing import Plan, PlanError, Request, read_plan, verify

logger = logging.getLogger(__name__)

_prepared: tuple[Snapshot | None, tuple[Plan, ...]] = (None, ())


def check_request(snapshot: Snapshot, request: Request, *, now: datetime) -> Refusal | None:
    """Return None where one of the snapshot's plans holds, else why none does.

    Several hold while a secret is being replaced; without any, everything is refused. The reason is for staff only.
    """
    plans = _plans_of(snapshot)
    for plan in plans:
        if verify(plan, request, now=now):
            return None
    return find_refusal(plans, request, now=now)


def _plans_of(snapshot: Snapshot) -> tuple[Plan, ...]:
    """Prepare a snapshot's plans once. Threads that do it at the same time come to the same."""
    global _prepared
    known, plans = _prepared
    if known is not snapshot:
        plans = tuple(plan for raw in snapshot.plans if (plan := _prepare(raw)) is not None)
        _prepared = (snapshot, plans)
    return plans


def _prepare(raw: Mapping[str, Any]) -> Plan | None:
    try:
        return read_plan(raw)
    except PlanError as error:
        # One secret that cannot be used must not lock out the others.
        logger.error("A webhook secret is left out: %s", error)
        return None
