"""What is left to do before the first real call is routed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from routing.engine.context import Channel
from routing.models import Call, LiveState, OurNumber, Rule, SyncRun, SyncState, TableSettings, Target
from routing.services.count_messages import was_ever_accepted
from routing.snapshot import store


class Step(StrEnum):
    """The steps, in the order in which they are best done."""

    CONNECT = "connect"
    SYNC = "sync"
    TARGETS = "targets"
    NUMBERS = "numbers"
    DEFAULT_TARGET = "default-target"
    FIRST_RULE = "first-rule"
    PUBLISH = "publish"
    SECRET = "secret"  # noqa: S105 - a step, not a secret
    SERVER_URL = "server-url"
    TEST_CALL = "test-call"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One step, and whether it is done."""

    step: Step
    done: bool


def read_checklist() -> tuple[Progress, ...]:
    """Return every step with its state."""
    return tuple(Progress(step=step, done=_CHECKS[step]()) for step in Step)


def _is_synchronised() -> bool:
    return SyncRun.objects.filter(state=SyncState.DONE).exists()


def _has_default() -> bool:
    return TableSettings.objects.filter(default_target__isnull=False).exists()


def _is_published() -> bool:
    return LiveState.objects.filter(revision__isnull=False).exists()


def _has_server_url() -> bool:
    return was_ever_accepted() or _had_inbound_call()


def _had_inbound_call() -> bool:
    return Call.objects.filter(channel=Channel.INBOUND.value).exists()


_CHECKS: Mapping[Step, Callable[[], bool]] = {
    Step.CONNECT: lambda: bool(settings.VAPI_API_KEY),
    Step.SYNC: _is_synchronised,
    Step.TARGETS: lambda: Target.objects.exists(),
    Step.NUMBERS: lambda: OurNumber.objects.exists(),
    Step.DEFAULT_TARGET: _has_default,
    Step.FIRST_RULE: lambda: Rule.objects.exists(),
    Step.PUBLISH: _is_published,
    Step.SECRET: lambda: bool(store.current().plans),
    Step.SERVER_URL: _has_server_url,
    Step.TEST_CALL: _had_inbound_call,
}
