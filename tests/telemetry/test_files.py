"""Counts of all processes of a machine: none vanishes with its process, none is added twice."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from routing.telemetry import files
from routing.telemetry.families import RECORDS_LOST
from routing.telemetry.files import ProcessFile, collect
from routing.telemetry.report import Report, Timings

KEY = (RECORDS_LOST.name,)
TIMED = ("switchboard_webhook_seconds", "other")
# Another process that counts three and then waits to be killed.
OTHER_PROCESS = """
import sys, time
from pathlib import Path
from django.conf import settings
settings.configure(ROUTING_DATA_DIR=Path(sys.argv[1]))
from routing.telemetry.files import ProcessFile
from routing.telemetry.report import Report, Timings
file = ProcessFile()
timings = {("switchboard_webhook_seconds", "other"): Timings([1, 2], 0.5)}
file.write(Report({("switchboard_records_lost",): 3}, timings, {("g",): 1.0}))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The metrics' folder of this test."""
    settings.ROUTING_DATA_DIR = tmp_path
    return tmp_path / "metrics"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start another process on the same folder."""
    started: list[subprocess.Popen[str]] = []

    def start_one() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", OTHER_PROCESS, str(folder.parent)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def test_counts_outlive_their_process_and_gauges_do_not(start: Callable[[], subprocess.Popen[str]]) -> None:
    first, second = start(), start()

    living = collect()
    first.kill()
    first.wait()
    after = [collect(), collect()]

    assert set(living.living) == {str(first.pid), str(second.pid)}
    assert living.sums().counts == {KEY: 6}
    assert [set(seen.living) for seen in after] == [{str(second.pid)}] * 2
    assert [seen.sums().counts for seen in after] == [{KEY: 6}] * 2
    assert [seen.sums().timings for seen in after] == [{TIMED: Timings([2, 4], 1.0)}] * 2


def test_whoever_dies_while_burying_adds_nothing_twice(
    folder: Path, start: Callable[[], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start()
    process.kill()
    process.wait()

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _die_at_report)
        with pytest.raises(KeyboardInterrupt):
            collect()

    assert list(folder.glob("*.lock"))  # the sums are written, the dead process's files are still there
    assert [collect().sums().counts for _ in range(2)] == [{KEY: 3}] * 2
    assert not list(folder.glob("*.lock"))


def test_a_full_disk_leaves_the_dead_for_later(
    folder: Path, start: Callable[[], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start()
    process.kill()
    process.wait()

    with monkeypatch.context() as patch:
        patch.setattr(files, "_replace", _no_space)
        full = collect()

    assert full.sums().counts == collect().sums().counts == {KEY: 3}


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"counts": 3}', b"\xff\xfe", b'{"counts":[[["a"],"x"]]}'])
def test_a_damaged_file_counts_for_nothing(folder: Path, damage: bytes) -> None:
    ours = ProcessFile()
    ours.write(Report(counts={KEY: 2}))
    (folder / "totals.json").write_bytes(damage)

    sums = collect().sums()
    ours.forget()

    assert sums.counts == {KEY: 2}


def test_a_folder_deleted_underneath_is_made_anew(folder: Path) -> None:
    ours = ProcessFile()
    ours.write(Report(counts={KEY: 2}))
    shutil.rmtree(folder)

    ours.write(Report(counts={KEY: 2}))
    sums = collect().sums()
    ours.forget()

    assert sums.counts == {KEY: 2}


def test_the_files_are_for_their_owner_only(folder: Path) -> None:
    ours = ProcessFile()
    ours.write(Report(counts={KEY: 2}))
    collect()
    ours.forget()
    collect()

    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}

    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}
    assert json.loads((folder / "totals.json").read_text())["counts"] == [[list(KEY), 2]]


def test_somebody_who_never_ends_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.05)

    with files._turn(folder), pytest.raises(TimeoutError):
        collect()


def _die_at_report(path: Path, missing_ok: bool = False) -> None:
    if path.suffix == ".json":
        raise KeyboardInterrupt
    if path.exists():
        os.unlink(path)


def _no_space(path: Path, content: bytes) -> None:
    raise OSError(28, "No space left on device")
