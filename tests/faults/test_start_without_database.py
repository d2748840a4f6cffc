"""The server starts while the database is down: the copy on the local disk decides, or the last resort does."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Deploy
from tests.faults.databases import PostgresDatabase, PostgresServer, SqliteFile
from tests.faults.deployment import TABLE, Deployment, assert_each_once
from tests.faults.load import ANYBODY, EXPECTED, VIP, Caller, wait_for
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

COPY = "last-known-good.jsonl"


def ask(deployment: Deployment) -> list[str]:
    """Return the targets that a VIP and anybody get; whoever has no secret gets nothing, as always."""
    caller = Caller(port=deployment.port, keeps=False)
    answers = [caller.call(customer) for customer in (VIP, ANYBODY)]
    assert [one.status for one in answers] == [200, 200]
    return [one.target for one in answers]


def leave_copies(deployment: Deployment, folder: Path) -> None:
    """Let a server write its copy, and a second one of a later revision whose default is another."""
    with deployment.running():
        copy = deployment.folder / COPY
        wait_for(copy.exists, 10, "the first copy")
        deployment.publish(TABLE | {"default": "evening"}, folder)
        wait_for(deployment.folder.joinpath(f"{COPY}.1").exists, 10, "the second copy")
        deployment.publish(TABLE, folder)
        wait_for(lambda: b'"default":"reception"' in copy.read_bytes(), 10, "the third copy")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def corrupt(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"a0000000", b"a0000009", 1))


def belong_elsewhere(path: Path) -> None:
    head, _, rest = path.read_text().partition("\n")
    path.write_text(json.dumps(json.loads(head) | {"database": "another"}) + "\n" + rest)


EVENING = "a0000000-0000-4000-8000-000000000002"
RIGHT = [EXPECTED[VIP], EXPECTED[ANYBODY]]
OLDER = [EXPECTED[VIP], EVENING]
INJURIES: dict[str, tuple[Callable[[Path], object] | None, list[str]]] = {
    "whole": (None, RIGHT),
    "truncated": (cut, OLDER),
    "corrupt": (corrupt, OLDER),
    "of another database": (belong_elsewhere, OLDER),
}


@pytest.mark.parametrize("name", INJURIES)
def test_the_copy_decides_while_the_database_is_down(
    name: str, on_postgres: Deploy, postgres: PostgresServer, tmp_path: Path
) -> None:
    """Sabotage seen to fail: let `_checked_lines` believe every checksum, or `read_copy` read the newest only."""
    injure, expected = INJURIES[name]
    deployment = on_postgres()
    leave_copies(deployment, tmp_path)
    if injure:
        injure(deployment.folder / COPY)
    postgres.stop()
    try:
        with deployment.running():
            targets = ask(deployment)
            status, page = deployment.get("/readyz")
            postgres.start()
            wait_for(lambda: sum(row[2] for row in deployment.calls()) >= 2, 20, "calls are flagged stale")
            wait_for(lambda: ask(deployment) == RIGHT, 10, "the database's own table decides again")
    finally:
        if not is_up(postgres):
            postgres.start()

    assert targets == expected
    assert (json.loads(page)["stale"], json.loads(page)["database"]) == (True, "down"), page
    report(
        Promise.BAD_START,
        f"PostgreSQL down, the local copy {name}",
        f"calls answered by the copy, flagged stale; /readyz {status}",
    )


def test_the_first_start_ever_without_a_database_gives_the_last_resort(
    on_postgres: Deploy, postgres: PostgresServer, tmp_path: Path
) -> None:
    """Sabotage seen to fail: let `_from_copy` raise where there is no copy, or `serve` refuse to start."""
    deployment = on_postgres()
    assert isinstance(deployment.database, PostgresDatabase)
    deployment.extra["ROUTING_LAST_RESORT"] = json.dumps({"kind": "assistant", "vapi_id": EVENING})
    postgres.stop()
    try:
        with deployment.running():
            targets = ask(deployment)
            status, _ = deployment.get("/readyz")
            postgres.start()
            wait_for(lambda: ask(deployment) == RIGHT, 10, "the table decides when the database is back")
            assert_each_once(deployment, [])
    finally:
        if not is_up(postgres):
            postgres.start()

    assert targets == [EVENING, EVENING]
    assert status == 503
    report(Promise.BAD_START, "PostgreSQL down at the first start ever", "the last resort answers; /readyz 503")


# What is done to the database, and whether its table cannot even be read then.
BAD_DATABASES: dict[str, tuple[str, Callable[[Any], contextlib.AbstractContextManager[None]], bool]] = {
    "SQLite corrupt": ("on_sqlite", SqliteFile.corrupt, True),
    "SQLite locked": ("on_sqlite", SqliteFile.locked, False),
    "PostgreSQL read-only": ("on_postgres", PostgresDatabase.read_only, False),
}


@pytest.mark.parametrize("name", BAD_DATABASES)
def test_the_server_starts_though_its_database_is_in_a_bad_state(name: str, request: pytest.FixtureRequest) -> None:
    """Sabotage seen to fail: let `serve` stop where it cannot migrate; "corrupt": let `_from_copy` find no copy."""
    kind, injure, is_stale = BAD_DATABASES[name]
    deployment: Deployment = request.getfixturevalue(kind)()
    with deployment.running():
        wait_for((deployment.folder / COPY).exists, 10, "the copy")
    if isinstance(deployment.database, SqliteFile):
        deployment.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with contextlib.ExitStack() as server:
        with injure(deployment.database):
            server.enter_context(deployment.running())
            targets = ask(deployment)
            status, page = deployment.get("/readyz")
        wait_for(lambda: len(deployment.calls()) >= len(targets), 20, "what was answered meanwhile is in the table")
        wait_for(lambda: not json.loads(deployment.get("/readyz")[1])["stale"], 10, "the table itself decides")

    assert targets == RIGHT
    assert json.loads(page)["stale"] is is_stale, page
    by = "by the copy, flagged stale" if is_stale else "by the table"
    report(Promise.BAD_START, name, f"calls answered {by}, and stored when it was whole again; /readyz {status}")


def is_up(postgres: PostgresServer) -> bool:
    return (postgres.folder / "postmaster.pid").exists()
