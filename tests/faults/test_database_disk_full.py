"""The disk of PostgreSQL fills up while callers call: they notice nothing, and the spool keeps what it cannot take."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.conftest import PORTS
from tests.faults.databases import PostgresServer, start_server
from tests.faults.deployment import TABLE, Deployment, assert_each_once
from tests.faults.load import percentile, under_load, wrong
from tests.faults.report import Promise, report
from tests.faults.test_data_folder import full

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"),
]

SECONDS = 8
LIMIT_MS = 50 * 4  # the promise, and room for a busy machine


@pytest.fixture
def small_server() -> Iterator[PostgresServer]:
    """A PostgreSQL on a disk of its own, with room for little more than itself."""
    folder = Path(tempfile.mkdtemp(prefix="switchboard-small-"))
    folder.chmod(0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        server = start_server(folder / "data")
        yield server
        server.remove()
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def is_up(server: PostgresServer) -> bool:
    try:
        server.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def test_the_disk_of_postgresql_is_full_and_nothing_is_lost(small_server: PostgresServer, tmp_path: Path) -> None:
    """Sabotage seen to fail: let `_drain_file` remove a file also after an error of the database."""
    small_server.execute("CREATE DATABASE small")
    deployment = Deployment(database=small_server.database("small"), folder=tmp_path / "data", port=next(PORTS))
    deployment.manage("migrate", "--verbosity", "0")
    deployment.publish(TABLE, tmp_path)
    with deployment.running(), under_load(deployment.port) as load:
        time.sleep(2)
        with full(small_server.folder):
            down = load.mark()
            time.sleep(SECONDS)
            up, answered = load.mark(), {one.call_id for one in load.answered[down:]}
            waiting = len(answered - {row[0] for row in deployment.calls()}) if is_up(small_server) else len(answered)
        if not is_up(small_server):
            small_server.start()
        time.sleep(1)
        load.stopped.set()
        took = assert_each_once(deployment, [one.call_id for one in load.answered])

    assert waiting > 50, "the disk was not full"
    assert wrong(load.answered) == []
    p99 = percentile(load.answered[down:up])
    report(
        Promise.DATABASE_FAILS,
        f"PostgreSQL's disk full for {SECONDS} s under 50 calls/s",
        f"{len(load.answered)} calls, all right and stored once; {waiting} waited on the local disk; p99 {p99:.1f} ms; "
        f"stored {took:.1f} s after",
    )
    assert p99 < LIMIT_MS
