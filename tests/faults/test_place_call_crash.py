"""The server is killed at each step of placing a call, and started again: no second create, and no lost row."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
import requests
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from pytest_django import Settings

from routing.models import Call, RequestClaim
from tests.api.world import ANYBODY
from tests.faults.program import Program, StubVapi, run_program
from tests.faults.report import Promise, report
from tests.snapshot.live_rows import eventually

# The tests of other processes use other databases of the same server.
WAITING = "pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
REQUESTS: dict[str, dict[str, str]] = {"by key": {"Idempotency-Key": "order-1"}, "by body": {}}


@dataclass(kw_only=True)
class Scene:
    """What a test kills, and with what."""

    stub: StubVapi
    secret: str
    folder: Path
    headers: dict[str, str]

    def start(self, vapi_url: str | None = None) -> contextlib.AbstractContextManager[Program]:
        """Start the server."""
        return run_program(vapi_url or self.stub.address, self.folder)

    def ask(self, program: Program) -> requests.Response:
        """Ask for the call."""
        headers = {"Authorization": f"Bearer {self.secret}"} | self.headers
        body = {"customer": {"number": ANYBODY}}
        return requests.post(f"{program.url}/api/v1/call", json=body, headers=headers, timeout=30)

    def ask_and_kill(self, program: Program, when: Callable[[], bool]) -> None:
        """Ask for the call, and kill the server as soon as something holds."""

        def ask() -> None:
            with contextlib.suppress(requests.RequestException):
                self.ask(program)

        thread = threading.Thread(target=ask)
        thread.start()
        assert eventually(when)
        program.kill()
        thread.join()


@pytest.fixture(params=REQUESTS.values(), ids=list(REQUESTS))
def scene(request: pytest.FixtureRequest, secret: str, stub: StubVapi, tmp_path: Path) -> Scene:
    return Scene(stub=stub, secret=secret, folder=tmp_path, headers=request.param)


@contextlib.contextmanager
def unreachable_vapi() -> Iterator[str]:
    """An address to which no connection comes about: whoever calls it hangs before the first byte is sent."""
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def nobody_writes(table: str) -> Iterator[None]:
    """Hold a table's lock: other processes wait at their next statement that writes to it."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # A statement that waits would go on without the process that sent it.
                cursor.execute(f"SELECT pg_terminate_backend(pid) FROM {WAITING}")


def is_waiting() -> bool:
    """Tell whether a process waits for the lock; on SQLite, which cannot tell, that it has had the time to."""
    if connection.vendor == "sqlite":
        time.sleep(0.5)
        return True
    values = connection.get_connection_params()
    named = {name: values[name] for name in ("host", "port", "user", "password", "dbname") if name in values}
    with psycopg.connect(**named) as other:
        row = other.execute(f"SELECT count(*) FROM {WAITING}".encode()).fetchone()
    return row is not None and row[0] > 0


def grow_old(age: timedelta) -> None:
    """Let the request be so old, as if time had passed."""
    Call.objects.update(decided_at=F("decided_at") - age)
    RequestClaim.objects.update(started_at=F("started_at") - age, expires_at=F("expires_at") - age)


def assert_never_repeated(scene: Scene, created: int, state: str = "unknown") -> None:
    """Start again and ask again: still running, later unknown, but never sent again."""
    with scene.start() as program:
        young = scene.ask(program)
        grow_old(timedelta(seconds=61))
        old, again = scene.ask(program), scene.ask(program)

    assert (young.status_code, young.headers["Retry-After"]) == (409, "2")
    assert [old.status_code, again.status_code] == [424, 424]
    assert old.headers["Idempotent-Replayed"] == "true"
    row = Call.objects.get()
    assert str(row.pk) in old.json()["message"]
    assert (row.state, row.vapi_call_id, len(scene.stub.created)) == (state, None, created)


def reconcile(scene: Scene, settings: Settings) -> Call:
    """Run the command a quarter of an hour later."""
    settings.VAPI_API_KEY, settings.VAPI_BASE_URL = "private", scene.stub.address
    age = timedelta(minutes=15)
    grow_old(age)
    for call in scene.stub.created:
        del call["createdAt"]  # it happened as long ago as the request
    call_command("reconcile_calls", stdout=StringIO())
    return Call.objects.get()


def test_killed_before_the_commit_nothing_is_left_and_the_request_may_come_again(scene: Scene) -> None:
    """Sabotage seen to fail: claim the request in a transaction of its own (on PostgreSQL)."""
    with scene.start() as program, nobody_writes("routing_call"):
        scene.ask_and_kill(program, is_waiting)

    assert (Call.objects.count(), RequestClaim.objects.count(), scene.stub.created) == (0, 0, [])
    with scene.start() as program:
        assert scene.ask(program).status_code == 201
    assert (Call.objects.get().state, len(scene.stub.created)) == ("placed", 1)
    report(Promise.PLACED_ONCE, "killed before the commit", "nothing is left of it, the request may come again")


def test_killed_between_commit_and_send(scene: Scene, settings: Settings) -> None:
    """Sabotage seen to fail: forget the claim of a process that died."""
    with unreachable_vapi() as url, scene.start(url) as program:
        scene.ask_and_kill(program, Call.objects.filter(state="sending").exists)

    assert_never_repeated(scene, created=0)
    assert reconcile(scene, settings).state == "failed"
    report(Promise.PLACED_ONCE, "killed between commit and send", "not sent again; reconciling finds that it failed")


def test_killed_between_send_and_answer(scene: Scene, settings: Settings) -> None:
    """Sabotage seen to fail: forget the claim of a process that died, or let reconciling look at nothing."""
    killed = threading.Event()
    scene.stub.before_answer = lambda: killed.wait(30)
    with scene.start() as program:
        scene.ask_and_kill(program, lambda: len(scene.stub.created) == 1)
    killed.set()

    assert_never_repeated(scene, created=1)
    row = reconcile(scene, settings)
    assert (row.state, row.vapi_call_id, len(scene.stub.created)) == ("placed", "vapi-1", 1)
    report(Promise.PLACED_ONCE, "killed between send and answer", "not sent again; reconciling finds the call")


def test_killed_between_the_answer_and_its_note(scene: Scene, settings: Settings) -> None:
    """Sabotage seen to fail: as above."""
    answering, locked = threading.Event(), threading.Event()

    def hold_the_answer() -> None:
        answering.set()
        locked.wait(30)

    scene.stub.before_answer = hold_the_answer
    with scene.start() as program, contextlib.ExitStack() as lock:

        def note_waits() -> bool:
            answering.wait(30)
            lock.enter_context(nobody_writes("routing_call"))
            locked.set()
            return eventually(is_waiting)

        scene.ask_and_kill(program, note_waits)

    assert_never_repeated(scene, created=1)
    assert reconcile(scene, settings).state == "placed"
    report(
        Promise.PLACED_ONCE, "killed between Vapi's answer and its note", "not sent again; reconciling finds the call"
    )
