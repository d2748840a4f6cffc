"""The data directory fills up, turns read-only or disappears meanwhile: calls are answered all the same."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import Deployment, assert_each_once
from tests.faults.load import percentile, under_load, wrong
from tests.faults.report import report

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"),
]

LOST = "Call records are being lost"
SECONDS = 5


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put a disk of one megabyte there."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False).returncode:
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
    """Remove everything in it."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    yield


INJURIES: dict[str, Callable[[Path], contextlib.AbstractContextManager[None]]] = {
    "full": full,
    "read-only": read_only,
    "deleted": deleted,
}


@pytest.mark.parametrize("name", INJURIES)
def test_calls_are_answered_whatever_becomes_of_the_data_directory(
    name: str, on_postgres: Deploy, tmp_path: Path
) -> None:
    """Sabotage: let `spool.append` raise, tell each loss, or `Writer` keep a file that was deleted underneath it."""
    deployment = on_postgres()
    with small_disk(deployment.folder), deployment.running(), under_load(deployment.port) as load:
        time.sleep(2)
        with INJURIES[name](deployment.folder):
            time.sleep(SECONDS)
        time.sleep(1.5)
        healed = load.mark()
        time.sleep(2)
        load.stopped.set()
        took = assert_each_once(deployment, [one.call_id for one in load.answered[healed + 8 : -8]])
        time.sleep(1)
        lost = len(load.answered) - len({row[0] for row in deployment.calls()} & {one.call_id for one in load.answered})
        counted = count_losses(deployment)

    assert wrong(load.answered) == []
    told = deployment.log.count(LOST)
    assert told <= deployment.workers
    if name != "deleted":  # what lay in deleted files nobody can count
        assert counted >= lost
    assert lost == 0 or told > 0 or name == "deleted"
    report(
        f"data directory {name} for {SECONDS} s under 50 calls/s",
        f"{len(load.answered)} calls, all right, p99 {percentile(load.answered):.1f} ms; {lost} records lost, "
        f"{counted} counted, {told} log lines; recording again {took:.1f} s after",
    )


def count_losses(deployment: Deployment) -> int:
    """Return what the metric says, of all workers together."""
    _, page = deployment.get("/metrics")
    lines = [line for line in page.splitlines() if "records_lost" in line and not line.startswith("#")]
    assert lines, page
    return int(sum(float(line.rpartition(" ")[2]) for line in lines if "created" not in line))
