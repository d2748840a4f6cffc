"""Carry a request for calls out once, however often and wherever it comes in.

The claim of a request is committed in one transaction with the rows of its calls, before anything is sent. So a process
that dies leaves either nothing at all, or a claim that keeps the request from being sent again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, IntegrityError
from django.db.models import QuerySet

from routing.models import ApiKey, Call, CallState, ClaimKind, ClaimState, RequestClaim
from routing.services.place_call import LOST_AFTER, Claim, OutcomeUnknown, give_up
from routing.vapi.errors import VapiError

KEY_LIFE = timedelta(hours=24)
# Of a body that was answered. Without an answer it stays the same request until it is settled what became of it.
CONTENT_LIFE = timedelta(seconds=60)

logger = logging.getLogger(__name__)


class RequestRunning(Exception):
    """The same request is being carried out right now."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("The same request is being carried out right now: ask again in a moment for its answer.")


class KeyReused(Exception):
    """An Idempotency-Key came again with another body. Nothing was sent."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("This Idempotency-Key was used for another body: send a new key with a new request.")


class _TakenMeanwhile(Exception):
    """Another process has taken the request; our transaction is rolled back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestIdentity:
    """By what a request is recognised: its Idempotency-Key, or without one its body; both only for the same API key."""

    api_key: ApiKey
    fingerprint: str
    key: str | None = None

    @property
    def kind(self) -> ClaimKind:
        """What it is recognised by."""
        return ClaimKind.CONTENT if self.key is None else ClaimKind.KEY

    @property
    def digest(self) -> str:
        """What is stored for it."""
        return self.fingerprint if self.key is None else _sha256(self.key)

    def claims(self) -> QuerySet[RequestClaim]:
        """Return the claim of this request, expired or not, if there is one."""
        return RequestClaim.objects.filter(api_key=self.api_key, kind=self.kind, digest=self.digest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The answer to a request, and whether it was given before."""

    body: dict[str, Any]
    replayed: bool


def fingerprint(body: Mapping[str, Any], campaign: str | None = None) -> str:
    """Return the same text for the same request: order and spaces of the body do not count."""
    return _sha256(json.dumps([body, campaign], sort_keys=True, separators=(",", ":")))


def answer_once(identity: RequestIdentity, *, now: datetime, run: Callable[[Claim], dict[str, Any]]) -> Answered:
    """Return the answer of ``run``, or the one that the same request got before.

    ``run`` gets the claim, to take it in the transaction that opens the rows and to renew it while that goes on.
    Raises RequestRunning, KeyReused, OutcomeUnknown, DatabaseError before anything is sent, and what ``run`` raises.
    """
    earlier = _find_answer(identity, now)
    if earlier is not None:
        return earlier
    claim = _Claim(identity=identity, now=now, begun=time.monotonic())
    try:
        body = run(claim)
    except _TakenMeanwhile:
        return _answer_after_losing(identity, now)
    except OutcomeUnknown as error:
        claim.settle(ClaimState.UNKNOWN, life=KEY_LIFE, call_id=error.call_id)
        raise
    except VapiError:
        # Nothing was placed, so the same request may be sent again.
        claim.release()
        raise
    claim.settle(ClaimState.ANSWERED, life=_life(identity), answer=json.dumps(body))
    return Answered(body=body, replayed=False)


def forget_expired(now: datetime) -> int:
    """Delete the claims that no longer hold anything back, and return how many there were."""
    return RequestClaim.objects.filter(expires_at__lte=now).delete()[0]


def _find_answer(identity: RequestIdentity, now: datetime) -> Answered | None:
    """Return the answer that the request got before, None for a new one; raises what else is to be said."""
    claim = identity.claims().first()
    if claim is None:
        return None
    if claim.expires_at <= now:
        identity.claims().filter(expires_at__lte=now).delete()
        return None
    if claim.fingerprint != identity.fingerprint:
        raise KeyReused
    if claim.state == ClaimState.ANSWERED:
        if not claim.answer:  # no key opens it any more
            raise OutcomeUnknown(claim.call_id or claim.pk, replayed=True)
        return Answered(body=json.loads(claim.answer), replayed=True)
    heard_at = claim.expires_at - KEY_LIFE
    if claim.state == ClaimState.RUNNING and heard_at > now - LOST_AFTER:
        raise RequestRunning
    rows = {"api_key": claim.api_key_id, "decided_at": claim.started_at}  # a batch has several
    give_up(now, **rows)
    if claim.kind == ClaimKind.CONTENT and heard_at <= now - CONTENT_LIFE and _is_settled(rows):
        claim.delete()
        return None
    raise OutcomeUnknown(claim.call_id or claim.pk, replayed=True)


def _is_settled(rows: Mapping[str, Any]) -> bool:
    """Tell whether a body that got no answer may come again: reconciling or messages told what became of its calls."""
    calls = Call.objects.filter(**rows)
    return calls.exists() and not calls.filter(state__in=(CallState.SENDING, CallState.UNKNOWN)).exists()


def _answer_after_losing(identity: RequestIdentity, now: datetime) -> Answered:
    """Whoever was faster may have been refused meanwhile, and then its claim is gone: asking again is safe."""
    earlier = _find_answer(identity, now)
    if earlier is None:
        raise RequestRunning
    return earlier


@dataclass(frozen=True, kw_only=True, slots=True)
class _Claim:
    """Without an answer, the claim's ``expires_at`` is ``KEY_LIFE`` after its process was last heard of."""

    identity: RequestIdentity
    now: datetime
    begun: float  # seconds of this process's clock
    id: UUID = field(default_factory=uuid4)

    def take(self, call_id: UUID) -> None:
        """Claim the request within the transaction that opens its rows; raises _TakenMeanwhile, which ends it.

        So no savepoint is needed, which would be two more ways to the database and back.
        """
        identity = self.identity
        try:
            RequestClaim.objects.create(
                id=self.id,
                api_key=identity.api_key,
                kind=identity.kind,
                digest=identity.digest,
                fingerprint=identity.fingerprint,
                call_id=call_id,
                started_at=self.now,
                expires_at=self.now + KEY_LIFE,
            )
        except IntegrityError as error:
            raise _TakenMeanwhile from error

    def renew(self) -> None:
        """Say that the request is still being carried out. A fault here must not end a batch that is under way."""
        self._note(lambda row: row.update(expires_at=self._in(KEY_LIFE)))

    def settle(self, state: ClaimState, *, life: timedelta, **columns: Any) -> None:
        """Note the answer. A fault here must not hide it: whoever gets an error would ask again."""
        # Its life begins with the answer: whoever waited for it as long as a batch takes may ask again only then.
        self._note(lambda row: row.update(state=state, expires_at=self._in(life), **columns))

    def release(self) -> None:
        """Let the same request be carried out anew."""
        self._note(lambda row: row.delete())

    def _in(self, life: timedelta) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.begun) + life

    def _note(self, change: Callable[[QuerySet[RequestClaim]], object]) -> None:
        try:
            change(RequestClaim.objects.filter(pk=self.id))
        except DatabaseError:
            logger.exception("What became of the request %s could not be noted", self.id)


def _life(identity: RequestIdentity) -> timedelta:
    return CONTENT_LIFE if identity.key is None else KEY_LIFE


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
