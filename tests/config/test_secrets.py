"""Secrets that nobody set are made once, for all processes, and readable by their owner only."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from config.secrets import FILE_NAME, load_or_generate
from routing.checks import check_shared_secrets

POSTGRES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}


def test_the_file_of_sqlite_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    """It holds telephone numbers. SQLite itself would let everybody read it, in a folder that everybody may enter.

    Sabotage seen to fail: make the folder only.
    """
    tmp_path.chmod(0o755)
    path = tmp_path / "db.sqlite3"
    environ = os.environ | {"DATABASE_URL": f"sqlite:///{path}", "DJANGO_SETTINGS_MODULE": "config.settings"}
    environ |= {"ROUTING_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "migrate", "-v0", "contenttypes"]

    subprocess.run(command, cwd=project.BASE_DIR, env=environ, check=True)

    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in tmp_path.glob("db.sqlite3*")}
    assert modes["db.sqlite3"] == 0o600
    assert set(modes.values()) == {0o600}


def test_all_processes_agree_on_one_file_that_others_cannot_read(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(load_or_generate, [folder] * 32))

    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]["secret_key"]) >= 50
    Fernet(answers[0]["encryption_keys"][0])
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{")

    with pytest.raises(ImproperlyConfigured, match="Restore it from a backup"):
        load_or_generate(tmp_path)

    assert (tmp_path / FILE_NAME).read_text() == "{"


def test_a_folder_that_cannot_be_made_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match="set both SECRET_KEY and ENCRYPTION_KEYS"):
        load_or_generate(tmp_path / "file" / "data")


@pytest.mark.parametrize(
    ("generated", "databases", "debug", "ids"),
    [
        (["SECRET_KEY"], POSTGRES, False, ["routing.W001"]),
        ([], POSTGRES, False, []),
        (["SECRET_KEY"], POSTGRES, True, []),
        (["SECRET_KEY"], SQLITE, False, []),
    ],
    ids=["made here but shared", "set", "development", "one machine"],
)
def test_a_secret_made_here_is_pointed_out_where_machines_may_share_a_database(
    generated: list[str],
    databases: dict[str, dict[str, str]],
    debug: bool,
    ids: list[str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.GENERATED_SECRETS, settings.DEBUG = generated, debug
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", databases["default"]["ENGINE"])

    messages = check_shared_secrets(None)

    assert [message.id for message in messages] == ids
