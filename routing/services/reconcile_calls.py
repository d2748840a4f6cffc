"""Settle calls of which nobody knows whether Vapi placed them: look for them in Vapi's own list."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from routing.engine.context import Channel
from routing.engine.numbers import read_number
from routing.models import Call, CallState
from routing.services.idempotency import forget_expired
from routing.services.place_call import LOST_AFTER, give_up
from routing.vapi.client import CallPlacer
from routing.vapi.errors import VapiError
from routing.vapi.marker import is_marker

VapiCall = Mapping[str, Any]
Group = list[Call]

MISSING_AFTER = timedelta(minutes=15)
CLOCKS_DIFFER = timedelta(minutes=2)
MOST_SHOWN = 5
LISTED_TOGETHER = timedelta(hours=1)  # a list at Vapi is asked for once for the calls of such a stretch
FOUND = "Vapi gave no answer; the call was found there later."
MISSING = "Vapi gave no answer and has no such call 15 minutes later: it was not placed."
# A web call with this note is not looked for again: what had begun at Vapi by then does not change any more.
NAMELESS = (
    "Vapi keeps no name for web calls, so it cannot be told whether it opened this one. If it did, nobody's phone "
    "rings for it, and its room closes by itself. Opened there about then:"
)
SEVERAL = "Several calls at Vapi may be this one. Its request gave it a name of its own, so look for it there by hand."

logger = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Reconciled:
    """How many calls were settled and how many are still open; ``faults`` tell why Vapi could not be asked.

    ``nameless`` are those of the unknown ones that are web calls, and that stay so.
    """

    placed: int = 0
    failed: int = 0
    unknown: int = 0
    nameless: int = 0
    faults: list[str]


def reconcile_calls(*, client: CallPlacer, now: datetime) -> Reconciled:
    """Look at Vapi for every call that is unknown, or whose process died while it was sent.

    Found by marker and number: placed. Not found 15 minutes later: failed. Younger, or several may be it: unknown.
    A call of the sandbox cannot be found anywhere else, and never reached anybody. Web calls carry no marker, as Vapi
    keeps no name for them: they fail if no web call began then, else they stay unknown.
    """
    give_up(now)
    forget_expired(now)
    done = Reconciled(faults=[])
    unknown = Call.objects.filter(state=CallState.UNKNOWN).order_by("decided_at", "id")
    phone, web = (unknown.filter(channel=channel.value) for channel in (Channel.OUTBOUND, Channel.WEB))
    looked_for = web.filter(error__startswith=NAMELESS)
    done.nameless = looked_for.count()
    done.unknown = done.nameless
    known, erased = phone.exclude(customer_number=""), phone.filter(customer_number="")
    # The erased ones after the others: what is nobody else's may be theirs.
    for group in chain(_group(known), _group(erased), _group(web.exclude(pk__in=looked_for))):
        try:
            _reconcile_group(group, client, now, done)
        except VapiError as error:
            logger.warning("Vapi could not be asked for %s unknown calls: %s", len(group), error)
            done.faults.append(str(error))
            done.unknown += len(group)
    return done


def _group(rows: Iterable[Call]) -> Iterable[Group]:
    """Put together what one list at Vapi can show: the same number of ours, and about the same time."""
    groups: dict[tuple[str | None, bool], Group] = {}
    for row in rows:
        key = (_our_number_id(row), row.sandbox)
        group = groups.setdefault(key, [])
        if group and row.decided_at - group[0].decided_at > LISTED_TOGETHER:
            yield group
            group = groups[key] = []
        group.append(row)
    yield from groups.values()


def _reconcile_group(group: Group, client: CallPlacer, now: datetime, done: Reconciled) -> None:
    if client.sandbox and not group[0].sandbox:
        done.faults.append("VAPI_API_KEY is not set, and without it calls at Vapi cannot be looked for.")
        done.unknown += len(group)
        return
    listed = _list_strangers(group, client) if client.sandbox == group[0].sandbox else []
    if group[0].channel == Channel.WEB.value:
        _reconcile_web(group, listed, now, done)
        return
    for row in group:
        found = _find(row, listed, group)
        if len(found) == 1 and _settle(row, CallState.PLACED, FOUND, vapi_call_id=str(found[0]["id"])):
            listed.remove(found[0])
            done.placed += 1
        elif not found and now - row.decided_at >= MISSING_AFTER:
            done.failed += _settle(row, CallState.FAILED, MISSING)
        else:
            done.unknown += 1
            if found:
                _settle(row, CallState.UNKNOWN, SEVERAL)


def _reconcile_web(group: Group, listed: list[VapiCall], now: datetime, done: Reconciled) -> None:
    """Settle the web calls that Vapi cannot have opened; which is whose, nothing tells."""
    for row in group:
        ids = [str(call["id"]) for call in listed if call.get("type") == "webCall" and _is_near(row, call)]
        if now - row.decided_at < MISSING_AFTER:
            done.unknown += 1
        elif ids:
            done.unknown += 1
            done.nameless += _settle(row, CallState.UNKNOWN, f"{NAMELESS} {', '.join(ids[:MOST_SHOWN])}")
        else:
            done.failed += _settle(row, CallState.FAILED, MISSING)


def _list_strangers(group: Group, client: CallPlacer) -> list[VapiCall]:
    """Return the calls at Vapi that may be one of the group's: those that no row of ours has."""
    listed = client.list_calls(
        phone_number_id=_our_number_id(group[0]),
        since=group[0].decided_at - CLOCKS_DIFFER,
        until=group[-1].decided_at + LOST_AFTER + CLOCKS_DIFFER,
    )
    ids = [str(call["id"]) for call in listed]
    known = set(Call.objects.filter(vapi_call_id__in=ids).values_list("vapi_call_id", flat=True))
    return [call for call in listed if str(call["id"]) not in known]


