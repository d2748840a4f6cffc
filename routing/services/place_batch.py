"""Place the calls of a batch: each customer is decided alone; who gets the same call shares a request to Vapi."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from routing.models import ApiKey, Call, CallState
from routing.services.batch_groups import BatchCall, make_batch_call, make_chunks, read_chunk_answer
from routing.services.place_call import (
    CallRefused,
    Claim,
    OutcomeUnknown,
    Placing,
    TargetCannotBeCalled,
    close_row,
    identify,
    make_row,
    mark,
)
from routing.services.prepare_call import CallRequest, InvalidCall, PreparedCall, complete, prepare_call
from routing.vapi.client import CallPlacer
from routing.vapi.errors import VapiError

ROWS_AT_ONCE = 500
# After which no further part is sent: `reconcile_calls` looks only so far for calls that nobody knows of.
BUDGET_SECONDS = 120.0
TWICE = "This customer stands in the batch before, and nobody is called twice."
NOT_SENT = "Not sent: the calls before it took too long. No call was placed."


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchRequest:
    """What was asked for: what all calls share, the customers as they were sent, and each one's request.

    A customer that cannot be read has its complaint instead of a request.
    """

    shared: CallRequest
    customers: tuple[object, ...]
    requests: tuple[CallRequest | InvalidCall, ...]


def place_batch(
    request: BatchRequest, *, api_key: ApiKey, client: CallPlacer, now: datetime, claim: Claim | None = None
) -> dict[str, Any]:
    """Place the calls and return one `CallBatchResponse`, results and errors each in the order of the request.

    What Vapi says of a part stands with that part's customers and does not undo the others. Raises InvalidCall for
    what is wrong with all of them; VapiError and OutcomeUnknown if Vapi took no part, or may have taken any; and
    DatabaseError (nothing was sent).
    """
    started = time.monotonic()
    complete(request.shared)
    batch = _Batch(request=request)
    base = Placing(call_id=uuid4(), api_key=api_key, now=now, sandbox=client.sandbox, claim=claim)
    chunks = _open(batch, base)
    # As with a single call: the rows are committed, and no transaction is open while Vapi is asked.
    for chunk in chunks:
        if time.monotonic() - started > BUDGET_SECONDS:
            batch.close(chunk, CallState.FAILED, NOT_SENT)
        else:
            if claim is not None:
                claim.renew()
            _send(batch, chunk, client)
    batch.raise_if_nothing_was_placed(chunks)
    return batch.answer()


@dataclass(kw_only=True, slots=True)
class _Batch:
    """A batch on its way, with what is to be said about each place of it."""

    request: BatchRequest
    results: list[tuple[int, Any]] = field(default_factory=list)
    errors: list[tuple[int, Any]] = field(default_factory=list)
    failures: list[VapiError] = field(default_factory=list)
    limits: dict[str, Any] = field(default_factory=dict)

    def complain(self, place: int, complaint: str) -> None:
        """Say why a customer is not called."""
        self.errors.append((place, {"customer": self.request.customers[place], "error": complaint}))

    def close(self, calls: Sequence[BatchCall], state: CallState, complaint: str) -> None:
        """Say of these calls that they failed, in their rows too."""
        for call in calls:
            close_row(call.call_id, state, error=complaint)
            self.complain(call.place, complaint)

    def doubt(self, calls: Sequence[BatchCall], reason: str) -> None:
        """Say of these calls that nobody knows whether they were placed."""
        for call in calls:
            close_row(call.call_id, CallState.UNKNOWN, error=reason)
            self.complain(call.place, str(OutcomeUnknown(call.call_id)))

    def raise_if_nothing_was_placed(self, chunks: Sequence[Sequence[BatchCall]]) -> None:
        """Fail as a single call does if Vapi took no part of the batch, so that its client reads it the same way."""
        if not chunks or len(self.failures) < len(chunks):
            return
        if all(error.ambiguous for error in self.failures):
            raise OutcomeUnknown(chunks[0][0].call_id) from self.failures[0]
        if not any(error.ambiguous for error in self.failures):
            raise self.failures[0]

    def answer(self) -> dict[str, Any]:
        """Return what is said to the client."""
        limits = {"subscriptionLimits": self.limits} if self.limits else {}
        return {"results": _in_order(self.results), "errors": _in_order(self.errors)} | limits


def _open(batch: _Batch, base: Placing) -> list[tuple[BatchCall, ...]]:
    """Decide every call and commit all rows, those of refused calls too; return what is to be sent."""
    calls, rows = _decide(batch, base)
    chunks = make_chunks(calls)
    for chunk in chunks:
        name = str(_body(chunk)["name"])
        for call in chunk:
            placing = replace(base, call_id=call.call_id)
            rows.append(make_row(call.prepared, placing, CallState.SENDING, vapi_name=name))
    with transaction.atomic():
        if base.claim is not None and chunks:
            base.claim.take(chunks[0][0].call_id)
        Call.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    return chunks


def _decide(batch: _Batch, base: Placing) -> tuple[list[BatchCall], list[Call]]:
    """Return the calls to be placed, and the rows of those that are refused."""
    calls: dict[tuple[str, str], BatchCall] = {}
    refused: list[Call] = []
    for place, wanted in enumerate(batch.request.requests):
        placing = replace(base, call_id=uuid4())
        try:
            prepared = _prepare(wanted, placing)
        except InvalidCall as error:
            batch.complain(place, str(error))
            continue
        try:
            call = make_batch_call(place, placing.call_id, prepared)
            if call.person in calls:
                raise CallRefused(TWICE)
            calls[call.person] = call
        except (CallRefused, TargetCannotBeCalled) as refusal:
            batch.complain(place, str(refusal))
            refused.append(make_row(prepared, placing, CallState.REFUSED, error=str(refusal)))
    return list(calls.values()), refused


def _prepare(wanted: CallRequest | InvalidCall, placing: Placing) -> PreparedCall:
    if isinstance(wanted, InvalidCall):
        raise wanted
    return prepare_call(identify(wanted, placing.call_id))


def _body(chunk: Sequence[BatchCall]) -> dict[str, Any]:
    """Return what Vapi gets for a chunk; its calls share one name, so it holds the id of the first."""
    body = {**chunk[0].body, "customers": [dict(call.customer) for call in chunk]}
    return mark(body, chunk[0].call_id)


def _send(batch: _Batch, chunk: Sequence[BatchCall], client: CallPlacer) -> None:
    try:
        answer = client.create_call(_body(chunk))
    except VapiError as error:
        batch.failures.append(error)
        if error.ambiguous:
            batch.doubt(chunk, str(error))
        else:
            batch.close(chunk, CallState.FAILED, f"{_words(error)}; no call was placed.")
        return
    _note(batch, chunk, answer)


def _note(batch: _Batch, chunk: Sequence[BatchCall], answer: Mapping[str, Any]) -> None:
    read = read_chunk_answer(chunk, answer)
    for call, result in read.results:
        # A result that is about none of them is passed on last: whoever asked may know it.
        batch.results.append((call.place if call else len(batch.request.customers), result))
        if call is not None:
            close_row(call.call_id, CallState.PLACED, vapi_call_id=result.get("id"))
    for failed, complaint in read.errors:
        if failed is not None:
            batch.close([failed], CallState.FAILED, str(complaint.get("error")))
        else:
            batch.errors.append((len(batch.request.customers), complaint))
    batch.doubt(read.silent, "Vapi's answer to the batch does not name this call.")
    limits = answer.get("subscriptionLimits")
    if isinstance(limits, Mapping):
        # The latest numbers count, but that an earlier part was held back must not be lost.
        blocked = {"concurrencyBlocked": True} if batch.limits.get("concurrencyBlocked") else {}
        batch.limits = {**limits, **blocked}


def _words(error: VapiError) -> str:
    message = error.body.get("message")
    said = ", ".join(map(str, message)) if isinstance(message, list) else message
    return f"Vapi: {error.status or 'no answer'}: {said}"


def _in_order(entries: Sequence[tuple[int, Any]]) -> list[Any]:
    return [entry for _, entry in sorted(entries, key=lambda entry: entry[0])]
