"""Decides whether a webhook request was sent by somebody who knows our secret.

A plan has the words of Vapi's own authentication plans, so what staff typed there can be typed here. Sources: Vapi's
OpenAPI schemas `BearerAuthenticationPlan` and `HMACAuthenticationPlan`. The unit of the timestamp is not documented:
ten digits are taken as seconds, thirteen as milliseconds.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

TOLERANCE_SECONDS = 300
ALGORITHMS = frozenset({"sha256", "sha512", "sha1"})
ENCODINGS = frozenset({"hex", "base64"})
DEFAULT_PAYLOAD = "{timestamp}.{body}"
UNTIMED_PAYLOAD = "{body}"
_TOKEN = re.compile(r"(\{(?:body|timestamp|method|url|svix-id)\})")
_UNITS = {10: 1, 13: 1000}  # digits of a timestamp, and how many of its units are a second


class PlanError(ValueError):
    """An authentication plan that nothing can be checked with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BearerPlan:
    """A secret that stands in a header as it is, by default after the word ``Bearer``."""

    token: bytes
    header: str
    with_prefix: bool
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HmacPlan:
    """A signature over the request. ``payload`` is the format, cut into literal bytes and ``tokens``.

    ``keyed`` has taken in the secret and nothing else; a copy of it costs less than a new one for each request.
    """

    keyed: hmac.HMAC
    payload: tuple[str | bytes, ...]
    tokens: frozenset[str]
    signature_header: str
    signature_prefix: str
    encoding: str
    timestamp_header: str
    message_id_header: str
    expires_at: datetime | None


Plan = BearerPlan | HmacPlan


