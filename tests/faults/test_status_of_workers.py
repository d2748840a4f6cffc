"""The metrics and the readiness of the real server, whose workers a test kills and whose database it takes away."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from config.env import read_database
from routing.engine.document import read_document, write_document
from routing.snapshot import store
from routing.snapshot.copy import Contents, write_copy
from routing.snapshot.rows import rows_from_table
from tests.faults.databases import PostgresServer
from tests.faults.program import _database_url
from tests.faults.report import Promise, report
from tests.snapshot.live_rows import go_live
from tests.status.servers import Server, eventually, labels_of, run_server
from tests.webhook.world import KNOWN, RECEPTION, SECRET, TABLE, call_from

pytestmark = pytest.mark.faults

ANSWERED = ("switchboard_webhook_messages_total", (("outcome", "answered"), ("type", "assistant-request")))
REFUSED = ("switchboard_webhook_messages_total", (("outcome", "unauthorized"), ("type", "unread")))
TIMED = ("switchboard_webhook_seconds_count", (("type", "assistant-request"),))
NUMBER = re.compile(r"\+?\d{7,}")


@pytest.fixture
def published(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A published table that other processes see."""
    settings.ROUTING_DATA_DIR = tmp_path / "of-the-test"
    store.reset()
    table = read_document(TABLE)
    rows_from_table(table)
    go_live(1, write_document(table))
    yield
    store.reset()


@pytest.fixture
def server(published: None, tmp_path: Path) -> Iterator[Server]:
    """The server with two workers that have both answered."""
    with run_server(tmp_path, DATABASE_URL=_database_url(), VAPI_WEBHOOK_SECRET=SECRET) as running:
        assert eventually(lambda: running.get("/readyz").ok and len(_workers(running)) == 2)
        yield running


def _workers(server: Server) -> set[str]:
    return labels_of(server.scrape(), "switchboard_revision", "process")


