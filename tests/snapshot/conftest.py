"""A process that has seen nothing yet, with a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from routing.snapshot import store


@pytest.fixture(autouse=True)
def new_process(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Forget what other tests made live, and stop the thread when the test is over."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    yield
    store.reset()
