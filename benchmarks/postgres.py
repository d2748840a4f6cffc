"""Importing this starts a PostgreSQL of our own, with Switchboard's empty tables, for the parts that measure it.

It is thrown away at the end, and does not wait for the disk: figures of writing are those of the processor.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ.setdefault("TEST_DATABASE", "postgres")
django.setup()
call_command("migrate", verbosity=0)


@contextmanager
def patient_cursor() -> Iterator[CursorWrapper]:
    """Lend a cursor whose statements may take long; the limit of the server is meant for pages."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        yield cursor
        cursor.execute("RESET statement_timeout")
