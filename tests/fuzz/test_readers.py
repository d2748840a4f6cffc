"""Whatever comes in, the readers answer or refuse; they never raise anything else.

``make fuzz`` tries 2,000 inputs in each of FUZZ_ROUNDS=15 rounds for each of the seven tests, 210,000 together;
``make test`` a few hundred. In rounds, because what Hypothesis knows of past inputs makes it slower and slower.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from routing.api.parsing import StrictJsonParser
from routing.engine.document import read_document, write_document
from routing.engine.errors import TableErrors
from routing.engine.numbers import NumberKind, customer_identity, is_sip_uri, read_customer
from routing.models import WebhookSecret
from routing.snapshot import store
from routing.snapshot.tablefile import read_text, write_text
from routing.vapi.messages import (
    NotJson,
    is_assistant_request,
    read_assistant_request,
    read_outcome,
    read_predial,
    read_server_message,
)
from tests.snapshot.full_table import FULL_TABLE
from tests.webhook.adapters import ask_directly
from tests.webhook.world import MAIN_ID, SECRET

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "0"))
EXAMPLES = 2000 if ROUNDS else 150
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KNOWN = {"authorization": f"Bearer {SECRET}"}
USABLE = {"assistantId", "squadId", "destination", "error"}
pytestmark = pytest.mark.parametrize("lap", range(ROUNDS or 1))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=not ROUNDS,  # `make test` must not fail by chance
    suppress_health_check=list(HealthCheck),
)

NASTY = st.sampled_from(
    [
        *("", "\0", "\ud800", "9" * 5000, "+12025550100", "sip:+12025550100@x", "sip:@", "anonymous", "1e999", "-0"),
        *("0e999999999", "NaN", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "\u0661\u0662", "!!python/x:y"),
    ]
)
TEXTS = st.text(max_size=20) | NASTY
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**18), 10**15, 1e308, 5e-324])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
WORDS = (
    "message type call customer number sipUri id phoneNumber phoneNumberId to from transport forwardedFrom contact "
    "assistantOverrides variableValues externalId campaignId status endedReason cost startedAt endedAt name"
).split()
TYPES = st.sampled_from(["assistant-request", "status-update", "end-of-call-report", "campaign.predial", "hang"])


def _values(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6), max_leaves=15
    )


MESSAGES = _values(st.sampled_from(WORDS) | TEXTS)
DAMAGE = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), max_size=4)


def _damaged(body: bytes, damage: list[tuple[float, bytes]]) -> bytes:
    """Overwrite bytes of a body at some places."""
    for place, piece in damage:
        start = int(place * len(body))
        body = body[:start] + piece + body[start + len(piece) :]
    return body


# Where the readers look: by chance alone, words hardly ever come to stand there together.
PLACES = (
    "call.customer.number", "customer.number", "call.customer.sipUri", "customer.sipUri", "call.customerNumber",
    "call.from.phoneNumber", "phoneNumber.number", "call.phoneNumber.number", "phoneNumber.sipUri", "call.to",
    "call.phoneNumber.sipUri", "call.to.phoneNumber", "call.phoneNumberId", "phoneNumber.id", "call.phoneNumber.id",
    "call.campaignId", "campaignId", "call.customer.externalId", "customer.externalId", "call.transport.forwardedFrom",
    "contact.number", "contact.sipUri", "call.name", "status", "endedReason", "cost", "startedAt", "endedAt",
    "call.cost", "call.startedAt", "call.endedAt",
)  # fmt: skip


def _laid_out(values: dict[str, Any]) -> dict[str, Any]:
    """Return a message about a call with these values in their places."""
    message: dict[str, Any] = {"call": {"id": "call-1"}}
    for path, value in values.items():
        *folders, name = path.split(".")
        place = message
        for folder in folders:
            if not isinstance(place.get(folder), dict):
                place[folder] = {}
            place = place[folder]
        place[name] = value
    return message


WELL_PLACED = st.dictionaries(st.sampled_from(PLACES), SCALARS, max_size=8).map(_laid_out)
BODIES = st.builds(lambda value, damage: _damaged(json.dumps(value).encode(), damage), MESSAGES | WELL_PLACED, DAMAGE)


@fuzz
@example(body=b'{"call": {"id": "x"}, "startedAt": "0001-01-01T00:00:00+23:59"}')
@example(body=b'{"call": {"id": "x"}, "endedAt": %s}' % (b"9" * 400))
@given(body=BODIES | st.binary(max_size=200))
def test_messages_are_read_or_no_json(lap: int, body: bytes) -> None:
    """Sabotage seen to fail: `_to_instant` without OverflowError; `look` that asks a list for a key."""
    is_assistant_request(body)
    try:
        message = read_server_message(body)
    except NotJson:
        return
    json.dumps(read_assistant_request(message, now=NOW).as_dict(), allow_nan=False).encode()
    read_predial(message, now=NOW)
    for kind in ("status-update", "end-of-call-report"):
        outcome = read_outcome(message | {"type": kind})
        if outcome is not None and outcome.cost is not None:
            assert 0 <= outcome.cost <= Decimal(1_000_000)


@fuzz
@given(kind=TYPES, call=st.none() | MESSAGES, rest=MESSAGES | WELL_PLACED, damage=DAMAGE)
def test_every_authentic_message_is_answered(
    lap: int, published: None, kind: str, call: Any, rest: Any, damage: list[tuple[float, bytes]]
) -> None:
    """Sabotage seen to fail: 400 for an `assistant-request` that is damaged; nothing for one without a customer."""
    message = (rest if isinstance(rest, dict) else {"x": rest}) | ({} if call is None else {"call": call})
    message["type"] = kind
    message.pop("message", None)  # the envelope, which would hide everything beside it
    body = _damaged(json.dumps(message).encode(), damage)

    given_answer = ask_directly(body, KNOWN, now=NOW)

    assert given_answer.status in ({200} if is_assistant_request(body) else {200, 400})
    content = json.loads(given_answer.body)
    if is_assistant_request(body) and not damage:
        assert kind != "assistant-request" or len(USABLE & content.keys()) == 1


@pytest.fixture
def with_an_empty_secret(published: None) -> None:
    """A secret that no page would take, beside the one that is known."""
    WebhookSecret.objects.create(name="Empty", secret="", header_name="X-Vapi-Secret", with_prefix=False)
    store.reset()


@fuzz
@example(headers={"x-vapi-secret": ""})
@given(
    headers=st.dictionaries(st.sampled_from(["authorization", "x-vapi-secret", "x-signature", "x-timestamp"]), TEXTS)
)
def test_no_guess_lets_in(lap: int, with_an_empty_secret: None, headers: dict[str, str]) -> None:
    """Sabotage seen to fail: an empty secret that `_read_secret` lets pass."""
    body = b'{"message": {"type": "assistant-request", "call": {"phoneNumberId": "%s"}}}' % MAIN_ID.encode()

    assert ask_directly(body, headers, now=NOW).status == 401


@fuzz
@given(
    text=TEXTS | st.from_regex(r"[+0-9()a-z:;@ .-]{0,24}|(\+?1 ?)?[2-9][0-9]{2}[-a-z0-9]{7,8}", fullmatch=True),
    region=st.sampled_from(["US", "MX", "ZZ"]),
)
def test_numbers_are_classified(lap: int, text: str, region: str) -> None:
    """Sabotage seen to fail: `to_e164` that does not ask `_DIGITS`, so that letters are dialled."""
    number = read_customer(text, region, inbound=True)

    assert customer_identity(customer_identity(text, region), region) == customer_identity(text, region)
    assert (number.e164 is not None) == (number.kind is NumberKind.E164)
    assert number.e164 is None or number.e164.removeprefix("+").isdigit()
    assert number.e164 is None or is_sip_uri(text) or not any(letter.isalpha() for letter in text)


FULL: dict[str, Any] = read_text(FULL_TABLE)  # type: ignore[assignment]  # it is an object


def _objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


FIELDS = sorted({name for found in _objects(FULL) for name in found})
TABLES = st.fixed_dictionaries({}, optional={name: _values(st.sampled_from(FIELDS) | TEXTS) for name in FULL})
CHANGES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), MESSAGES), min_size=1, max_size=4)


def _changed(changes: list[tuple[int, int, Any]]) -> dict[str, Any]:
    """Return a table that uses every field, with some of them set to something else, however deep they lie."""
    document: dict[str, Any] = json.loads(json.dumps(FULL))
    for place, which, value in changes:
        found = list(_objects(document))
        item = found[place % len(found)]
        names = [*item, FIELDS[which % len(FIELDS)]]
        item[names[which % len(names)]] = value
    return document


@fuzz
@given(document=TABLES | st.builds(_changed, CHANGES))
def test_tables_are_read_or_refused(lap: int, document: object) -> None:
    """Sabotage seen to fail: `ObjectReader.day` that does not catch ValueError."""
    try:
        table = read_document(document)
    except TableErrors:
        return
    written = write_document(table, with_entries=True)
    assert write_document(read_document(written), with_entries=True) == written


YAML = st.text("{}[]:-,?&*!|>%@`'\"# \n\tab12~<=", max_size=60) | st.text(max_size=40)


@fuzz
@given(text=YAML | st.builds(lambda value: json.dumps(value, default=str), TABLES) | st.builds(str, TABLES))
def test_table_files_are_read_or_refused(lap: int, text: str) -> None:
    """Sabotage seen to fail: `_read_yaml` without yaml.YAMLError; `note` that lets tags and aliases pass."""
    try:
        values = read_text(text)
    except TableErrors:
        return
    if isinstance(values, dict):
        assert read_text(write_text(values, "json")) == values


@fuzz
@given(body=BODIES | st.binary(max_size=200))
def test_bodies_of_the_api_are_read_or_refused(lap: int, body: bytes) -> None:
    """Sabotage seen to fail: `StrictJsonParser` that decodes outside of its try."""
    try:
        value = StrictJsonParser().parse(io.BytesIO(body))
    except ParseError:
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value
