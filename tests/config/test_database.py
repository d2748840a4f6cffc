"""The database connection has the limits and the journal that the settings ask for, also after a migration."""

import pytest
from django.apps import apps
from django.db import connection

from routing.apps import lift_time_limit, restore_time_limit


def _ask(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_sqlite_writes_ahead() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no journal mode")

    assert _ask("PRAGMA journal_mode") == "wal"


@pytest.mark.django_db
def test_only_migrations_may_take_longer_than_two_seconds() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no time limit for a statement")
    routing = apps.get_app_config("routing")

    lift_time_limit(using="default", sender=routing)
    while_migrating = _ask("SHOW statement_timeout")
    restore_time_limit(using="default", sender=routing)

    assert while_migrating == "0"
    assert _ask("SHOW statement_timeout") == "2s"
