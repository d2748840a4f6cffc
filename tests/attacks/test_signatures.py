"""Somebody who overheard a signed message, or knows how the signature is made, but not the secret."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest

from routing.models import WebhookSecret
from routing.snapshot import store
from tests.webhook.adapters import send_to_lane

KEY, BODY = b"key", b'{"message": {"type": "hang"}}'


def sign(timestamp: str, body: bytes = BODY, *, key: bytes = KEY, algorithm: str = "sha256") -> str:
    return hmac.new(key, timestamp.encode() + b"." + body, algorithm).hexdigest()


@pytest.fixture
def now(published: None) -> str:
    """The time of the message, where nothing but a signature lets in."""
    WebhookSecret.objects.create(name="signed", kind="hmac", secret=KEY.decode())
    store.reset()
    return str(int(time.time()))


def is_let_in(signature: str, timestamp: str, body: bytes = BODY) -> bool:
    status = send_to_lane(body, {"X-Signature": signature, "X-Timestamp": timestamp})[0]
    assert status in {200, 401}
    return status == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda right: "",
        lambda right: right[:-1],
        lambda right: right[: len(right) // 2],
        lambda right: right[::-1],
        lambda right: right[32:] + right[:32],
        lambda right: right + right,
        lambda right: right + "0",
        lambda right: "sha256=" + right,
        lambda right: ("0" if right[0] != "0" else "1") + right[1:],
        lambda right: right[:-1] + ("0" if right[-1] != "0" else "1"),
        lambda right: "0" * 64,
        lambda right: right + "\0",
        lambda right: right + ",v1=" + right,
        lambda right: "\u0430" + right[1:],
        lambda right: "f" * 60_000,
    ],
)
def test_a_signature_that_was_touched_is_refused(now: str, change: object) -> None:
    """Sabotage seen to fail: `_verify_hmac` that compares only as much as was given (`startswith`)."""
    right = sign(now)

    assert is_let_in(right, now)
    assert not is_let_in(change(right), now)  # type: ignore[operator]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha512", "sha384"])
def test_the_sender_does_not_choose_the_algorithm(now: str, algorithm: str) -> None:
    """Sabotage seen to fail: a plan whose algorithm follows from the signature's length."""
    assert not is_let_in(sign(now, algorithm=algorithm), now)
    assert not is_let_in(hashlib.sha256(f"{now}.".encode() + BODY).hexdigest(), now)
    assert not is_let_in(sign(now, key=b""), now)


@pytest.mark.parametrize("seconds", [-301, -3600, -86_400 * 365, 302, 86_400])
def test_an_overheard_message_cannot_be_sent_again(now: str, seconds: int) -> None:
    """Sabotage seen to fail: `_is_fresh` that always says yes."""
    then = str(int(now) + seconds)

    assert not is_let_in(sign(then), then)
    assert not is_let_in(sign(then), now)


@pytest.mark.parametrize(
    "timestamp", ["", "0", "-1", "nan", "1e10", "9" * 10_000, "\u0661" * 10, " ", "0x65000000", "+1787173368"]
)
def test_a_timestamp_that_is_none_is_refused_though_signed(now: str, timestamp: str) -> None:
    """Sabotage seen to fail: `_is_fresh` that always says yes."""
    wire = timestamp.encode("utf-8").decode("latin-1")
    signature = hmac.new(KEY, timestamp.encode() + b"." + BODY, "sha256").hexdigest()

    assert not is_let_in(signature, wire)


def test_parts_of_the_signed_text_cannot_change_places(now: str) -> None:
    """Sabotage seen to fail: a signed text without the dot between timestamp and body."""
    assert not is_let_in(sign(now), now + BODY.decode()[:1], BODY[1:])
    assert not is_let_in(sign(now), now, BODY + b" ")
    assert not is_let_in(sign(now), now[:-1], now[-1:].encode() + b"." + BODY)
