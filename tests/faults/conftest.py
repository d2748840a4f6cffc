"""A published table and a key, committed, so that other processes see them."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from routing.engine.document import read_document, write_document
from routing.models import ApiKey
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from tests.api.world import TABLE
from tests.faults.databases import Database, PostgresServer, SqliteFile, start_server
from tests.faults.deployment import TABLE as SMALL_TABLE
from tests.faults.deployment import Deployment
from tests.faults.program import StubVapi, run_stub
from tests.snapshot.live_rows import go_live


@pytest.fixture
def secret(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """A server's key."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    table = read_document(TABLE)
    rows_from_table(table)
    go_live(1, write_document(table))
    yield ApiKey.objects.create_key("server", "secret")[1]
    store.reset()


@pytest.fixture
def stub() -> Iterator[StubVapi]:
    """A Vapi that outlives our server."""
    with run_stub() as running:
        yield running


FIRST_PORT = int(os.environ.get("FAULTS_PORT", "8200"))
PORTS = itertools.cycle(range(FIRST_PORT, FIRST_PORT + 15))
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL to injure, with a published table in the database ``base``."""
    server = start_server()
    try:
        server.execute("CREATE DATABASE base")
        _prepare(server.database("base"), tmp_path_factory.mktemp("base"))
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def sqlite_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with a published table."""
    folder = tmp_path_factory.mktemp("base")
    path = folder / "base.sqlite3"
    _prepare(SqliteFile(path=path), folder)
    return path


Deploy = Callable[..., Deployment]


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path: Path) -> Deploy:
    """Make installations on a database of their own; the last ones are killed by those who run them."""

    def deploy(name: str = "data", database: Database | None = None, **options: object) -> Deployment:
        if database is None:
            called = f"faults_{next(NUMBERS)}"
            postgres.execute(f"CREATE DATABASE {called} TEMPLATE base")
            database = postgres.database(called)
        return Deployment(database=database, folder=tmp_path / name, port=next(PORTS), **options)  # type: ignore[arg-type]

    return deploy


@pytest.fixture
def on_sqlite(sqlite_base: Path, tmp_path: Path) -> Deploy:
    """Make installations on a file of their own."""

    def deploy(name: str = "data", **options: object) -> Deployment:
        path = tmp_path / f"{name}.sqlite3"
        shutil.copy(sqlite_base, path)
        return Deployment(database=SqliteFile(path=path), folder=tmp_path / name, port=next(PORTS), **options)  # type: ignore[arg-type]

    return deploy


def _prepare(database: Database, folder: Path) -> None:
    deployment = Deployment(database=database, folder=folder / "data", port=0)
    deployment.manage("migrate", "--verbosity", "0")
    deployment.publish(SMALL_TABLE, folder)
    if isinstance(database, SqliteFile):
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
