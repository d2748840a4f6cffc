"""A published table and a key, committed, so that other processes see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from routing.engine.document import read_document, write_document
from routing.models import ApiKey
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from tests.api.world import TABLE
from tests.faults.program import StubVapi, run_stub
from tests.snapshot.live_rows import go_live


@pytest.fixture
def secret(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """A server's key."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    table = read_document(TABLE)
    rows_from_table(table)
    go_live(1, write_document(table))
    yield ApiKey.objects.create_key("server", "secret")[1]
    store.reset()


@pytest.fixture
def stub() -> Iterator[StubVapi]:
    """A Vapi that outlives our server."""
    with run_stub() as running:
        yield running
