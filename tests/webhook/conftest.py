"""A process that has the table of `world` published, and both ways into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from routing.engine.document import read_document
from routing.services.publish import publish
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from routing.webhook.answer import answers
from tests.webhook.adapters import Send, send_to_django, send_to_lane
from tests.webhook.world import SECRET, TABLE


@pytest.fixture
def published(db: None, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A published table and a known secret, in a process that has answered nothing yet."""
    settings.VAPI_WEBHOOK_SECRET = SECRET
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    rows_from_table(read_document(TABLE))
    publish(author=None, note="", now=timezone.now())
    answers.forget()
    yield
    store.reset()


@pytest.fixture(params=[send_to_django, send_to_lane], ids=["django", "lane"])
def send(published: None, request: pytest.FixtureRequest) -> Send:
    """One of the two ways in."""
    way: Send = request.param
    return way
