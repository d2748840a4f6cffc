"""Secrets of this installation, made once when nobody has set them."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

IN_MEMORY = ":memory:"
FILE_NAME = "generated-secrets.json"


def load_or_generate(folder: Path) -> dict[str, Any]:
    """Return the folder's `secret_key` and `encryption_keys`, and make them if they are not there yet.

    A first run should need no configuration, and a restart must not log everybody out or lose what is encrypted.
    """
    path = folder / FILE_NAME
    try:
        if not path.exists():
            _write_once(
                path, {"secret_key": get_random_secret_key(), "encryption_keys": [Fernet.generate_key().decode()]}
            )
        secrets: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImproperlyConfigured(
            f"ROUTING_DATA_DIR: {path} cannot be used ({error.strerror}). Name a folder that this user may write, "
            "or set both SECRET_KEY and ENCRYPTION_KEYS."
        ) from error
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{path} is damaged ({error}). Restore it from a backup; without it, stored secrets cannot be read."
        ) from error
    return secrets


def make_private(name: str) -> None:
    """Make the file of a database, unless it is there: SQLite would let everybody on this machine read what it makes.

    Where that is impossible, whoever opens the database tells why.
    """
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if name != IN_MEMORY:
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _write_once(path: Path, secrets: dict[str, Any]) -> None:
    """Create the file whole or not at all, with mode 0600; of two processes the first wins and both read its file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp opens with O_EXCL and 0600. The link is exclusive too, and shows the file only once it is complete.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(secrets, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)
