"""The machine's clock is set back by an hour while calls come in; a process starts in the middle."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import TABLE, Deployment, assert_each_once
from tests.faults.load import ANYBODY, EXPECTED, LINE_ID, VIP, Answered, Caller, percentile, under_load, wait_for
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

HOUR = 3600
LIMIT_MS = 50 * 4  # the promise, and room for a busy machine
EVENING = "a0000000-0000-4000-8000-000000000002"
RIGHT = {VIP: {EXPECTED[VIP]}, ANYBODY: {EXPECTED[ANYBODY], EVENING}}

# Read by every Python process at its start: its clock goes wrong as soon as the file is there, the machine's does not.
HOOK = f"""
import os, threading, time
import time_machine

def watch():
    while not os.path.exists(os.environ["CLOCK_JUMPS"]):
        time.sleep(0.02)
    time_machine.travel(time.time() - {HOUR}, tick=True).start()

def start():
    threading.Thread(target=watch, daemon=True).start()

if os.path.exists(os.environ["CLOCK_JUMPS"]):
    watch()
else:
    os.register_at_fork(after_in_child=start)
    start()
"""


def add_signing_secret(deployment: Deployment) -> None:
    code = (
        "from routing.models import WebhookSecret;"
        "WebhookSecret(name='Signed', kind='hmac', secret='signed', algorithm='sha256').save()"
    )
    deployment.manage("shell", "-c", code)


def ask_signed(deployment: Deployment, at: float) -> int:
    """Return the status of a message that was signed at that time."""
    call = {"id": str(uuid.uuid4()), "phoneNumberId": LINE_ID, "customer": {"number": ANYBODY}}
    body = json.dumps({"message": {"type": "assistant-request", "call": call}}).encode()
    stamp = str(int(at))
    signature = hmac.new(b"signed", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "x-timestamp": stamp, "x-signature": signature}
    request = urllib.request.Request(f"http://127.0.0.1:{deployment.port}/vapi/webhook", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def publish_watched(deployment: Deployment, folder: Path) -> float:
    """Publish and return when, by the clock of the answers, it was seen to be committed."""

    def live() -> object:
        return connection.execute("SELECT revision_id FROM routing_livestate").fetchone()

    with contextlib.closing(deployment.database.connect()) as connection, ThreadPoolExecutor(1) as pool:
        before = live()
        publishing = pool.submit(deployment.publish, TABLE | {"default": "evening"}, folder)
        wait_for(lambda: publishing.done() or live() != before, 60, "the revision is published")
        committed_at = time.monotonic()
        publishing.result()
    return committed_at


def is_wrong(one: Answered) -> bool:
    return one.status != 200 or one.target not in RIGHT[one.customer]


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_the_clock_is_set_back_an_hour_and_nothing_stalls(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Sabotage seen to fail: give `Waker` the clock `time.time` (only the poll notices that, so SQLite fails)."""
    deploy: Deploy = request.getfixturevalue(f"on_{kind}")
    hook, jump = tmp_path / "hook", tmp_path / "jump"
    hook.mkdir()
    hook.joinpath("sitecustomize.py").write_text(HOOK)
    deployment = deploy(extra={"PYTHONPATH": str(hook), "CLOCK_JUMPS": str(jump)})
    add_signing_secret(deployment)
    with deployment.running(), under_load(deployment.port) as load:
        began = time.time()
        time.sleep(2)
        assert ask_signed(deployment, time.time()) == 200
        jump.touch()
        time.sleep(1)
        jumped = load.mark()
        signed = [ask_signed(deployment, time.time() - back) for back in (HOUR, 0, 2 * HOUR)]
        committed_at = publish_watched(deployment, tmp_path)
        time.sleep(2)
        other = Deployment(
            database=deployment.database,
            folder=deployment.folder,
            port=deployment.port + 20,
            workers=1,
            extra=deployment.extra,
        )
        with other.running():
            started = [Caller(port=other.port, keeps=False).call(customer) for customer in (VIP, ANYBODY)]
        load.stopped.set()
        asked = [one.call_id for one in [*load.answered, *started]]
        took = assert_each_once(deployment, asked)
        first = deployment.database.instant("SELECT min(decided_at) FROM routing_call")

    assert first < began - HOUR / 2, "no process saw its clock jump"
    assert signed == [200, 401, 401]
    assert [one for one in load.answered if is_wrong(one)] == []
    assert [one.target for one in started] == [EXPECTED[VIP], EVENING]
    old = [one.at for one in load.answered if one.at > committed_at and one.target == EXPECTED[ANYBODY]]
    live_after, p99 = max(old, default=committed_at) - committed_at, percentile(load.answered[jumped:])
    report(
        Promise.CLOCK,
        f"set back 1 h under 50 calls/s, and a process started then ({kind})",
        f"{len(asked)} calls, all right and stored once ({took:.1f} s after); p99 {p99:.1f} ms; a revision is live "
        f"{live_after:.2f} s after its commit; signatures are judged by the clock as it is",
    )
    assert live_after < 1.0 * 4  # the promise, and room for a busy machine
    assert p99 < LIMIT_MS
