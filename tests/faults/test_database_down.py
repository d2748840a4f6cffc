"""The database fails in every way that we know of, while callers call: they notice nothing, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

import pytest

from tests.faults.conftest import Deploy
from tests.faults.databases import PostgresDatabase, SqliteFile
from tests.faults.deployment import Deployment, assert_each_once
from tests.faults.load import percentile, under_load, wrong
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

DOWN_SECONDS = float(os.environ.get("FAULTS_SECONDS", "8"))
LIMIT_MS = 50 * 4  # the promise, and room for a busy machine


@contextlib.contextmanager
def stopped(database: PostgresDatabase) -> Iterator[None]:
    """Stop the server hard, and start it again afterwards."""
    database.server.stop()
    try:
        yield
    finally:
        database.server.start()


@contextlib.contextmanager
def restarted(database: PostgresDatabase) -> Iterator[None]:
    """Stop the server and start it at once: every connection is dead, and new ones come about."""
    database.server.stop()
    database.server.start()
    yield


INJURIES = {
    "frozen": lambda database: database.server.frozen(),
    "stopped": stopped,
    "restarted": restarted,
    "read-only": PostgresDatabase.read_only,
}


def call_meanwhile(deployment: Deployment, injury: contextlib.AbstractContextManager[None], name: str) -> None:
    with deployment.running(), under_load(deployment.port) as load:
        time.sleep(2)
        with injury:
            down = load.mark()
            time.sleep(DOWN_SECONDS)
            up = load.mark()
        time.sleep(1)
        load.stopped.set()
        meanwhile = load.answered[down:up]
        took = assert_each_once(deployment, [one.call_id for one in load.answered])
    assert len(load.answered) > 50 * DOWN_SECONDS * 0.7
    assert wrong(load.answered) == []
    p99 = percentile(meanwhile)
    report(
        Promise.DATABASE_FAILS,
        f"{name} for {DOWN_SECONDS:g} s under 50 calls/s",
        f"{len(load.answered)} calls, all right and stored once; p99 {p99:.1f} ms; stored {took:.1f} s after",
    )
    assert p99 < LIMIT_MS


@pytest.mark.parametrize("name", INJURIES)
def test_postgresql_fails_and_callers_do_not_notice(name: str, on_postgres: Deploy) -> None:
    """Sabotage seen to fail: let `Store.current` refresh at each call, or `drain` remove a file before it is stored."""
    deployment = on_postgres()
    assert isinstance(deployment.database, PostgresDatabase)

    call_meanwhile(deployment, INJURIES[name](deployment.database), f"PostgreSQL {name}")


def test_sqlite_is_locked_and_callers_do_not_notice(on_sqlite: Deploy) -> None:
    """Sabotage seen to fail: as above."""
    deployment = on_sqlite()
    assert isinstance(deployment.database, SqliteFile)

    call_meanwhile(deployment, deployment.database.locked(), "SQLite locked")
