"""From the spool into the database."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connections
from pytest_django import Settings

from routing.models import ApiKey, Call
from routing.recorder import spool
from routing.recorder.drain import drain
from routing.recorder.files import claim, writer
from tests.recorder.records import NOW, call, outcome
from tests.snapshot.live_rows import eventually

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("spool_path")]


def drain_now(seconds: float = 0) -> int:
    return drain(NOW + timedelta(seconds=seconds), waited_seconds=0)


def left_over(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def rejected(folder: Path) -> list[dict[str, Any]]:
    path = folder / "rejected.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_call_gets_its_row_and_the_file_goes(spool_path: Path) -> None:
    record = call(reason="DEFAULT", rule_position=3, stale=True, context={"at": "now"})
    spool.append(record)

    assert drain_now() == 1

    row = Call.objects.get()
    assert (row.pk, row.decided_at, row.reason, row.rule_position) == (record["id"], NOW, "DEFAULT", 3)
    assert (row.stale, row.context, row.state) == (True, {"at": "now"}, "decided")
    assert left_over(spool_path) == []


def test_more_records_than_one_batch() -> None:
    for _ in range(1_201):
        spool.append(call())

    assert drain_now() == 1_201
    assert Call.objects.count() == 1_201


def test_same_call_twice_keeps_the_first() -> None:
    call_id = uuid4()
    spool.append(call(call_id, target_name="first", vapi_call_id="v1"))
    spool.append(call(call_id, target_name="second", vapi_call_id="v1"))
    drain_now()
    spool.append(call(call_id, target_name="third", vapi_call_id="v1"))
    spool.append(call(uuid4(), target_name="other id", vapi_call_id="v1"))

    drain_now()

    assert Call.objects.get().target_name == "first"


def test_file_of_a_living_process_is_left_alone(spool_path: Path) -> None:
    spool.append(call())
    writer.forget()
    (path,) = spool_path.glob("*.jsonl")

    with claim(path):
        assert drain_now() == 0

    assert drain_now() == 1


def test_line_cut_short_by_a_kill_does_not_block_the_rest(spool_path: Path) -> None:
    spool.append(call())
    writer.forget()
    (path,) = spool_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes() + b'{"kind":"call","id":"4')

    assert drain_now() == 1
    assert [each["reason"] for each in rejected(spool_path)] == ["it was cut short"]
    assert left_over(spool_path) == [".jsonl"]


POISON: dict[str, dict[str, Any]] = {
    "breaks a check": call(channel="carrier pigeon"),
    "misses a column": {name: value for name, value in call().items() if name != "decided_at"},
    "knows a column that is none": call(colour="red"),
    "has a text for a number": call(rule_position="three"),
    "has no date for a date": call(decided_at="some day"),
    "has no id for an id": call(id="17"),
    "is of no kind": {"kind": "riddle"},
    "is an outcome of no state": outcome("known", "confused"),
    "is an outcome of no cost": outcome("known", cost="dear"),
    "is an outcome without a call": {"kind": "outcome", "state": "ended"},
}


@pytest.mark.parametrize("record", POISON.values(), ids=POISON)
def test_poisonous_record_is_set_aside_and_the_others_are_stored(
    record: dict[str, Any], spool_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool.append(call(vapi_call_id="known"))
    spool.append(record)
    spool.append(call())

    drain_now()

    assert Call.objects.count() == 2
    assert [json.loads(each["line"])["kind"] for each in rejected(spool_path)] == [record["kind"]]
    assert len(caplog.records) == 1
    assert "+1202" not in caplog.text


def test_strange_texts_are_made_to_fit() -> None:
    strange = "nul \0 half \ud83d"
    spool.append(call(campaign="c" * 300, customer_number=strange, context={"customer": strange}))

    drain_now()

    row = Call.objects.get()
    assert len(row.campaign) == 100
    assert row.customer_number == row.context["customer"] == "nul  half ?"


def test_call_whose_key_was_deleted_is_kept_without_it() -> None:
    api_key, _ = ApiKey.objects.create_key("CRM", "secret")
    spool.append(call(api_key_id=api_key.pk))
    spool.append(call(api_key_id=api_key.pk + 1))

    drain_now()

    assert sorted(Call.objects.values_list("api_key_id", flat=True), key=str) == [api_key.pk, None]


REPORTS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "begins": ([outcome("v", "in-progress", started_at=NOW)], {"state": "in-progress", "started_at": NOW}),
    "ends": (
        [outcome("v", ended_reason="customer-ended-call", cost="0.123456", ended_at=NOW)],
        {"state": "ended", "ended_reason": "customer-ended-call", "cost": Decimal("0.123456"), "ended_at": NOW},
    ),
    "ends twice": ([outcome("v", cost="1"), outcome("v", cost="1")], {"state": "ended", "cost": Decimal(1)}),
    "a poorer report takes nothing away": (
        [outcome("v", cost="1"), outcome("v", ended_reason="hangup")],
        {"cost": Decimal(1), "ended_reason": "hangup"},
    ),
    "never goes back": (
        [outcome("v", ended_reason="hangup"), outcome("v", "in-progress")],
        {"state": "ended", "ended_reason": "hangup"},
    ),
}


@pytest.mark.parametrize(("reports", "columns"), REPORTS.values(), ids=REPORTS)
def test_outcome_reaches_its_call(reports: list[dict[str, Any]], columns: dict[str, Any], spool_path: Path) -> None:
    spool.append(call(vapi_call_id="v"))
    spool.append(call(vapi_call_id="other"))
    for report in reports:
        spool.append(report)

    drain_now()

    row = Call.objects.get(vapi_call_id="v")
    assert {name: getattr(row, name) for name in columns} == columns
    assert Call.objects.get(vapi_call_id="other").state == "decided"
    assert left_over(spool_path) == []


@pytest.mark.parametrize("seed", range(6))
def test_outcomes_written_at_once_do_what_they_do_one_by_one(seed: int) -> None:
    """PostgreSQL takes them one by one where a bad one is among them.

    Sabotage seen to fail: put all lines into one wave; let an outcome of a call that ended change it.
    """
    random = Random(seed)
    states = ["ended", "in-progress", "in-progress", "placed"]
    told = [
        outcome(f"v{random.randrange(4)}", random.choice(states), **_told(random), recorded_at=NOW) for _ in range(12)
    ]

    at_once, one_by_one = (_rows_after([*told, *bad]) for bad in ([], [outcome("v1", cost="dear")]))

    assert at_once == one_by_one


def _told(random: Random) -> dict[str, Any]:
    told = {"ended_reason": f"r{random.random()}", "cost": f"{random.random():.6f}", "started_at": NOW, "ended_at": NOW}
    return {name: value for name, value in told.items() if random.random() < 0.4}


def _rows_after(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    Call.objects.all().delete()
    for name in ("v0", "v1", "v2"):
        spool.append(call(vapi_call_id=name))
    drain_now()
    for record in records:
        spool.append(record)
    drain_now()
    columns = ("vapi_call_id", "state", "ended_reason", "cost", "started_at", "ended_at")
    return list(Call.objects.order_by("vapi_call_id").values_list(*columns))


def test_outcome_waits_for_its_call(spool_path: Path) -> None:
    spool.append(outcome("v"))
    assert drain_now(59) == 0
    assert left_over(spool_path) == [".waiting"]
    spool.append(call(vapi_call_id="v"))
    drain_now(59)

    drain_now(59)

    assert Call.objects.get().state == "ended"
    assert left_over(spool_path) == []


@pytest.mark.parametrize("recorded_at", [NOW, "whenever", None], ids=["a minute ago", "unreadable", "missing"])
def test_outcome_of_a_call_that_never_comes_is_dropped(recorded_at: object, spool_path: Path) -> None:
    spool.append(outcome("v", recorded_at=recorded_at))

    drain_now(60)

    assert left_over(spool_path) == []


def test_waiting_outcomes_rest_for_a_while(spool_path: Path) -> None:
    spool.append(outcome("v"))
    drain_now()
    (before,) = spool_path.glob("*.waiting")

    drain(NOW, waited_seconds=60)

    assert list(spool_path.glob("*.waiting")) == [before]


def test_database_that_is_down_leaves_the_spool_as_it_is(spool_path: Path) -> None:
    spool.append(call())
    drain_in_vain()

    assert left_over(spool_path) == [".jsonl"]
    assert drain_now() == 1


def test_files_deleted_while_the_database_is_down_take_nothing_along(spool_path: Path) -> None:
    """Sabotage seen to fail: give the file up before it is drained, or take it as it is."""
    spool.append(call())
    drain_in_vain()
    spool.append(call())
    shutil.rmtree(spool_path)

    drain_in_vain()

    assert left_over(spool_path) == [".jsonl"], "what is drained next is on the disk again"
    assert drain_now() == 2
    assert Call.objects.count() == 2


def test_an_outage_leaves_two_files_however_long_it_lasts(spool_path: Path) -> None:
    """Sabotage seen to fail: give the file up before it is drained, and do so before those of others are."""
    for _ in range(4):
        spool.append(call())
        drain_in_vain()

    assert left_over(spool_path) == [".jsonl", ".jsonl"]
    assert drain_now() == 4


def drain_in_vain() -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("the server is gone")

    with pytest.MonkeyPatch.context() as outage:
        outage.setattr(type(connections["default"]), "cursor", refuse)
        with pytest.raises(OperationalError):
            drain_now()


@pytest.mark.django_db(transaction=True)
def test_records_killed_between_commit_and_removal_are_stored_once(
    spool_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    spool.append(call(vapi_call_id="v"))
    spool.append(outcome("v"))
    with monkeypatch.context() as killing:
        killing.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            drain_now()

    assert drain_now() == 2
    assert Call.objects.get().state == "ended"


@pytest.mark.django_db(transaction=True)
def test_thread_drains_by_itself(settings: Settings) -> None:
    settings.ROUTING_POLL_SECONDS = 0.02

    spool.append(call())

    assert eventually(lambda: Call.objects.count() == 1)


@pytest.mark.django_db(transaction=True)
def test_forked_child_drains_what_it_appends(settings: Settings, spool_path: Path) -> None:
    settings.ROUTING_POLL_SECONDS = 0.02
    spool.append(call())
    assert eventually(lambda: Call.objects.count() == 1)
    connections.close_all()
    in_child = uuid4()

    child = fork_and(lambda: is_drained_by_thread(in_child))

    assert child == 0
    assert Call.objects.filter(pk=in_child).exists()


def is_drained_by_thread(call_id: UUID) -> bool:
    spool.append(call(call_id))
    return eventually(lambda: Call.objects.filter(pk=call_id).exists())


def fork_and(run: Callable[[], bool]) -> int:
    """Run something in a forked child and return its exit code: 0 if it came out true."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if run() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
