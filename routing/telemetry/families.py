"""Everything that is counted or timed, by name. Labels take values of closed sets only, never a number or a name."""

from __future__ import annotations

from dataclasses import dataclass

# Seconds. Vapi waits 7.5 for the webhook; a call to Vapi may take 25.
ANSWER_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 7.5)
VAPI_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Family:
    """Counts that share a name and differ by labels; with ``buckets`` (upper bounds, ascending) a histogram."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


WEBHOOK_MESSAGES = Family(
    name="switchboard_webhook_messages",
    help="Server messages of Vapi by type and by what became of them.",
    labels=("type", "outcome"),
)
WEBHOOK_SECONDS = Family(
    name="switchboard_webhook_seconds",
    help="From the arrival of an authentic server message to its answer.",
    labels=("type",),
    buckets=ANSWER_BUCKETS,
)
WEBHOOK_REFUSALS = Family(
    name="switchboard_webhook_auth_failures",
    help="Server messages without a valid secret, by what was wrong.",
    labels=("reason",),
)
DECISIONS = Family(
    name="switchboard_decisions",
    help="Decided calls; stale ones were decided from the local copy of the table.",
    labels=("channel", "reason", "stale"),
)
RECORDS_LOST = Family(
    name="switchboard_records_lost",
    help="Call records that could not be written to the local disk. The calls were answered.",
)
PLACED_CALLS = Family(
    name="switchboard_placed_calls",
    help="Calls of the API by what became of the request.",
    labels=("state",),
)
HTTP_REQUESTS = Family(
    name="switchboard_http_requests",
    help="Requests to the API and the pages.",
    labels=("endpoint", "method", "status"),
)
HTTP_SECONDS = Family(
    name="switchboard_http_seconds",
    help="How long the API and the pages took to answer, Vapi's own time included.",
    labels=("endpoint",),
    buckets=(*ANSWER_BUCKETS, 30.0),
)
VAPI_REQUESTS = Family(
    name="switchboard_vapi_requests",
    help="Requests to Vapi by outcome: ok, 4xx, 429, 5xx, unreadable, unreachable (nothing was sent), no-answer.",
    labels=("operation", "outcome"),
)
VAPI_SECONDS = Family(
    name="switchboard_vapi_seconds",
    help="How long Vapi took to answer, or we to give up.",
    labels=("operation",),
    buckets=VAPI_BUCKETS,
)

FAMILIES = (
    WEBHOOK_MESSAGES,
    WEBHOOK_SECONDS,
    WEBHOOK_REFUSALS,
    DECISIONS,
    RECORDS_LOST,
    PLACED_CALLS,
    HTTP_REQUESTS,
    HTTP_SECONDS,
    VAPI_REQUESTS,
    VAPI_SECONDS,
)
