"""The data directory fills up, turns read-only or disappears meanwhile: calls are answered all the same."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import PORTS, Deploy
from tests.faults.databases import SqliteFile
from tests.faults.deployment import Deployment, assert_each_once
from tests.faults.load import Load, percentile, under_load, wait_for, wrong
from tests.faults.report import Promise, report
from tests.faults.test_database_down import stopped
from tests.faults.test_start_without_database import COPY

pytestmark = pytest.mark.faults

LOST = "Call records are being lost"
SECONDS = 3


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int = 1) -> Iterator[None]:
    """Put a disk of one megabyte there, or some more."""
    folder.mkdir()
    size = f"size={mebibytes}m"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no byte free; what the server frees is taken at once."""
    filler, ended = folder / "filler", threading.Event()
    with filler.open("ab", buffering=0) as file:
        thread = threading.Thread(target=keep_full, args=(file.fileno(), ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
    filler.unlink()


def keep_full(descriptor: int, ended: threading.Event) -> None:
    """Write until nothing more fits, again and again."""
    while not ended.wait(0.001):
        for size in (65536, 4096):
            with contextlib.suppress(OSError):
                while os.write(descriptor, b"0" * size):
                    pass


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Refuse every file that is opened for writing from now on, as a disk does that has failed."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def deleted(folder: Path) -> Iterator[None]:
    """Remove everything in it, whatever is made in it meanwhile."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    yield


INJURIES: dict[str, Callable[[Path], contextlib.AbstractContextManager[None]]] = {
    "full": full,
    "read-only": read_only,
    "deleted": deleted,
}


def assert_records_again(deployment: Deployment, load: Load) -> float:
    """Let the load go on for a moment and end, see its calls stored once each, and return how long that took."""
    time.sleep(1.5)
    healed = load.mark()
    time.sleep(1.5)
    load.stopped.set()
    return assert_each_once(deployment, [one.call_id for one in load.answered[healed + 8 : -8]])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
@pytest.mark.parametrize("name", INJURIES)
def test_calls_are_answered_whatever_becomes_of_the_data_directory(
    name: str, kind: str, request: pytest.FixtureRequest
) -> None:
    """Sabotage seen to fail: let `spool.append` raise, or tell each loss; "deleted": make no folder or copy again."""
    deploy: Deploy = request.getfixturevalue(f"on_{kind}")
    deployment = deploy()
    with small_disk(deployment.folder), deployment.running(), under_load(deployment.port) as load:
        time.sleep(1)
        with INJURIES[name](deployment.folder):
            time.sleep(SECONDS)
        took = assert_records_again(deployment, load)
        lost, counted = losses(deployment, load)
        wait_for((deployment.folder / COPY).exists, 5, "the local copy, too")

    assert wrong(load.answered) == []
    told = deployment.log.count(LOST)
    assert counted >= lost
    assert told <= deployment.workers
    assert lost == 0 or told > 0
    report(
        Promise.DATA_FOLDER,
        f"{name} for {SECONDS} s under 50 calls/s ({kind})",
        f"{len(load.answered)} calls, all right, p99 {percentile(load.answered):.1f} ms; {lost} records lost, "
        f"{counted} counted, {told} log lines; recording again {took:.1f} s after",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_the_disk_is_full_that_the_database_lies_on_too(sqlite_base: Path, tmp_path: Path) -> None:
    """So it is where nobody configured anything.

    Sabotage seen to fail: let `Losses.add` count nothing, or `spool.append` raise.
    """
    folder = tmp_path / "data"
    with small_disk(folder, 6):
        database = SqliteFile(path=Path(shutil.copy(sqlite_base, folder / "db.sqlite3")))
        deployment = Deployment(database=database, folder=folder, port=next(PORTS))
        with deployment.running(), under_load(deployment.port) as load:
            time.sleep(1)
            with full(folder):
                time.sleep(SECONDS)
            took = assert_records_again(deployment, load)
            lost, counted = losses(deployment, load)

    assert wrong(load.answered) == []
    assert counted >= lost > 0
    report(
        Promise.DATA_FOLDER,
        f"full for {SECONDS} s with the SQLite file on it, under 50 calls/s",
        f"{len(load.answered)} calls, all right, p99 {percentile(load.answered):.1f} ms; {lost} records lost, "
        f"{counted} counted; recording again {took:.1f} s after",
    )


OUTAGES: dict[str, Callable[[Any], contextlib.AbstractContextManager[None]]] = {
    "postgres": stopped,
    "sqlite": SqliteFile.locked,
}


@pytest.mark.parametrize("kind", OUTAGES)
def test_the_data_directory_is_deleted_while_the_database_is_down_too(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Sabotage seen to fail: let `hand_over` give the file up undrained, or `is_usable` trust a deleted one."""
    deploy: Deploy = request.getfixturevalue(f"on_{kind}")
    deployment = deploy()
    with deployment.running(), under_load(deployment.port) as load:
        time.sleep(1)
        with OUTAGES[kind](deployment.database):
            down = load.mark() + 8  # the callers there are at once
            time.sleep(SECONDS)
            with deleted(deployment.folder):
                time.sleep(SECONDS / 2)
            load.stopped.set()
            answered = {one.call_id for one in load.answered[down:]}
            wait_for(
                lambda: len(answered - lying(deployment.folder)) <= count_losses(deployment), 15, "all is there again"
            )
        lost, counted = losses(deployment, load)

    assert wrong(load.answered) == []
    assert counted >= lost
    assert lost < len(load.answered) / 20, "what was deleted is gone"
    report(
        Promise.DATA_FOLDER,
        f"deleted while the database is down, under 50 calls/s ({kind})",
        f"{len(load.answered)} calls, all right; {lost} records lost, {counted} counted",
    )


def losses(deployment: Deployment, load: Load) -> tuple[int, int]:
    """Return how many calls never came to stand in the table, and how many the metric says."""
    time.sleep(1.5)  # what is counted is told once a second; what lies in deleted files is written anew sooner
    wait_for(lambda: is_drained(deployment.folder), 30, "the spool is empty")
    stored = {row[0] for row in deployment.calls()}
    return sum(one.call_id not in stored for one in load.answered), count_losses(deployment)


def lying(folder: Path) -> set[str]:
    """Return the calls that wait on the disk."""
    lines = b"".join(path.read_bytes() for path in folder.glob("spool/*-*.jsonl")).splitlines()
    return {json.loads(line)["vapi_call_id"] for line in lines}


def is_drained(folder: Path) -> bool:
    """Tell whether no record is on the disk only."""
    try:
        return not any(path.stat().st_size for path in folder.glob("spool/*-*.jsonl"))
    except FileNotFoundError:
        return False  # one was drained just now


def count_losses(deployment: Deployment) -> int:
    """Return what the metric says, of all workers together."""
    _, page = deployment.get("/metrics")
    lines = [line for line in page.splitlines() if "records_lost" in line and not line.startswith("#")]
    assert lines, page
    return int(sum(float(line.rpartition(" ")[2]) for line in lines if "created" not in line))
