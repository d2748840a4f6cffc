"""Fixtures of all tests."""

from collections.abc import Iterator

import pytest

from routing.services import draft_table, lint_table
from routing.snapshot import store
from routing.webhook.answer import answers


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """Forget what this process remembers: a rolled-back revision, counters and call ids come again in the next test."""
    store.reset()
    answers.forget()
    draft_table.forget()
    lint_table.forget()
    yield
    store.reset()
