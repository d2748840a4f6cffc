"""Prepare the installation and serve it with a production server."""

import fcntl
import hashlib
import io
import json
import os
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InternalError, OperationalError, connections

from routing.models import Revision, Target

BLOCKING_THREADS = 128  # a worker, started at need. `routing.webhook.room` keeps some of them free for Vapi
SECONDS_TO_FINISH = 30  # for requests under way when a worker is asked to stop; longer than a call to Vapi may take

FIRST_START = """
The demo is loaded. Its password and keys are shown this once (`manage.py demo` makes new ones):

  user      {admin_user}
  password  {admin_password}

Ask which assistant takes a call of +12025550100, in three ways. All name the same target:

curl -s {url}/vapi/webhook -H 'Content-Type: application/json' -H 'X-Vapi-Secret: {webhook_secret}' \\
  -d '{{"message":{{"type":"assistant-request","call":{call}}}}}'

curl -s {url}/api/v1/call -H 'Content-Type: application/json' -H 'Authorization: Bearer {secret_key}' \\
  -d '{call}'

curl -s '{url}/api/v1/resolve?explain=1' -H 'Content-Type: application/json' -H 'Authorization: Bearer {secret_key}' \\
  -d '{call}'
"""
CALL = '{"phoneNumberId":"33333333-3333-4333-8333-333333333333","customer":{"number":"+12025550100"}}'


class Command(BaseCommand):
    """Migrate, collect static files, load the demo into an empty database, then become the web server."""

    help = "Prepare the database and the static files, then serve admin, webhook and API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address and the number of workers, each with its setting as the default."""
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (PORT)")
        parser.add_argument("--workers", type=int, default=settings.WEB_CONCURRENCY, help="processes (WEB_CONCURRENCY)")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, host: str, port: int, workers: int, no_demo: bool, **options: Any) -> None:
        """Prepare, say where to look, and replace this process by the server."""
        refuse_taken_port(host, port)
        collect_changed_static_files()
        fault = find_database_fault()
        if fault:
            self.stderr.write(f"The database cannot be used ({fault}): calls are answered all the same.")
        url = settings.PUBLIC_URL or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
        self.stdout.write(f"Switchboard serves {url}/admin/ (webhook: {url}/vapi/webhook, API: {url}/api/v1)")
        if not (fault or no_demo) and is_empty():
            self.stdout.write(load_demo(url))
        self.stdout.flush()
        connections.close_all()  # a connection must not be open in two processes
        become_server(host, port, workers)


def refuse_taken_port(host: str, port: int) -> None:
    """Fail before anything is done if another program listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host} port {port} ({error.strerror}). "
                f"Choose another one, for example: make run PORT={port + 1}"
            ) from error


def find_database_fault() -> str:
    """Migrate, and return why that cannot be done now, or nothing. Calls are answered all the same: no reason to stop.

    The database may be out of reach, corrupt, locked (SQLite) or take no writes (a standby). A migration that is at
    fault itself raises.
    """
    try:
        connections["default"].ensure_connection()
    except DatabaseError as error:
        return _first_line(error)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except (OperationalError, InternalError) as error:
        return _first_line(error)
    return ""


def collect_changed_static_files() -> None:
    """Collect the static files, unless they are the ones that were collected last.

    Servers that start at once from the same folder wait for each other: one would remove what another collects.
    """
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    stamp = root / ".collected"
    fingerprint = hashlib.sha256("\n".join(_describe_static_files()).encode()).hexdigest()
    turn = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == fingerprint):
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
            stamp.write_text(fingerprint)
    finally:
        os.close(turn)


def is_empty() -> bool:
    """Say whether nobody has used this database yet."""
    return not (Target.objects.exists() or Revision.objects.exists() or get_user_model().objects.exists())


def load_demo(url: str) -> str:
    """Load the demo world and return what to tell about it."""
    answer = io.StringIO()
    call_command("demo", json=True, stdout=answer)
    return FIRST_START.format(url=url, call=CALL, **json.loads(answer.getvalue()))


def become_server(host: str, port: int, workers: int) -> None:
    """Replace this process by granian, which starts the workers and replaces those that fail."""
    os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings")
    command = [sys.executable, *server_command(host, port, workers)]
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and nothing of it comes from a request


def server_command(host: str, port: int, workers: int) -> list[str]:
    """Return what Python has to be told to be the server."""
    server = ["-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws", "--log-level", "warning"]
    # HTTP/2 lets one connection begin many requests and finish none; proxies speak HTTP/1.1 to a server like this.
    server += ["--host", host, "--port", str(port), "--workers", str(workers), "--http", "1"]
    server += ["--blocking-threads", str(BLOCKING_THREADS), "--respawn-failed-workers"]
    return [*server, "--workers-kill-timeout", str(SECONDS_TO_FINISH), "--working-dir", str(settings.BASE_DIR)]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _describe_static_files() -> Iterator[str]:
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: str(found[0])):
            yield f"{path} {storage.size(path)} {storage.get_modified_time(path).timestamp()}"
