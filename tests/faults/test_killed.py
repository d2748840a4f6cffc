"""All workers are killed under load, again and again: what was answered before is in the table, once."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import Deployment, assert_each_once
from tests.faults.load import under_load, wait_for
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

KILLS = 3
SECONDS_BETWEEN = 6  # whose workers die within 5.5 s of their start, that server ends, for its service manager to see
COPIES = itertools.count(1)


def copies(folder: Path) -> dict[str, bytes]:
    """Return what lies in the spool by the names that it may come back under."""
    kept = {}
    for path in folder.glob("spool/*-*.jsonl"):
        with contextlib.suppress(FileNotFoundError):  # drained just now
            kept[f"0-{next(COPIES)}.jsonl"] = path.read_bytes()
    return kept


def kill_workers(deployment: Deployment) -> None:
    """Kill them all, and leave the process that starts new ones."""
    for pid in deployment.worker_pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_workers_killed_under_load_lose_no_decision(kind: str, request: pytest.FixtureRequest) -> None:
    """Sabotage seen to fail: let `Writer.append` collect lines; let each draining draw new ids, nothing unique."""
    deploy: Deploy = request.getfixturevalue(f"on_{kind}")
    with deploy().running() as deployment, under_load(deployment.port) as load:
        for _ in range(KILLS):
            time.sleep(SECONDS_BETWEEN)
            lying = copies(deployment.folder)
            kill_workers(deployment)
            killed = load.mark()
            for name, lines in lying.items():  # as if they had been killed between the commit and the file's removal
                deployment.folder.joinpath("spool", name).write_bytes(lines)
            wait_for(
                lambda killed=killed: any(one.status == 200 for one in load.answered[killed + 20 :]),  # type: ignore[misc]
                30,
                "new workers answer",
            )
        time.sleep(2)
        load.stopped.set()
        given = [one for one in load.answered if one.status == 200]
        took = assert_each_once(deployment, [one.call_id for one in given])
        wait_for(lambda: not list(deployment.folder.glob("spool/0-*")), 10, "what came up again is drained, too")
        assert_each_once(deployment, [])
    assert all(one.is_right for one in given)
    assert len(given) > 200
    report(
        Promise.KILLED,
        f"all workers killed {KILLS} times under 50 calls/s ({kind})",
        f"{len(given)} answered, all stored once ({took:.1f} s after); {len(load.answered) - len(given)} unanswered",
    )


def test_a_whole_server_killed_leaves_its_decisions_to_the_next(on_sqlite: Deploy) -> None:
    """Sabotage seen to fail: let a process drain only files of its own."""
    deployment = on_sqlite()
    with deployment.running(), under_load(deployment.port) as load:
        time.sleep(3)
        deployment.kill()
        load.stopped.set()
    given = [one for one in load.answered if one.status == 200]
    assert given

    with deployment.running():
        took = assert_each_once(deployment, [one.call_id for one in given])
    report(
        Promise.KILLED,
        "server killed and started again",
        f"{len(given)} answered, all stored once {took:.1f} s after the start",
    )
