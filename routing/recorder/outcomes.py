"""What became of calls, into their rows. Everything here may be repeated without harm."""

import contextlib
from collections import Counter
from typing import Any

from django.db import IntegrityError, connection, transaction

from routing.models import Call, CallState
from routing.recorder.bulk import OUTCOME_COLUMNS, update_by_lines
from routing.recorder.rows import FAULTS, Line, Refused, clean, reason_of, storable


def apply_outcomes(lines: list[Line]) -> tuple[list[Line], Refused]:
    """Write what became of calls into their rows; return the lines whose call is not known, and those refused.

    A call that ended stays ended, and a report that tells less than the one before takes nothing away.
    """
    if lines and connection.vendor == "postgresql":
        with contextlib.suppress(*FAULTS):
            return _apply_at_once(lines), []
    unknown: list[Line] = []
    refused: Refused = []
    for line, record in lines:
        try:
            with transaction.atomic():
                if not _update(clean(record)):
                    unknown.append((line, record))
        except FAULTS as error:
            refused.append((line, reason_of(error)))
    return unknown, refused


def _apply_at_once(lines: list[Line]) -> list[Line]:
    """Return the lines whose call is not known; raises one of ``FAULTS`` where each has to be looked at."""
    with transaction.atomic():
        known = _known_ids(lines)
        for line, record in lines:
            CallState(record["state"])
            if record.get("marker") and record["vapi_call_id"] not in known:
                _settle_placed(clean(record))
                known |= _known_ids([(line, record)])
        for wave in _waves(lines):
            update_by_lines(wave)
    return [(line, record) for line, record in lines if record["vapi_call_id"] not in known]


def _known_ids(lines: list[Line]) -> set[str]:
    ids = {record["vapi_call_id"] for _, record in lines}
    return {str(known) for known in Call.objects.filter(vapi_call_id__in=ids).values_list("vapi_call_id", flat=True)}


def _waves(lines: list[Line]) -> list[list[bytes]]:
    """Share out the lines so that a call is in each wave once: what is told of it counts in the order of the lines."""
    waves: list[list[bytes]] = []
    told: Counter[str] = Counter()
    for line, record in lines:
        place = told[record["vapi_call_id"]]
        told[record["vapi_call_id"]] += 1
        if place == len(waves):
            waves.append([])
        waves[place].append(storable(line, record))
    return waves


def _update(record: dict[str, Any]) -> bool:
    if record.get("marker"):
        _settle_placed(record)
    told = {name: record[name] for name in OUTCOME_COLUMNS if record.get(name) is not None}
    columns = Call.fit(told | {"state": CallState(record["state"]).value})
    calls = Call.objects.filter(vapi_call_id=record["vapi_call_id"])
    if record["state"] == CallState.PLACED:
        return calls.exists()
    if record["state"] == CallState.ENDED:
        return calls.update(**columns) > 0
    return calls.exclude(state=CallState.ENDED).update(**columns) > 0 or calls.exists()


def _settle_placed(record: dict[str, Any]) -> None:
    """Give its id to the call that bears this marker and never learned it: Vapi talks of it, so it was placed."""
    call_id = record["vapi_call_id"]
    if Call.objects.filter(vapi_call_id=call_id).exists():
        return
    marked = Call.objects.filter(vapi_name=record["marker"])
    # The calls of a batch share a marker; the number tells them apart.
    same_number = marked.filter(customer_number=record.get("customer") or "", vapi_call_id=None).first()
    row = same_number or (marked.filter(vapi_call_id=None).first() if marked.count() == 1 else None)
    if row is not None:
        # Another process may drain a message about the same call.
        with contextlib.suppress(IntegrityError), transaction.atomic():
            marked.filter(pk=row.pk, vapi_call_id=None).update(vapi_call_id=call_id, state=CallState.PLACED, error="")
