"""Settings of the test runs: fast, apart from this machine's own settings, on SQLite or PostgreSQL.

`TEST_DATABASE=postgres` starts a PostgreSQL for the run, `TEST_DATABASE_URL` names one that runs already.
pytest-django reads this module before any conftest, so what the settings need is started here.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Processes of xdist, and programs that tests start, are often killed: the first process removes their folders too.
_parent = os.environ.get("SWITCHBOARD_TEST_FOLDER")
_folder = tempfile.mkdtemp(prefix="switchboard-test-", dir=_parent)
_owner = None if _parent else os.getpid()
os.environ.setdefault("SWITCHBOARD_TEST_FOLDER", _folder)


@atexit.register
def _remove_folder() -> None:
    if os.getpid() == _owner:
        shutil.rmtree(_folder, ignore_errors=True)


# The processes of xdist inherit the environment of the first one, and with it the address of its server.
if os.environ.get("TEST_DATABASE") == "postgres" and not os.environ.get("TEST_DATABASE_URL"):
    from tests.postgres import start_postgres  # here, because the import alone touches this machine's folders

    os.environ["TEST_DATABASE_URL"] = start_postgres()

os.environ.update(
    SECRET_KEY="for-tests-only",
    ENCRYPTION_KEYS="QZ0lJ6KYbVqZ4Hlm0Q9x0n2F7C9q1v6m3o8c5S2w4eY=",
    DEBUG="false",
    ALLOWED_HOSTS="localhost,127.0.0.1,[::1],testserver",
    CSRF_TRUSTED_ORIGINS="",
    PUBLIC_URL="",
    ROUTING_DATA_DIR=_folder,
    ROUTING_DEFAULT_REGION="",
    ROUTING_LAST_RESORT="",
    ROUTING_POLL_SECONDS="0",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_folder}/db.sqlite3",
    VAPI_API_KEY="",
    VAPI_PUBLIC_KEY="",
    VAPI_BASE_URL="",
    VAPI_WEBHOOK_SECRET="",
)

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and other processes have to see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
STATIC_ROOT = Path(_folder) / "static"
STATIC_ROOT.mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
