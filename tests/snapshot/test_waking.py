"""PostgreSQL tells of changes; whoever cannot hear it finds them by looking."""

import logging
import time

import pytest
from django.db import connection
from pytest_django import Settings

from routing.snapshot import store, waking
from tests.snapshot.live_rows import ADA, add_entry, document, eventually, go_live

LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %%'"
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite tells nobody")


def listeners() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pid {LISTENING}")
        return [pid for (pid,) in cursor.fetchall()]


def default_key() -> str:
    default = store.current().ruleset.default
    return default.key if default else ""


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_change_is_told_long_before_the_poll(settings: Settings) -> None:
    """Sabotage seen to fail: no trigger on the live state."""
    settings.ROUTING_POLL_SECONDS = 60
    go_live(1, document())
    assert default_key() == "reception"
    assert eventually(lambda: len(listeners()) == 1)

    began = time.monotonic()
    go_live(2, document("evening"))
    assert eventually(lambda: default_key() == "evening")
    add_entry("vip", ADA)
    assert eventually(lambda: ADA in store.current().live.entries)

    assert time.monotonic() - began < 10


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_cut_line_is_opened_again(settings: Settings) -> None:
    settings.ROUTING_POLL_SECONDS = 0.1
    go_live(1, document())
    assert default_key() == "reception"
    assert eventually(lambda: len(listeners()) == 1)
    cut = listeners()

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {LISTENING}")

    assert eventually(lambda: len(listeners()) == 1 and listeners() != cut)


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_where_nothing_is_told_the_poll_finds_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROUTING_POLL_SECONDS = 0.02
    monkeypatch.setattr(waking, "CHANNEL", "1")  # a syntax error, as from a pooler that does not know LISTEN
    go_live(1, document())
    assert default_key() == "reception"

    with caplog.at_level(logging.WARNING, logger=waking.__name__):
        assert eventually(lambda: bool(caplog.records))
        go_live(2, document("evening"))

        assert eventually(lambda: default_key() == "evening")
    assert [record.getMessage()[:35] for record in caplog.records] == ["PostgreSQL does not tell of changes"]
