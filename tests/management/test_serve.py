"""What `serve` does before it becomes the web server."""

import socket
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


@pytest.mark.django_db
def test_only_an_unused_database_is_empty() -> None:
    before = is_empty()

    Target.objects.create(key="desk", name="Desk", kind="reject", message="Sorry.")

    assert before
    assert not is_empty()