class Request(Protocol):
    """What can be signed of a request."""

    @property
    def body(self) -> bytes:
        """What follows the headers."""

    @property
    def method(self) -> str:
        """The word of the request's first line."""

    @property
    def url(self) -> str:
        """The address that Vapi called."""

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, nothing where there is none.

        It comes without outer blanks, as WSGI hands it over (bytes read as Latin-1).
        """


def read_plan(plan: Mapping[str, Any]) -> Plan:
    """Return the plan prepared for checking.

    Raises PlanError for a plan without a secret, with an unknown word, or whose signature leaves the body out.
    """
    match plan.get("type"):
        case "bearer":
            return _read_bearer(plan)
        case "hmac":
            return _read_hmac(plan)
        case other:
            raise PlanError(f"type is {other!r}: write bearer or hmac")


def verify(plan: Plan, request: Request, *, now: datetime) -> bool:
    """Tell whether the request proves knowledge of the plan's secret at this instant.

    Nothing that a stranger can send makes this raise, and the comparison takes the same time wherever the first
    difference lies.
    """
    if plan.expires_at is not None and now >= plan.expires_at:
        return False
    if isinstance(plan, BearerPlan):
        return _verify_bearer(plan, request)
    return _verify_hmac(plan, request, now)


def _read_bearer(plan: Mapping[str, Any]) -> BearerPlan:
    return BearerPlan(
        token=_read_secret(plan, "token"),
        header=_read_word(plan, "headerName", "authorization").lower(),
        with_prefix=plan.get("bearerPrefixEnabled") is not False,
        expires_at=_read_expiry(plan),
    )


def _read_hmac(plan: Mapping[str, Any]) -> HmacPlan:
    text = _read_secret(plan, "secretKey")
    secret = _decode_secret(text) if plan.get("secretIsBase64") else text
    payload = _read_payload(plan)
    return HmacPlan(
        keyed=hmac.new(secret, digestmod=_read_choice(plan, "algorithm", "sha256", ALGORITHMS)),
        payload=payload,
        tokens=frozenset(part for part in payload if isinstance(part, str)),
        signature_header=_read_word(plan, "signatureHeader", "x-signature").lower(),
        signature_prefix=str(plan.get("signaturePrefix") or ""),
        encoding=_read_choice(plan, "signatureEncoding", "hex", ENCODINGS),
        timestamp_header=_read_word(plan, "timestampHeader", "x-timestamp").lower(),
        message_id_header=_read_word(plan, "messageIdHeader", "svix-id").lower(),
        expires_at=_read_expiry(plan),
    )


def _read_word(plan: Mapping[str, Any], name: str, default: str) -> str:
    return str(plan.get(name) or "").strip() or default


def _read_choice(plan: Mapping[str, Any], name: str, default: str, allowed: frozenset[str]) -> str:
    word = _read_word(plan, name, default).lower()
    if word not in allowed:
        raise PlanError(f"{name} is {word!r}: write one of {', '.join(sorted(allowed))}")
    return word


def _read_secret(plan: Mapping[str, Any], name: str) -> bytes:
    # An empty secret would be matched by an empty header. Outer spaces cannot travel in a header at all.
    secret = str(plan.get(name) or "").strip()
    if not secret:
        raise PlanError(f"{name} is empty: write the secret that Vapi has")
    return secret.encode("utf-8", "surrogatepass")


def _decode_secret(secret: bytes) -> bytes:
    try:
        decoded = base64.b64decode(secret, validate=True)
    except binascii.Error as error:
        raise PlanError("secretKey is not base64, as secretIsBase64 says it is") from error
    if not decoded:
        raise PlanError("secretKey is empty once it is decoded from base64")
    return decoded


def _read_payload(plan: Mapping[str, Any]) -> tuple[str | bytes, ...]:
    default = UNTIMED_PAYLOAD if plan.get("includeTimestamp") is False else DEFAULT_PAYLOAD
    parts = tuple(_TOKEN.split(str(plan.get("payloadFormat") or "") or default))
    if "{body}" not in parts:
        # Whoever saw one such signature could put any body under it.
        raise PlanError("payloadFormat leaves {body} out, so the signature would not protect what is sent")
    return tuple(part if _TOKEN.fullmatch(part) else part.encode("utf-8", "surrogatepass") for part in parts if part)


def _read_expiry(plan: Mapping[str, Any]) -> datetime | None:
    text = plan.get("expiresAt")
    if not text:
        return None
    try:
        expires_at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise PlanError(f"expiresAt is {text!r}: write a date and time such as 2026-12-31T12:00:00Z") from error
    return expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)


def _verify_bearer(plan: BearerPlan, request: Request) -> bool:
    given = request.header(plan.header)
    if plan.with_prefix:
        scheme, _, given = given.partition(" ")
        if scheme.lower() != "bearer":  # the scheme's case does not matter: RFC 7235 §2.1
            return False
    return hmac.compare_digest(_wire(given.strip()), plan.token)


def _verify_hmac(plan: HmacPlan, request: Request, now: datetime) -> bool:
    signature = request.header(plan.signature_header)
    if not signature or not signature.startswith(plan.signature_prefix):
        return False  # before the body is waited for
    payload = _signed_payload(plan, request, now)
    if payload is None:
        return False
    keyed = plan.keyed.copy()
    keyed.update(payload)
    digest = keyed.digest()
    given = signature.removeprefix(plan.signature_prefix)
    if plan.encoding == "hex":
        return hmac.compare_digest(_wire(given.lower()), digest.hex().encode())
    return hmac.compare_digest(_wire(given.rstrip("=")), base64.b64encode(digest).rstrip(b"="))


def _signed_payload(plan: HmacPlan, request: Request, now: datetime) -> bytes | None:
    """Return the bytes that were signed; None when a part of them is missing or too old."""
    if "{timestamp}" in plan.tokens and not _is_fresh(request.header(plan.timestamp_header), now):
        return None
    if "{svix-id}" in plan.tokens and not request.header(plan.message_id_header):
        return None
    # One pass over the cut format: a body that happens to contain "{url}" is left alone.
    return b"".join([part if isinstance(part, bytes) else _SIGNED[part](plan, request) for part in plan.payload])


# What stands for each token of a format, as it came over the wire.
_SIGNED: Mapping[str, Callable[[HmacPlan, Request], bytes]] = {
    "{body}": lambda plan, request: request.body,
    "{timestamp}": lambda plan, request: _wire(request.header(plan.timestamp_header)),
    "{method}": lambda plan, request: _wire(request.method),
    "{url}": lambda plan, request: _wire(request.url),
    "{svix-id}": lambda plan, request: _wire(request.header(plan.message_id_header)),
}


def _is_fresh(timestamp: str, now: datetime) -> bool:
    unit = _UNITS.get(len(timestamp))
    if unit is None or not (timestamp.isascii() and timestamp.isdecimal()):
        return False
    seconds = int(timestamp) / unit
    return abs(now.timestamp() - seconds) <= TOLERANCE_SECONDS


def _wire(text: str) -> bytes:
    """Return the bytes that came over the wire; text that WSGI cannot have made is simply not equal to them."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
