"""Settings of the test runs: fast, apart from this machine's own settings, on SQLite or PostgreSQL."""

import os
import tempfile

_folder = tempfile.mkdtemp(prefix="switchboard-test-")
os.environ.update(
    SECRET_KEY="for-tests-only",
    ENCRYPTION_KEYS="QZ0lJ6KYbVqZ4Hlm0Q9x0n2F7C9q1v6m3o8c5S2w4eY=",
    DEBUG="false",
    ROUTING_DATA_DIR=_folder,
    ROUTING_POLL_SECONDS="0",
    DATABASE_URL=f"sqlite:///{_folder}/db.sqlite3",
    VAPI_API_KEY="",
)

from config.settings import *  # noqa: E402, F403

DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
