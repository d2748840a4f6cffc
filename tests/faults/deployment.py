"""A whole installation as its operator runs it: `manage.py serve`, a database, a data directory, a port."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.faults.databases import Database, Row
from tests.faults.load import SECRET, Caller, wait_for

PREFIX = "a0000000-0000-4000-8000-00000000000"
TABLE: dict[str, Any] = {
    "version": 1,
    "default": "reception",
    "targets": [
        {
            "key": key,
            "name": key.title(),
            "kind": "assistant",
            "vapi_id": f"a0000000-0000-4000-8000-00000000000{number}",
        }
        for number, key in enumerate(("reception", "evening", "concierge"), 1)
    ],
    "numbers": [{"vapi_id": "33333333-3333-4333-8333-333333333333", "number": "+12025550111", "name": "Main"}],
    "lists": [{"key": "vip", "name": "VIP", "purpose": "segment", "entries": [{"number": "+12025550100"}]}],
    "rules": [
        {"key": "vip", "name": "VIP", "when": {"lists": {"any_of": ["vip"]}}, "then": [{"target": "concierge"}]},
    ],
}


@dataclass(kw_only=True)
class Deployment:
    """An installation; it may run or not."""

    database: Database
    folder: Path
    port: int
    workers: int = 2
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the server wrote."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    @property
    def worker_pids(self) -> list[int]:
        """The processes that answer."""
        assert self.process is not None
        main = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a management command to its end and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, env=self._environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def publish(self, table: dict[str, Any], folder: Path) -> None:
        """Let a table file go live."""
        path = folder / "table.json"
        path.write_text(json.dumps(table))
        self.manage("import_table", str(path), "--publish")

    @contextlib.contextmanager
    def running(self, *, until_right: bool = True) -> Iterator[Deployment]:
        """Run the server meanwhile, from when it answers."""
        self.start()
        try:
            if until_right:
                wait_for(self._is_answering, 60, f"the server answers\n{self.log}")
            yield self
        finally:
            self.kill()

    def start(self) -> None:
        """Start the server, and wait for nothing."""
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "manage.py", "serve", "--no-demo", "--port", str(self.port)]
        command += ["--workers", str(self.workers)]
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self._environment, cwd=settings.BASE_DIR, start_new_session=True, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Let everything end as in a power cut; the server and its workers are a group of their own."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a page."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def calls(self) -> list[Row]:
        """Return the calls in the table."""
        return self.database.calls()

    @property
    def _log_path(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-server.log")

    @property
    def _environment(self) -> dict[str, str]:
        ours = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.database.url,
            "ROUTING_DATA_DIR": str(self.folder),
            "ROUTING_POLL_SECONDS": "0.5",
            "VAPI_WEBHOOK_SECRET": SECRET,
        }
        return os.environ | ours | self.extra

    def _is_answering(self) -> bool:
        return Caller(port=self.port, keeps=False).call("+12125550123").status == 200


def assert_each_once(deployment: Deployment, call_ids: list[str], seconds: float = 30) -> float:
    """Check that every one of these calls comes to stand in the table, and once; return how long that took."""
    wanted = set(call_ids)

    def are_there() -> bool:
        return wanted <= {row[0] for row in deployment.calls()}

    took = wait_for(are_there, seconds, f"all {len(wanted)} decisions are in the table")
    stored = [row[0] for row in deployment.calls()]
    assert len(stored) == len(set(stored)), "a decision is there twice"
    return took
