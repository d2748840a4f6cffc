"""Fixtures of all tests."""

from collections.abc import Iterator

import pytest
from django.db import connection

from routing.services import draft_table, lint_table
from routing.snapshot import store
from routing.webhook.answer import answers

ASKING = frozenset({"db", "transactional_db", "live_server"})


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """Forget what this process remembers: a rolled-back revision, counters and call ids come again in the next test."""
    store.reset()
    answers.forget()
    draft_table.forget()
    lint_table.forget()
    yield
    store.reset()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the run on PostgreSQL what no database can change: it was tested on SQLite."""
    if connection.vendor != "postgresql":
        return
    asking = [item for item in items if _asks_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in frozenset(asking)])
    items[:] = asking


def _asks_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    if item.get_closest_marker("once") is not None:
        return False
    return item.get_closest_marker("django_db") is not None or not ASKING.isdisjoint(fixtures)
