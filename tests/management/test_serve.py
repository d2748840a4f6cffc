"""What `serve` does before it becomes the web server."""

import fcntl
import os
import socket
import threading
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from pytest_django.fixtures import Settings

from routing.management.commands.serve import collect_changed_static_files, is_empty, refuse_taken_port
from routing.models import Target


def test_a_taken_port_is_refused_with_another_one_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CommandError, match=f"make run PORT={port + 1}"):
            refuse_taken_port("127.0.0.1", port)

    refuse_taken_port("127.0.0.1", port)


def test_static_files_are_collected_only_when_they_changed(tmp_path: Path, settings: Settings) -> None:
    source, collected = tmp_path / "source", tmp_path / "collected"
    source.mkdir()
    settings.STATIC_ROOT, settings.STATICFILES_DIRS = collected, [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (source / "a.css").write_text("a {}")

    collect_changed_static_files()
    (collected / "a.css").unlink()
    collect_changed_static_files()
    left_alone = not (collected / "a.css").exists()
    (source / "a.css").write_text("a { color: red }")
    collect_changed_static_files()

    assert left_alone
    assert (collected / "a.css").read_text() == "a { color: red }"


def test_servers_that_start_at_once_collect_by_turns(tmp_path: Path, settings: Settings) -> None:
    """Sabotage seen to fail: collect without the lock of the folder."""
    source, collected = tmp_path / "source", tmp_path / "collected"
    source.mkdir()
    collected.mkdir()
    settings.STATIC_ROOT, settings.STATICFILES_DIRS = collected, [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (source / "a.css").write_text("a {}")
    (collected / "of another server.css").write_text("b {}")
    turn = os.open(collected, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)  # what another server that collects holds
    second = threading.Thread(target=collect_changed_static_files)

    second.start()
    second.join(0.5)
    waited = (collected / "of another server.css").exists()
    os.close(turn)
    second.join(30)

    assert waited
    assert sorted(path.name for path in collected.iterdir()) == [".collected", "a.css"]


@pytest.mark.django_db
def test_only_an_unused_database_is_empty() -> None:
    before = is_empty()

    Target.objects.create(key="desk", name="Desk", kind="reject", message="Sorry.")

    assert before
    assert not is_empty()
