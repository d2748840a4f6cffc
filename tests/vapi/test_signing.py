"""Webhook authentication: Vapi's documented vectors, and everything a stranger may try."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from routing.vapi.signing import PlanError, read_plan, verify
from tests.vapi.sent import SentRequest

FILE = json.loads((Path(__file__).parent / "hmac_vectors.json").read_text(encoding="utf-8"))
VECTORS: dict[str, Any] = FILE["vectors"]
SENT_AT = datetime.fromtimestamp(1787173368, UTC)
BODY = b'{"message":{}}'
URL = "https://calls.example.test/vapi/webhook"
BEARER = {"type": "bearer", "token": "s3cret"}
VAPI_SECRET = {"type": "bearer", "token": "s3cret", "headerName": "X-Vapi-Secret", "bearerPrefixEnabled": False}
HMAC = {"type": "hmac", "secretKey": "key", "algorithm": "sha256"}


def check(plan: dict[str, Any], headers: dict[str, str], body: bytes = BODY, now: datetime = SENT_AT) -> bool:
    return verify(read_plan(plan), SentRequest(headers=headers, body=body, url=URL), now=now)


def sign(payload: bytes, *, key: bytes = b"key", algorithm: str = "sha256") -> str:
    return hmac.new(key, payload, getattr(hashlib, algorithm)).hexdigest()


def check_vector(name: str, *, body: bytes | None = None, now: datetime = SENT_AT, **headers: str) -> bool:
    vector = VECTORS[name]
    sent = {key.lower(): value for key, value in vector["headers"].items()} | headers
    body = FILE["body"].encode() if body is None else body
    request = SentRequest(headers=sent, body=body, method=FILE["method"], url=FILE["url"])
    return verify(read_plan(vector["plan"]), request, now=now)


@pytest.mark.parametrize("name", VECTORS)
def test_a_documented_signature_is_accepted(name: str) -> None:
    assert check_vector(name)


@pytest.mark.parametrize("name", VECTORS)
def test_a_changed_body_is_refused(name: str) -> None:
    """Sabotage seen to fail: let `_verify_hmac` take any signature."""
    assert not check_vector(name, body=FILE["body"].encode() + b" ")


TIMED = ["default_sha256_hex", "default_timestamp_ms", "svix_style"]


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(("minutes", "accepted"), [(-5.1, False), (-4.9, True), (4.9, True), (5.1, False)], ids=str)
def test_a_signed_timestamp_holds_five_minutes_each_way(name: str, minutes: float, accepted: bool) -> None:
    """Sabotage seen to fail: let `_is_fresh` take any instant."""
    assert check_vector(name, now=SENT_AT + timedelta(minutes=minutes)) is accepted


def test_a_signature_without_timestamp_has_no_age() -> None:
    assert check_vector("github_style", now=SENT_AT + timedelta(days=400))


@pytest.mark.parametrize(
    ("plan", "headers", "accepted"),
    [
        (BEARER, {"Authorization": "Bearer s3cret"}, True),
        (BEARER, {"Authorization": "bEARER   s3cret "}, True),
        (BEARER, {"Authorization": "s3cret"}, False),
        (BEARER, {"Authorization": "Basic s3cret"}, False),
        (BEARER, {"Authorization": "Bearer s3cret2"}, False),
        (BEARER, {"Authorization": "Bearer S3CRET"}, False),
        (BEARER, {"Authorization": "Bearer"}, False),
        (BEARER, {"Authorization": "Bearer "}, False),
        (BEARER, {"Authorization": ""}, False),
        (BEARER, {}, False),
        (BEARER, {"X-Vapi-Secret": "s3cret"}, False),
        (VAPI_SECRET, {"X-Vapi-Secret": "s3cret"}, True),
        (VAPI_SECRET, {"X-Vapi-Secret": "Bearer s3cret"}, False),
        (VAPI_SECRET, {"Authorization": "Bearer s3cret"}, False),
        (VAPI_SECRET, {"X-Vapi-Secret": ""}, False),
        (BEARER | {"headerName": "X-Token"}, {"x-token": "Bearer s3cret"}, True),
        (BEARER | {"headerName": ""}, {"Authorization": "Bearer s3cret"}, True),
        (BEARER | {"bearerPrefixEnabled": False}, {"Authorization": "s3cret"}, True),
        (BEARER | {"token": "pässword"}, {"Authorization": "Bearer pässword".encode().decode("latin-1")}, True),
        (BEARER, {"Authorization": "Bearer \u20ac\ud800"}, False),
        (BEARER, {"Authorization": "Bearer \xff\xfe"}, False),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
def test_bearer(plan: dict[str, Any], headers: dict[str, str], accepted: bool) -> None:
    assert check(plan, headers) is accepted


NOW = "1787173368"


@pytest.mark.parametrize(
    ("options", "payload", "algorithm"),
    [
        ({}, b"1787173368." + BODY, "sha256"),
        ({"algorithm": "sha512"}, b"1787173368." + BODY, "sha512"),
        ({"algorithm": "sha1"}, b"1787173368." + BODY, "sha1"),
        ({"payloadFormat": ""}, b"1787173368." + BODY, "sha256"),
        ({"payloadFormat": "{method} {url}\n{body}"}, b"POST " + URL.encode() + b"\n" + BODY, "sha256"),
        ({"payloadFormat": "{body}{body}"}, BODY + BODY, "sha256"),
        ({"payloadFormat": "{svix-id}.{body}"}, b"msg_1." + BODY, "sha256"),
        ({"payloadFormat": "{other}{body}"}, b"{other}" + BODY, "sha256"),
        ({"includeTimestamp": False}, BODY, "sha256"),
        # An explicit format is taken at its word; only the default one knows about includeTimestamp.
        ({"includeTimestamp": False, "payloadFormat": "{timestamp}{body}"}, b"1787173368" + BODY, "sha256"),
    ],
    ids=str,
)
def test_each_option_of_the_signed_payload(options: dict[str, Any], payload: bytes, algorithm: str) -> None:
    """Sabotage seen to fail: let `_verify_hmac` take any signature."""
    headers = {"x-signature": sign(payload, algorithm=algorithm), "x-timestamp": NOW, "svix-id": "msg_1"}

    assert check(HMAC | options, headers)
    assert not check(HMAC | options | {"secretKey": "another"}, headers)


def test_tokens_in_the_body_are_not_replaced() -> None:
    body = b"{timestamp}{url}"

    assert check(HMAC, {"x-signature": sign(b"1787173368." + body), "x-timestamp": NOW}, body)


RIGHT = sign(b"1787173368." + BODY)
RIGHT_BASE64 = base64.b64encode(bytes.fromhex(RIGHT)).decode()


@pytest.mark.parametrize(
    ("options", "headers", "accepted"),
    [
        ({}, {"x-signature": RIGHT.upper()}, True),
        ({}, {"x-signature": f" {RIGHT} "}, True),
        ({}, {"x-signature": RIGHT[:-1]}, False),
        ({}, {"x-signature": ""}, False),
        ({}, {}, False),
        ({}, {"x-signature": "\xff" * 64}, False),
        ({}, {"x-signature": "\ud800€"}, False),
        ({}, {"x-signature": RIGHT_BASE64}, False),
        ({"signatureEncoding": "base64"}, {"x-signature": RIGHT_BASE64}, True),
        ({"signatureEncoding": "base64"}, {"x-signature": RIGHT_BASE64.rstrip("=")}, True),
        ({"signatureEncoding": "base64"}, {"x-signature": "%%%not base64"}, False),
        ({"signatureEncoding": "base64"}, {"x-signature": "===="}, False),
        ({"signaturePrefix": "v1="}, {"x-signature": f"v1={RIGHT}"}, True),
        ({"signaturePrefix": "v1="}, {"x-signature": RIGHT}, False),
        ({"signaturePrefix": "v1="}, {"x-signature": "v1="}, False),
        ({"signatureHeader": "X-Sig"}, {"x-sig": RIGHT}, True),
        ({"signatureHeader": "X-Sig"}, {"x-signature": RIGHT}, False),
        ({"timestampHeader": "X-When"}, {"x-signature": RIGHT, "x-timestamp": "", "x-when": NOW}, True),
        ({}, {"x-signature": RIGHT, "x-timestamp": ""}, False),
        ({}, {"x-signature": RIGHT, "x-timestamp": "soon"}, False),
        ({}, {"x-signature": RIGHT, "x-timestamp": "١٧٨٧١٧٣٣٦٨"}, False),
        ({}, {"x-signature": RIGHT, "x-timestamp": "9" * 5000}, False),
        ({"payloadFormat": "{svix-id}{body}"}, {"x-signature": sign(BODY)}, False),
        ({"secretIsBase64": True, "secretKey": "a2V5"}, {"x-signature": RIGHT}, True),
    ],
    ids=str,
)
def test_signatures_as_they_arrive(options: dict[str, Any], headers: dict[str, str], accepted: bool) -> None:
    """Sabotage seen to fail: let `_verify_hmac` take any signature."""
    assert check(HMAC | options, {"x-timestamp": NOW} | headers) is accepted


def test_milliseconds_outside_five_minutes_are_refused() -> None:
    """Sabotage seen to fail: let `_is_fresh` take any instant."""
    assert not check_vector("default_timestamp_ms", now=SENT_AT + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("expires_at", "accepted"),
    [
        (None, True),
        ("", True),
        ((SENT_AT + timedelta(seconds=1)).isoformat(), True),
        (SENT_AT.isoformat(), False),
        ("2026-08-19T00:00:00Z", False),
        ("2026-08-19T00:00:00", False),
    ],
)
@pytest.mark.parametrize(
    ("plan", "headers"),
    [(BEARER, {"authorization": "Bearer s3cret"}), (HMAC, {"x-signature": RIGHT, "x-timestamp": NOW})],
    ids=["bearer", "hmac"],
)
def test_an_expired_secret_is_refused(
    plan: dict[str, Any], headers: dict[str, str], expires_at: str | None, accepted: bool
) -> None:
    assert check(plan | {"expiresAt": expires_at}, headers) is accepted


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        ({}, "type is None"),
        ({"type": "oauth2"}, "write bearer or hmac"),
        ({"type": "bearer"}, "token is empty"),
        ({"type": "bearer", "token": "  "}, "token is empty"),
        ({"type": "hmac", "algorithm": "sha256"}, "secretKey is empty"),
        (HMAC | {"algorithm": "md5"}, "algorithm is 'md5'"),
        (HMAC | {"signatureEncoding": "rot13"}, "signatureEncoding"),
        (HMAC | {"secretIsBase64": True, "secretKey": "%%%"}, "not base64"),
        (HMAC | {"secretIsBase64": True, "secretKey": "===="}, "secretKey"),
        (HMAC | {"payloadFormat": "{timestamp}"}, "leaves {body} out"),
        (BEARER | {"expiresAt": "tomorrow"}, "expiresAt is 'tomorrow'"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_check_anything_is_refused(plan: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PlanError, match=complaint.replace("{", r"\{")):
        read_plan(plan)
