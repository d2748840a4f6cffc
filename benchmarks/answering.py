"""What the webhook itself works for one message, without a server around it."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from time import thread_time
from typing import Any
from uuid import uuid4

from django.test import override_settings
from django.utils import timezone

from benchmarks.messages import OUR_NUMBER, PATH, SECRET, make_requests, sign
from benchmarks.report import goal, table
from benchmarks.webhook_world import world
from routing.engine.context import Channel, Context
from routing.recorder import background, spool
from routing.services.decide import decide
from routing.services.record_call import call_columns
from routing.snapshot import store
from routing.webhook.lane import WebhookLane

BATCH, ROUNDS = 1_000, 15
GOAL_US = 35


def main(rules: int) -> None:
    """Print the processor time of this thread alone: whatever else the machine does, it is hardly in it."""
    bodies = list(make_requests(rules, (ROUNDS + 1) * BATCH))
    with world(rules), override_settings(ROUTING_POLL_SECONDS=0.5):
        lane = WebhookLane(_no_django)
        whole = _microseconds(lambda environ: lane(environ, _ignore), [_environ(body) for body in bodies])
        record = _record()
        kept = _microseconds(spool.append, [record] * len(bodies))
        background.stop()
        store.reset()
    print(
        f"### One message, {rules:,} rules, without a server: processor µs of its thread, {ROUNDS} rounds of {BATCH:,}"
    )
    rows = [("signature to answer, recorded", whole), ("of which: one record into the spool", kept)]
    table(("", "median", "least"), [(name, f"{median(taken):.1f}", f"{min(taken):.1f}") for name, taken in rows])
    why = "the words above tell what its time is"
    goal("webhook, work of one message without a server", median(whole), "µs", at_most=GOAL_US, why_not=why)


def _microseconds(action: Callable[[Any], object], values: Sequence[object]) -> list[float]:
    """Return what the action takes by rounds; the first one warms up."""
    taken = []
    for start in range(0, len(values), BATCH):
        piece = values[start : start + BATCH]
        gc.collect()
        before = thread_time()
        for value in piece:
            action(value)
        taken.append((thread_time() - before) / len(piece) * 1e6)
    return taken[1:]


def _environ(body: bytes) -> dict[str, Any]:
    timestamp, signature = sign(body)
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_VAPI_SECRET": SECRET,
        "HTTP_X_TIMESTAMP": timestamp,
        "HTTP_X_SIGNATURE": signature,
        "wsgi.input": io.BytesIO(body),
    }


def _record() -> dict[str, Any]:
    """Return a record as the webhook writes it."""
    now = timezone.now()
    decided = decide(Context(channel=Channel.INBOUND, at=now, customer="+13052000000", our_number=OUR_NUMBER))
    return call_columns(decided) | {"kind": "call", "id": uuid4(), "decided_at": now, "answer_ms": 0.123}


def _no_django(environ: dict[str, Any], start_response: object) -> Iterable[bytes]:
    raise RuntimeError("the lane handed a message on")


def _ignore(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
    if not status.startswith("200"):
        raise RuntimeError(status)
    return lambda data: None
