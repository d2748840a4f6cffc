"""Whether calls should be sent here."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from routing.recorder.depth import measure_spool
from routing.snapshot.store import Standing
from routing.status.disk import find_fault, forget_disk, look_at_disk
from routing.status.gauges import DATABASE_PATIENCE_SECONDS, is_database_up
from tests.snapshot.live_rows import document, go_live


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The data directory of this test."""
    settings.ROUTING_DATA_DIR = tmp_path
    forget_disk()
    return tmp_path


@pytest.mark.django_db
def test_before_anything_is_published_the_pages_must_be_reachable() -> None:
    answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() | {"spool": {}} == {
        "ready": True,
        "problems": [],
        "revision": None,
        "stale": False,
        "database": "ok",
        "sandbox": True,
        "spool": {},
    }


@pytest.mark.django_db
def test_it_names_revision_and_spool(folder: Path) -> None:
    go_live(3, document())
    old = (timezone.now() - timedelta(minutes=2)).isoformat()
    (folder / "spool").mkdir()
    (folder / "spool" / "1-a.jsonl").write_text(json.dumps({"kind": "call", "decided_at": old}) + '\n{"kind": 1}\n')

    answer = Client().get("/readyz").json()

    assert answer["revision"] == 3
    assert answer["spool"]["records"] == 2
    assert answer["spool"]["oldest_seconds"] == pytest.approx(120, abs=10)


@pytest.mark.django_db
def test_a_data_directory_that_cannot_be_written_is_a_problem(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.ROUTING_DATA_DIR = tmp_path / "file" / "data"
    forget_disk()

    with caplog.at_level("INFO"):
        answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["problems"] == [
        "The data directory cannot be written (Not a directory): calls are answered, but not recorded."
    ]
    assert "django.request" not in [record.name for record in caplog.records]  # it is asked every few seconds


def test_a_folder_that_takes_no_file_is_a_fault() -> None:
    assert find_fault(Path("/proc")) != ""


def test_the_probe_leaves_nothing_behind(folder: Path) -> None:
    assert find_fault(folder / "new") == ""
    assert list((folder / "new").iterdir()) == []


def test_the_disk_is_looked_at_seldom(folder: Path) -> None:
    first = look_at_disk()
    (folder / "spool").mkdir()
    (folder / "spool" / "1-a.jsonl").write_text("{}\n")

    assert look_at_disk() is first


@pytest.mark.parametrize(
    ("trouble", "age", "up"),
    [("", 0.0, True), ("", None, False), ("gone", 0.0, False), ("", DATABASE_PATIENCE_SECONDS + 60, False)],
    ids=["read a moment ago", "never read", "in trouble", "hanging"],
)
def test_a_database_is_up_if_it_answered_lately(
    trouble: str, age: float | None, up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 10_000.0)
    standing = Standing(snapshot=None, trouble=trouble, read_at=None if age is None else 10_000.0 - age)

    assert is_database_up(standing) is up


def test_spool_without_folder_is_empty() -> None:
    depth = measure_spool()

    assert (depth.records, depth.size, depth.oldest_seconds, depth.rejected) == (0, 0, 0, 0)


def test_spool_counts_what_waits_and_what_was_set_aside(folder: Path) -> None:
    spool = folder / "spool"
    spool.mkdir()
    recorded = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    (spool / "1-a.jsonl").write_text('{"broken')  # cut short by the death of its process
    (spool / "2-b.jsonl").write_text("")
    (spool / "c.waiting").write_text(json.dumps({"kind": "outcome", "recorded_at": recorded}) + "\n")
    (spool / "rejected.jsonl").write_text("{}\n{}\n{}\n")

    depth = measure_spool()

    assert (depth.records, depth.rejected) == (1, 3)
    assert depth.oldest_seconds > 1_000_000


def test_a_large_spool_is_estimated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.recorder.depth.MOST_READ", 1024)
    monkeypatch.setattr("routing.recorder.depth.PIECE", 1024)
    (folder / "spool").mkdir()
    (folder / "spool" / "1-a.jsonl").write_text("x" * 31 + "\n" + ("y" * 31 + "\n") * 9_999)

    assert measure_spool().records == 10_000
