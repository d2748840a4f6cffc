"""Why a request was refused, told without comparing or repeating anything secret."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from routing.vapi.refusal import Refusal, RefusalKind, find_refusal, read_refusal
from routing.vapi.signing import read_plan
from tests.vapi.sent import SentRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BEARER = {"type": "bearer", "token": "s3cret-token"}
VAPI_SECRET = {"type": "bearer", "token": "s3cret-token", "headerName": "X-Vapi-Secret", "bearerPrefixEnabled": False}
HMAC = {"type": "hmac", "secretKey": "s3cret-key"}
SVIX = {**HMAC, "payloadFormat": "{svix-id}.{timestamp}.{body}"}
OVER = {"expiresAt": (NOW - timedelta(days=1)).isoformat()}
STAMP = str(int(NOW.timestamp()))


def stamp(seconds: int, digits: int = 10) -> str:
    return str(int((NOW.timestamp() + seconds) * (1000 if digits == 13 else 1)))


CASES: dict[str, tuple[list[dict[str, Any]], dict[str, str], str]] = {
    "nothing is configured": ([], {"authorization": "Bearer x"}, "no-secrets"),
    "no header at all": ([BEARER, VAPI_SECRET], {}, "no-header: authorization, x-vapi-secret"),
    "an empty header": ([BEARER], {"authorization": " "}, "no-header: authorization"),
    "the word Bearer is missing": ([BEARER], {"authorization": "s3cret-token"}, "no-prefix: authorization"),
    "another token": ([BEARER], {"authorization": "Bearer guess"}, "wrong-secret: authorization"),
    "another token, without the word": ([VAPI_SECRET], {"x-vapi-secret": "guess"}, "wrong-secret: x-vapi-secret"),
    "the secret is over": ([BEARER | OVER], {"authorization": "Bearer guess"}, "expired: authorization"),
    "no signature": ([HMAC], {"x-timestamp": STAMP}, "no-header: x-signature"),
    "no timestamp": ([HMAC], {"x-signature": "ab"}, "no-timestamp: x-timestamp"),
    "an odd timestamp": ([HMAC], {"x-signature": "ab", "x-timestamp": "yesterday"}, "no-timestamp: x-timestamp"),
    "our clock is ahead": ([HMAC], {"x-signature": "ab", "x-timestamp": stamp(-412)}, "clock: +412"),
    "our clock is behind": ([HMAC], {"x-signature": "ab", "x-timestamp": stamp(3600, 13)}, "clock: -3600"),
    "within five minutes": ([HMAC], {"x-signature": "ab", "x-timestamp": stamp(-299)}, "wrong-signature: x-signature"),
    "no message id": ([SVIX], {"x-signature": "ab", "x-timestamp": STAMP}, "no-message-id: svix-id"),
    "another signature": ([HMAC], {"x-signature": "ab", "x-timestamp": STAMP}, "wrong-signature: x-signature"),
    "the plan that came closest speaks": (
        [BEARER, HMAC],
        {"x-signature": "ab", "x-timestamp": stamp(-999)},
        "clock: +999",
    ),
}


@pytest.mark.parametrize(("plans", "headers", "expected"), CASES.values(), ids=CASES)
def test_the_reason(plans: list[dict[str, Any]], headers: dict[str, str], expected: str) -> None:
    refusal = find_refusal(map(read_plan, plans), SentRequest(headers=headers), now=NOW)

    assert str(refusal) == expected
    assert read_refusal(str(refusal)) == refusal


@pytest.mark.parametrize("text", ["", "assistant-request", "clockwork: +3", "2 bytes"])
def test_other_texts_are_no_refusal(text: str) -> None:
    assert read_refusal(text) is None


def test_a_reason_repeats_nothing_that_was_sent_and_no_secret() -> None:
    sent = {"authorization": "Bearer sent-token", "x-signature": "sent-signature", "x-timestamp": "9" * 13}

    told = [
        str(find_refusal([read_plan(plan)], SentRequest(headers=sent), now=NOW)) for plan in (BEARER, HMAC, VAPI_SECRET)
    ]

    assert not any("sent" in text or "s3cret" in text for text in told)


def test_the_line_is_never_longer_than_the_column_that_holds_it() -> None:
    plans = [read_plan(BEARER | {"headerName": f"X-{number}-{'x' * 80}"}) for number in range(9)]

    assert len(str(find_refusal(plans, SentRequest(), now=NOW))) <= 255


def test_every_kind_can_be_read() -> None:
    assert [read_refusal(kind.value) for kind in RefusalKind] == [Refusal(kind=kind) for kind in RefusalKind]