def _find(row: Call, listed: list[VapiCall], group: Group) -> list[VapiCall]:
    """Return the call at Vapi that is the row's; several when that cannot be told."""
    same_number = [call for call in listed if _is_erased(row) or _customer(call) == row.customer_number]
    if is_marker(row.vapi_name):
        # In a batch a number may stand twice under one marker: then any of its calls will do.
        return [call for call in same_number if call.get("name") == row.vapi_name][:1]
    candidates = [call for call in same_number if not is_marker(call.get("name")) and _is_near(row, call)]
    rivals = [
        other for other in group if other.customer_number == row.customer_number and not is_marker(other.vapi_name)
    ]
    return candidates if len(rivals) == 1 and not _is_erased(row) else candidates * 2


def _is_erased(row: Call) -> bool:
    """Tell whether the customer was forgotten (`erase_number`): a phone call has a number, or it is not placed."""
    return not row.customer_number


def _is_near(row: Call, call: VapiCall) -> bool:
    try:
        created_at = datetime.fromisoformat(str(call.get("createdAt")))
        return row.decided_at - CLOCKS_DIFFER <= created_at <= row.decided_at + LOST_AFTER + CLOCKS_DIFFER
    except (ValueError, TypeError):
        return True  # in doubt it may be the row's


def _customer(call: VapiCall) -> str:
    customer = call.get("customer")
    told = customer if isinstance(customer, Mapping) else {}
    return read_number(str(told.get("number") or told.get("sipUri") or ""), settings.ROUTING_DEFAULT_REGION).identity


def _our_number_id(row: Call) -> str | None:
    return row.context.get("our_number_id") or None


def _settle(row: Call, state: CallState, note: str, **columns: str) -> bool:
    """Write what was found out, unless a message of Vapi's or its late answer was faster."""
    unknown = Call.objects.filter(pk=row.pk, state=CallState.UNKNOWN)
    try:
        with transaction.atomic():
            return unknown.update(state=state, error=note, **columns) > 0
    except IntegrityError:  # the id was given to another row meanwhile
        return False
