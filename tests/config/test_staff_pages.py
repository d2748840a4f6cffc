"""A server imports the pages of the staff after it can take calls; who comes first, and a fork, find all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ASK = """
from django.urls import reverse
from wsgiref.util import setup_testing_defaults
def ask(path):
    environ, found = {"PATH_INFO": path, "HTTP_HOST": "localhost"}, []
    setup_testing_defaults(environ)
    b"".join(application(environ, lambda status, headers: found.append(status)))
    return found[0]
"""
# Each is a server's process from its first line on.
FIRST = {
    "a page comes first": 'print(ask(reverse("admin:routing_rule_changelist")))',
    "the API comes first": 'print(ask("/api/v1/calls"))',
    "a fork comes first": """
import os, signal
child = os.fork()
if not child:
    signal.alarm(10)  # nothing that is lost in a fork comes back
    print(ask(reverse("admin:routing_rule_changelist")), flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
    "nobody comes": """
import sys, threading, gc
[thread.join() for thread in threading.enumerate() if thread.name == "import-staff-pages"]
assert gc.isenabled()
assert "routing.admin.rules" in sys.modules
print(ask("/healthz"))
""",
}


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.once
def test_every_request_finds_the_pages(first: str, tmp_path: Path) -> None:
    """Sabotage seen to fail: no `autodiscover` in config/urls.py; no `register_at_fork` in config/staff_pages.py."""
    printed = run(f"from config.wsgi import application\n{ASK}\n{FIRST[first]}", tmp_path)

    assert printed in ("302 Found\n", "401 Unauthorized\n", "200 OK\n")


@pytest.mark.once
def test_commands_have_the_pages_from_the_start(tmp_path: Path) -> None:
    """They check them."""
    printed = run(
        "import django; django.setup()\nfrom django.contrib import admin\nprint(len(admin.site._registry))", tmp_path
    )

    assert int(printed) > 10


def run(program: str, folder: Path) -> str:
    """Return what a process of its own prints."""
    own = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ROUTING_DATA_DIR": str(folder),
        "ROUTING_POLL_SECONDS": "0.5",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | own,
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout
