"""Why a webhook request was refused, for staff: the sender is told nothing but 401.

It is looked for only once the request is refused, and no secret is compared with anything here: only which headers
came, and how old the timestamp is. So the time it takes tells a stranger nothing about a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.vapi.signing import TOLERANCE_SECONDS, BearerPlan, HmacPlan, Plan, Request

LONGEST_GAP = 10**10  # seconds; more is told as so many


class RefusalKind(StrEnum):
    """What was wrong. They stand in order: a later one came closer to being let in."""

    UNREADABLE = "unreadable"
    NO_SECRETS = "no-secrets"
    NO_HEADER = "no-header"
    NO_PREFIX = "no-prefix"
    EXPIRED = "expired"
    NO_TIMESTAMP = "no-timestamp"
    NO_MESSAGE_ID = "no-message-id"
    CLOCK = "clock"
    WRONG_SECRET = "wrong-secret"  # noqa: S105 - a word for what was wrong
    WRONG_SIGNATURE = "wrong-signature"


_CLOSENESS = {kind: place for place, kind in enumerate(RefusalKind)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What was wrong, and about which header or by how many seconds; never anything of the request's own text."""

    kind: RefusalKind
    about: str = ""

    def __str__(self) -> str:
        """Return it as one line that ``read_refusal`` reads."""
        return f"{self.kind}: {self.about}" if self.about else self.kind.value


def read_refusal(text: str) -> Refusal | None:
    """Return the refusal that was written so; None for any other text."""
    kind, _, about = text.partition(": ")
    return Refusal(kind=RefusalKind(kind), about=about) if kind in _CLOSENESS else None


def find_refusal(plans: Iterable[Plan], request: Request, *, now: datetime) -> Refusal:
    """Return why no plan let the request in: what the plan says that came closest."""
    found = [_judge(plan, request, now) for plan in plans]
    if not found:
        return Refusal(kind=RefusalKind.NO_SECRETS)
    closest = max(found, key=lambda refusal: _CLOSENESS[refusal.kind])
    same = dict.fromkeys(refusal.about for refusal in found if refusal.kind is closest.kind)
    return Refusal(kind=closest.kind, about=", ".join(same)[:200])


def _judge(plan: Plan, request: Request, now: datetime) -> Refusal:
    header = plan.header if isinstance(plan, BearerPlan) else plan.signature_header
    if not request.header(header):
        return Refusal(kind=RefusalKind.NO_HEADER, about=header)
    if plan.expires_at is not None and now >= plan.expires_at:
        return Refusal(kind=RefusalKind.EXPIRED, about=header)
    return _judge_bearer(plan, request) if isinstance(plan, BearerPlan) else _judge_hmac(plan, request, now)


def _judge_bearer(plan: BearerPlan, request: Request) -> Refusal:
    lacks_prefix = plan.with_prefix and not request.header(plan.header).lower().startswith("bearer ")
    kind = RefusalKind.NO_PREFIX if lacks_prefix else RefusalKind.WRONG_SECRET
    return Refusal(kind=kind, about=plan.header)


def _judge_hmac(plan: HmacPlan, request: Request, now: datetime) -> Refusal:
    if "{timestamp}" in plan.payload:
        gap = _gap_seconds(request.header(plan.timestamp_header), now)
        if gap is None:
            return Refusal(kind=RefusalKind.NO_TIMESTAMP, about=plan.timestamp_header)
        if abs(gap) > TOLERANCE_SECONDS:
            return Refusal(kind=RefusalKind.CLOCK, about=f"{gap:+d}")
    if "{svix-id}" in plan.payload and not request.header(plan.message_id_header):
        return Refusal(kind=RefusalKind.NO_MESSAGE_ID, about=plan.message_id_header)
    return Refusal(kind=RefusalKind.WRONG_SIGNATURE, about=plan.signature_header)


def _gap_seconds(timestamp: str, now: datetime) -> int | None:
    """Return by how much our clock is ahead of the timestamp; None where it is no timestamp."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) in {10, 13}):
        return None
    seconds = int(timestamp) / (1000 if len(timestamp) == 13 else 1)
    return max(-LONGEST_GAP, min(LONGEST_GAP, round(now.timestamp() - seconds)))
