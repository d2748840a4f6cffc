"""Workers are replaced, and the server is stopped, while callers call."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import assert_each_once
from tests.faults.load import under_load, wait_for, wrong
from tests.faults.report import Promise, report
from tests.faults.test_slow_vapi import answer, broken_vapi, make_key, place, slowly

pytestmark = pytest.mark.faults

CREATED = answer("201 Created", b'{"id": "vapi-1", "status": "queued"}')


def test_a_rolling_restart_fails_no_call(on_sqlite: Deploy) -> None:
    """Sabotage seen to fail: kill the workers instead (SIGKILL), which leaves calls without an answer."""
    with on_sqlite().running() as deployment, under_load(deployment.port, keeps=False) as load:
        time.sleep(2)
        assert deployment.process is not None
        for _ in range(2):
            before = set(deployment.worker_pids)
            os.kill(deployment.process.pid, signal.SIGHUP)
            wait_for(lambda before=before: not before & set(deployment.worker_pids), 40, "new workers")  # type: ignore[misc]
            time.sleep(2)
        load.stopped.set()
        assert_each_once(deployment, [one.call_id for one in load.answered])

    assert wrong(load.answered) == []
    report(
        Promise.RESTART,
        "two rolling restarts (SIGHUP) under 50 calls/s",
        f"{len(load.answered)} calls, none failed, all stored once",
    )


def test_a_graceful_stop_lets_calls_under_way_finish(on_postgres: Deploy) -> None:
    """Sabotage seen to fail: start the server with `--workers-kill-timeout 1`."""
    with broken_vapi(slowly(4, CREATED)) as vapi, ThreadPoolExecutor(5) as pool:
        deployment = on_postgres(extra={"VAPI_API_KEY": "private", "VAPI_BASE_URL": vapi.address})
        key = make_key(deployment)
        with deployment.running():
            asked = [pool.submit(place, deployment, key, number) for number in range(1, 6)]
            wait_for(lambda: len(vapi.taken) == 5, 20, "all calls are at Vapi")
            assert deployment.process is not None
            started = time.monotonic()
            deployment.process.terminate()
            statuses = [one.result()[0] for one in asked]
            deployment.process.wait(40)
            seconds = time.monotonic() - started

    assert statuses == [201] * 5
    report(
        Promise.RESTART,
        "graceful stop (SIGTERM) with 5 calls under way",
        f"all answered 201; stopped after {seconds:.1f} s",
    )