def _send(server: Server, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        answer = server.post("/vapi/webhook", call_from("+12025550155", id=f"call-{number}"), **KNOWN)
        assert answer.json()["assistantId"] == RECEPTION


def test_the_sums_are_those_of_all_workers_and_outlive_them(server: Server) -> None:
    """Sabotage seen to fail: let a worker tell only its own counts, or drop a dead worker's file without adding it."""
    _send(server, 30)
    for _ in range(5):
        server.post("/vapi/webhook", {}, Authorization="Bearer wrong")
    assert eventually(lambda: server.scrape().get(ANSWERED) == 30)
    scrapes = [server.scrape() for _ in range(8)]  # by either worker
    victim = min(_workers(server))

    os.kill(int(victim), signal.SIGKILL)
    assert eventually(lambda: victim not in _workers(server))
    killed = [server.scrape() for _ in range(4)]
    _send(server, 10, first=30)

    assert eventually(lambda: server.scrape()[ANSWERED] == 40)
    assert {(seen[ANSWERED], seen[REFUSED], seen[TIMED]) for seen in scrapes + killed} == {(30, 5, 30)}
    assert eventually(lambda: len(_workers(server)) == 2)
    report(Promise.STATUS, "two workers, one killed", "40 of 40 messages counted, whichever worker is asked")


def test_counts_never_fall_while_workers_count_and_die(server: Server) -> None:
    """Sabotage seen to fail: let the asked worker add what is in its memory, without writing it down."""
    seen: list[float] = []
    for round_number in range(12):
        _send(server, 3, first=100 * round_number)
        seen += [server.scrape().get(ANSWERED, 0.0) for _ in range(3)]
        if round_number == 6:
            os.kill(int(max(_workers(server))), signal.SIGKILL)

    assert seen == sorted(seen)
    assert seen[-1] > 0
    report(
        Promise.STATUS,
        "counts under a kill",
        f"never fall in {len(seen)} looks, {seen[0]:.0f} to {seen[-1]:.0f} messages",
    )


def test_labels_hold_no_number_and_no_id(server: Server) -> None:
    """Sabotage seen to fail: let a message's type become a label as it came."""
    _send(server, 2)
    server.post("/vapi/webhook", {"message": {"type": "+12025550155"}}, **KNOWN)
    for path in ("/api/v1/calls/12025550155", "/api/v1/call/12025550155", "/12025550155", "/admin/12025550155/"):
        server.get(path)

    assert eventually(lambda: server.scrape().get(ANSWERED) == 2)
    text = server.get("/metrics").text
    values = {value for _, labels in server.scrape() for name, value in labels if name != "process"}

    assert [value for value in values if NUMBER.search(value)] == []
    assert "12025550155" not in text
    assert "/api/v1/calls/{id}" in labels_of(server.scrape(), "switchboard_http_requests_total", "endpoint")


def test_a_start_without_database_goes_on_with_the_copy_and_says_so(
    published: None, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage seen to fail: let readiness wait for the database, or not count the copy as a table."""
    away = _nowhere()
    _copy_for(tmp_path, away, settings, monkeypatch)

    with run_server(tmp_path, workers=1, DATABASE_URL=away, VAPI_WEBHOOK_SECRET=SECRET) as server:
        started = time.monotonic()
        readiness = server.get("/readyz")
        waited = time.monotonic() - started
        _send(server, 3)
        assert eventually(lambda: server.scrape().get(("switchboard_spool_records", ()), 0) >= 3)
        series = server.scrape()

    assert readiness.status_code == 200
    assert {key: readiness.json()[key] for key in ("ready", "revision", "stale", "database")} == {
        "ready": True,
        "revision": 1,
        "stale": True,
        "database": "down",
    }
    assert {value for (name, _), value in series.items() if name == "switchboard_stale"} == {1.0}
    assert {value for (name, _), value in series.items() if name == "switchboard_database_up"} == {0.0}
    stale = (("channel", "inbound"), ("reason", "DEFAULT"), ("stale", "true"))
    assert series["switchboard_decisions_total", stale] == 3
    assert waited < 5
    report(Promise.STATUS, "/readyz while the database is down", f"first answer after {waited * 1000:.0f} ms, stale")


def test_a_database_that_hangs_is_noticed_and_not_waited_for(postgres: PostgresServer, tmp_path: Path) -> None:
    """Sabotage seen to fail: let a probe look into the database itself."""
    url = postgres.database("base").url
    with run_server(tmp_path, workers=1, DATABASE_URL=url, VAPI_WEBHOOK_SECRET=SECRET) as server:
        assert eventually(lambda: server.get("/readyz").json()["database"] == "ok")
        with postgres.frozen():
            frozen_at = time.monotonic()
            assert eventually(lambda: server.get("/readyz").json()["database"] != "ok")
            noticed = time.monotonic() - frozen_at
            waits = [_timed(server, path) for path in ("/readyz", "/metrics", "/healthz") * 5]
        assert eventually(lambda: server.get("/readyz").json()["database"] == "ok")

    assert max(waits) < 2
    report(
        Promise.STATUS,
        "the database hangs",
        f"noticed after {noticed:.1f} s, slowest probe {max(waits) * 1000:.0f} ms",
    )


def test_a_first_start_without_database_is_not_ready(tmp_path: Path) -> None:
    """Sabotage seen to fail: let a process without any table call itself ready."""
    away = _nowhere()

    with run_server(tmp_path, workers=1, DATABASE_URL=away) as server:
        readiness = server.get("/readyz")
        health = server.get("/healthz")

    assert (readiness.status_code, health.status_code) == (503, 200)
    assert "no local copy" in readiness.json()["problems"][0]


def _timed(server: Server, path: str) -> float:
    started = time.monotonic()
    assert server.get(path).status_code == 200
    return time.monotonic() - started


def _nowhere() -> str:
    """Return the address of a database that nobody answers at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"postgres://nobody@127.0.0.1:{free.getsockname()[1]}/away"


def _copy_for(folder: Path, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the copy that a server of that database leaves."""
    settings.ROUTING_DATA_DIR = folder
    store.reset()
    snapshot = store.refresh()
    contents = Contents(ruleset=snapshot.ruleset, live=snapshot.live, live_version=1, secrets=())
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", database_url)
        for name, value in read_database("DATABASE_URL", "").items():
            patch.setitem(connection.settings_dict, name, value)
        write_copy(contents)
