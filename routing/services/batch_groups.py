"""Which calls of a batch go to Vapi in one request, and how the calls of its answer are told apart.

Schemas: `CreateCallDTO`, `CreateCustomerDTO`, `CallBatchResponse` of Vapi's API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from routing.engine.decision import Reason
from routing.services.place_call import body_of
from routing.services.prepare_call import LAID_OVERRIDES, PreparedCall

LARGEST_CHUNK = 100

Entry = tuple["BatchCall | None", dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchCall:
    """One call of a batch: its place in the request, its row, and its two parts of what Vapi gets.

    ``body`` is what it shares with others; ``customer`` carries the overrides that are its own.
    """

    place: int
    call_id: UUID
    prepared: PreparedCall
    body: Mapping[str, Any]
    customer: Mapping[str, Any]

    @property
    def person(self) -> tuple[str, str]:
        """Who is called: the number, however it was written, and the extension."""
        return self.prepared.decided.situation.customer.identity, str(self.customer.get("extension") or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkAnswer:
    """Vapi's answer to one chunk, each entry with the call that it is about; ``silent`` are those without any."""

    results: tuple[Entry, ...]
    errors: tuple[Entry, ...]
    silent: tuple[BatchCall, ...]


def make_batch_call(place: int, call_id: UUID, prepared: PreparedCall) -> BatchCall:
    """Split one call's body into what it shares and what is its own; raises what ``body_of`` does.

    Vapi lets a customer's overrides replace those of the batch, so a customer with any of its own gets all of them.
    """
    whole = body_of(prepared)
    customer = whole.pop("customer")
    if prepared.decided.decision.reason is Reason.EXPLICIT:
        return BatchCall(place=place, call_id=call_id, prepared=prepared, body=whole, customer=customer)
    body = _impersonal(prepared).vapi_body()
    del body["customer"]
    own = {key: whole[key] for key in LAID_OVERRIDES if key in whole and whole[key] != body.get(key)}
    return BatchCall(place=place, call_id=call_id, prepared=prepared, body=body, customer=customer | own)


def make_chunks(calls: Sequence[BatchCall]) -> list[tuple[BatchCall, ...]]:
    """Return the calls in portions for one request each: the same target, overrides and number of ours, at most 100."""
    groups: dict[str, list[BatchCall]] = {}
    for call in calls:
        groups.setdefault(json.dumps(call.body, sort_keys=True), []).append(call)
    return [chunk for group in groups.values() for chunk in _portions(group)]


def read_chunk_answer(chunk: Sequence[BatchCall], answer: Mapping[str, Any]) -> ChunkAnswer:
    """Find out which entry of Vapi's answer is about which call: by the customer, and where it does not say, by order.

    The order counts only where nothing else is possible: a call that is taken for another one would be settled wrongly.
    """
    single = [answer] if "results" not in answer and answer.get("id") else []
    results = single or _entries(answer, "results")
    errors = _entries(answer, "errors")
    waiting = {_dialled(call.customer): call for call in chunk}
    found = [waiting.pop(_dialled(entry.get("customer")), None) for entry in (*results, *errors)]
    left = list(waiting.values())
    strangers = [place for place, call in enumerate(found) if call is None]
    alike = all(place < len(results) for place in strangers) or all(place >= len(results) for place in strangers)
    if len(strangers) == len(left) and alike:
        for place in strangers:
            found[place] = left.pop(0)
    pairs = list(zip(found, (*results, *errors), strict=True))
    return ChunkAnswer(results=tuple(pairs[: len(results)]), errors=tuple(pairs[len(results) :]), silent=tuple(left))


def _dialled(customer: object) -> tuple[str, ...]:
    """Return by what Vapi's answer tells a customer from the others."""
    if not isinstance(customer, Mapping):
        return ()
    return (str(customer.get("number") or customer.get("sipUri")), str(customer.get("extension") or ""))


def _impersonal(prepared: PreparedCall) -> PreparedCall:
    """Return the call without what only this customer brings: the variables of list entries, overrides of its own."""
    decided = prepared.decided
    decision = decided.decision
    if any(hit.variables for hit in decided.facts.hits):
        rules = decided.ruleset.table.rules
        overrides = next((rule.overrides for rule in rules if decision.rule and rule.key == decision.rule.key), {})
        decided = replace(decided, decision=replace(decision, ceiling=overrides))
    customer = {key: value for key, value in prepared.body["customer"].items() if key not in LAID_OVERRIDES}
    return replace(prepared, decided=decided, body={**prepared.body, "customer": customer})


def _portions(group: Sequence[BatchCall]) -> Iterator[tuple[BatchCall, ...]]:
    for start in range(0, len(group), LARGEST_CHUNK):
        yield tuple(group[start : start + LARGEST_CHUNK])


def _entries(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = answer.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
