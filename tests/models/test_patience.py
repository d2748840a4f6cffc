"""Who works on a whole table gets the time for it; who shows a page does not."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, transaction

from config import patience
from routing.models.patience import unhurried

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no limit for a statement"),
]


@pytest.fixture
def short_of_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that ends statements after 50 ms, and a connection that waits no longer for them."""
    monkeypatch.setattr(patience, "SECONDS", 0.05)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 50")
    patience._bound(connection)
    yield
    del connection.connection.wait


def sleep() -> bool:
    """Tell whether the statement came to its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.2)")
        return cursor.fetchone() is not None


@pytest.mark.usefixtures("short_of_time")
def test_a_whole_table_may_take_its_time() -> None:
    """Sabotage seen to fail: the limit of the server is lifted and not that of the connection, or the other way."""
    with transaction.atomic(), unhurried():
        assert sleep()


def test_afterwards_a_connection_waits_as_long_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic(), unhurried():
        pass

    assert connection.connection.most_seconds is None


def test_statements_of_a_page_are_ended() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 50")

    with pytest.raises(OperationalError, match="statement timeout"), transaction.atomic():
        sleep()
