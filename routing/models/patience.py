"""Time for statements about a whole table of 100,000 rules: more than a page's, and only where they are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

SECONDS = 60


@contextmanager
def unhurried() -> Iterator[None]:
    """Let each statement take a minute from here to the end of the transaction; call it behind its locks.

    PostgreSQL ends the statements of a page after two seconds (`config.env`), and `config.patience` stops waiting for
    it after five, unless the connection says that it may take longer.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [SECONDS * 1000])
    raw: Any = connection.connection
    raw.most_seconds = SECONDS
    try:
        yield
    finally:
        raw.most_seconds = None
