"""Keeping records on the local disk."""

import errno
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from routing.recorder import files, spool
from routing.recorder.files import claim, free_files, put_back, writer
from routing.recorder.spool import losses
from tests.recorder.records import call

APPENDING_CHILD = """
import django, os, sys, time
django.setup()
from routing.recorder import spool
for number in range(200):
    spool.append({"kind": "call", "number": number})
print("appended", flush=True)
time.sleep(60)
"""


def kept(folder: Path) -> list[dict[str, Any]]:
    """Return all records in the spool."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def test_record_is_one_line_of_a_private_file(spool_path: Path) -> None:
    spool.append(call(note="ä\nö"))

    (path,) = spool_path.glob("*.jsonl")
    assert path.read_bytes().count(b"\n") == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept(spool_path)[0]["note"] == "ä\nö"


def test_threads_do_not_mix_their_lines(spool_path: Path) -> None:
    def append_many(name: int) -> None:
        for number in range(200):
            spool.append({"thread": name, "number": number, "padding": "x" * 500})

    threads = [threading.Thread(target=append_many, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen = {(record["thread"], record["number"]) for record in kept(spool_path)}
    assert len(seen) == 8 * 200
    assert len(list(spool_path.glob("*.jsonl"))) == 1


def test_killed_process_loses_nothing_and_leaves_its_file_to_others(spool_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.offline_settings",
        "SPOOL_OF_TEST": str(spool_path.parent),
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    child = subprocess.Popen([sys.executable, "-c", APPENDING_CHILD], env=environment, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"appended\n"
    (path,) = spool_path.glob("*.jsonl")
    with claim(path) as descriptor:
        assert descriptor is None, "a living process keeps its file"

    child.send_signal(signal.SIGKILL)
    child.communicate()

    with claim(path) as descriptor:
        assert descriptor is not None
    assert [record["number"] for record in kept(spool_path)] == list(range(200))


def test_forked_child_writes_a_file_of_its_own(spool_path: Path) -> None:
    spool.append({"by": "parent"})

    child = os.fork()
    if child == 0:
        spool.append({"by": "child"})
        os._exit(0)
    os.waitpid(child, 0)
    spool.append({"by": "parent"})

    assert sorted(record["by"] for record in kept(spool_path)) == ["child", "parent", "parent"]
    assert len(list(spool_path.glob("*.jsonl"))) == 2


def test_forked_child_does_not_keep_its_parents_file_locked(spool_path: Path) -> None:
    spool.append({"by": "parent"})
    (path,) = spool_path.glob("*.jsonl")
    born, tell_born = os.pipe()
    end, tell_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(tell_end)
        os.write(tell_born, b"!")
        os.read(end, 1)  # lives until the parent closes its side
        os._exit(0)
    os.read(born, 1)

    writer.forget()
    with claim(path) as descriptor:
        is_free = descriptor is not None

    os.close(tell_end)
    os.waitpid(child, 0)
    assert is_free


def fail(path: Path, descriptor: int) -> None:
    raise OSError("the database is down")


@pytest.fixture
def looking_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every record look whether the file is still there."""
    monkeypatch.setattr(files, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(writer, "_look_at", 0.0)


@pytest.mark.usefixtures("looking_at_once")
@pytest.mark.parametrize("deletion", ["file", "folder"])
@pytest.mark.parametrize("next_step", ["append", "drain"])
def test_deleted_spool_is_made_again_with_what_was_in_it(spool_path: Path, deletion: str, next_step: str) -> None:
    """Sabotage seen to fail: let `deleted_lines` return nothing, or `hand_over` take the file as it is."""
    spool.append({"n": 1})
    (path,) = spool_path.glob("*.jsonl")
    if deletion == "file":
        path.unlink()
    else:
        shutil.rmtree(spool_path)

    if next_step == "append":
        spool.append({"n": 2})
    else:
        with pytest.raises(OSError, match="database"):
            writer.hand_over(fail)

    assert kept(spool_path) == [{"n": 1}, {"n": 2}][: 2 if next_step == "append" else 1]
    assert losses.count == 0


@pytest.mark.parametrize("next_step", ["append", "drain"])
def test_what_is_written_before_a_deletion_is_noticed_is_saved(
    spool_path: Path, monkeypatch: pytest.MonkeyPatch, next_step: str
) -> None:
    """Sabotage seen to fail: never look again whether the file is there, or let `hand_over` take it as it is."""
    monkeypatch.setattr(files, "LOOK_SECONDS", 0.2)
    spool.append({"n": 1})
    shutil.rmtree(spool_path)
    spool.append({"n": 2})

    if next_step == "append":
        time.sleep(0.2)
        spool.append({"n": 3})
    else:
        with pytest.raises(OSError, match="database"):
            writer.hand_over(fail)

    assert kept(spool_path) == [{"n": 1}, {"n": 2}, {"n": 3}][: 3 if next_step == "append" else 2]
    assert losses.count == 0


@pytest.mark.usefixtures("looking_at_once")
def test_deleted_spool_that_cannot_be_made_again_yet_is_kept_in_memory(spool_path: Path) -> None:
    """Sabotage seen to fail: close the deleted file before the new one is made."""
    spool.append({"n": 1})
    shutil.rmtree(spool_path)
    spool_path.touch()  # nobody can make a folder of that name
    spool.append({"n": 2})
    spool_path.unlink()

    spool.append({"n": 3})

    assert kept(spool_path) == [{"n": 1}, {"n": 3}]
    assert losses.count == 1


def test_a_file_put_back_before_the_clock_was_set_back_does_not_wait_for_it(spool_path: Path) -> None:
    """Sabotage seen to fail: let `free_files` compare with "at most now - waited_seconds" only."""
    spool_path.mkdir()
    put_back([b"{}\n"])
    (path,) = spool_path.glob("*.waiting")
    assert free_files(waited_seconds=60) == []

    in_an_hour = time.time() + 3600
    os.utime(path, (in_an_hour, in_an_hour))

    assert free_files(waited_seconds=60) == [path]


def test_full_disk_is_counted_told_once_and_raises_nothing(
    spool_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse)
        for _ in range(3):
            spool.append(call())

    assert losses.count == 3
    assert len(caplog.records) == 1
    assert "+1202" not in caplog.text


def test_line_that_fits_only_in_part_leaves_nothing_behind(spool_path: Path) -> None:
    spool.append({"n": 1})
    (path,) = spool_path.glob("*.jsonl")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, hard))
        spool.append({"n": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    spool.append({"n": 3})

    assert kept(spool_path) == [{"n": 1}, {"n": 3}]
    assert losses.count == 1


def test_record_that_is_no_json_is_counted(spool_path: Path) -> None:
    spool.append({"n": object()})

    assert losses.count == 1


def test_own_file_is_free_once_its_process_gives_it_up(spool_path: Path) -> None:
    spool.append({"n": 1})
    (path,) = free_files(waited_seconds=0)
    with claim(path) as descriptor:
        assert descriptor is None

    writer.forget()

    with claim(path) as descriptor:
        assert descriptor is not None
    with claim(spool_path / "1-gone.jsonl") as descriptor:
        assert descriptor is None
