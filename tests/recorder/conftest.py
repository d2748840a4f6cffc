"""A process that has recorded nothing yet, with a spool of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from routing.recorder import background
from routing.recorder.files import spool_folder, writer
from routing.recorder.spool import losses


@pytest.fixture
def spool_path(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """The folder of the spool."""
    settings.ROUTING_DATA_DIR = tmp_path
    writer.forget()
    losses.forget()
    yield spool_folder()
    background.stop()
    writer.forget()
