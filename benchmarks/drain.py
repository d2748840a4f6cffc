"""How fast records leave the spool for PostgreSQL: `make bench PART=drain`, half a minute.

Rows a second need a machine that does nothing else; the work a row, by both processes, is steady on any.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter, process_time
from uuid import uuid4

from django.db import connection

from benchmarks.call_log_rows import fill
from benchmarks.report import goal, table
from benchmarks.servers import worked
from routing.models import Call
from routing.recorder.drain import drain
from routing.recorder.spool import append

GOAL = 5_000  # rows a second
SIZE, ROUNDS, PRESENT = 10_000, 5, 100_000
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def main() -> None:
    """Print the rows a second, into a log that holds calls already."""
    fill(PRESENT, NOW)
    rounds, ended = [], []
    for start in range(0, ROUNDS * SIZE, SIZE):
        records = [_record(place) for place in range(start, start + SIZE)]
        rounds.append(_round(records))
        ended.append(_round([_outcome(record) for record in records]))
    if Call.objects.count() != PRESENT + ROUNDS * SIZE:
        raise RuntimeError("calls are missing from the log")
    print(f"{SIZE:,} records a round, into a log of {PRESENT:,} calls.")
    head = ("", "rows/s", "spread", "work µs a row, of ours", "work µs a row, of PostgreSQL")
    table(head, [_row("calls", rounds), _row("that they ended", ended)])
    rate = SIZE / median(taken for taken, _, _ in rounds)
    goal("drain from the spool into PostgreSQL", rate, "rows/s", at_least=GOAL)


def _row(name: str, rounds: list[tuple[float, float, float]]) -> tuple[str, ...]:
    taken, ours, theirs = ([each * 1e6 / SIZE for each in column] for column in zip(*rounds, strict=True))
    spread = f"{1e6 / max(taken):,.0f} to {1e6 / min(taken):,.0f}"
    return name, f"{1e6 / median(taken):,.0f}", spread, f"{median(ours):.0f}", f"{median(theirs):.0f}"


def _round(records: list[dict[str, object]]) -> tuple[float, float, float]:
    """Return the seconds that draining took, those that our process worked, and those that PostgreSQL worked."""
    for record in records:
        append(record)
    connection.ensure_connection()
    server = connection.connection.info.backend_pid
    start, ours, theirs = perf_counter(), process_time(), worked(server)
    drain(NOW, waited_seconds=0)
    return perf_counter() - start, process_time() - ours, worked(server) - theirs


def _record(place: int) -> dict[str, object]:
    """Return a call as the webhook records it."""
    number, at = f"+1415{2_000_000 + place:07}", NOW + timedelta(milliseconds=place)
    context = {"channel": "inbound", "at": at.isoformat(), "customer": number, "dialled": "+12025550111"}
    return {
        "kind": "call",
        "id": str(uuid4()),
        "vapi_call_id": str(uuid4()),
        "channel": "inbound",
        "customer_number": number,
        "our_number": "+12025550111",
        "campaign": "",
        "external_id": "",
        "context": context | {"campaign": None, "external_id": None, "attributes": {"plan": ["gold"]}},
        "facts": {"hits": [], "switches": [], "unavailable": []},
        "target_key": "sales",
        "target_kind": "assistant",
        "target_name": "Sales",
        "reason": "TARGETING_MATCH",
        "rule_key": f"rule-{place % 500}",
        "rule_name": f"Rule {place % 500}",
        "rule_position": place % 500 + 1,
        "revision": 12,
        "stale": False,
        "decided_at": at,
        "answer_ms": 1.234,
    }


def _outcome(record: dict[str, object]) -> dict[str, object]:
    """Return what the webhook records of a report at the end of this call."""
    told = {"state": "ended", "ended_reason": "customer-ended-call", "cost": "0.1234", "ended_at": NOW}
    return told | {"kind": "outcome", "vapi_call_id": record["vapi_call_id"], "recorded_at": NOW, "marker": None}


if __name__ == "__main__":
    main()
