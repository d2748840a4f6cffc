"""Synchronising with Vapi: what is kept, what is marked missing, and what never is."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Response

from routing.models import DraftState, LiveState, OurNumber, SyncRun, SyncState, Target, VapiObject
from routing.services.import_table import import_table
from routing.services.publish import publish
from routing.services.sync_run import KEPT_RUNS, SILENT, SyncBusy, begin_run
from routing.services.sync_vapi import NO_KEY, is_doubted, run_sync, sync_vapi
from routing.snapshot import store
from routing.vapi.client import VapiClient, client_from_settings
from routing.webhook.answer import answers
from tests.vapi.asking import connect
from tests.vapi.vapi_lists import SECRETS, VapiLists, row
from tests.webhook.adapters import send_to_django
from tests.webhook.world import SECRET, ask, call_from

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
Sync = Callable[..., SyncRun]


@pytest.fixture
def vapi() -> VapiLists:
    """Three assistants, a squad and two numbers."""
    return VapiLists(
        rows={
            "assistant": [row(1, name="Reception"), row(2, name="Night desk"), row(3, name="Survey")],
            "squad": [row(11, name="Concierge")],
            "phone-number": [row(21, number="+12025550111"), row(22, number=None, sipUri="sip:a@sip.vapi.ai")],
        }
    )


@pytest.fixture
def client(vapi: VapiLists, httpserver: HTTPServer) -> VapiClient:
    return connect(vapi.serve(httpserver))


@pytest.fixture
def sync(client: VapiClient) -> Sync:
    """Return a synchronisation at NOW, or so many minutes later."""

    def run(minutes: float = 0, **options: Any) -> SyncRun:
        def clock() -> datetime:
            return NOW + timedelta(minutes=minutes)

        return sync_vapi(**{"lister": client, "author": None, "full": True, "clock": clock} | options)

    return run


def target(place: int, name: str = "Target", kind: str = "assistant", **columns: Any) -> Target:
    created: Target = Target.objects.create(name=name, kind=kind, vapi_id=row(place)["id"], **columns)
    return created


def missing() -> set[str]:
    """Return the names of everything that is marked, in all tables."""
    objects = [str(one) for one in VapiObject.objects.exclude(missing_since=None)]
    targets = [f"target {one}" for one in Target.objects.exclude(missing_since=None)]
    return {*objects, *targets, *(f"number {one}" for one in OurNumber.objects.exclude(missing_since=None))}


def test_all_kinds_are_kept_with_what_staff_choose_by(sync: Sync, admin_user: User) -> None:
    run = sync(author=admin_user)

    assert (run.state, run.seen, run.missing, run.author) == ("done", 6, 0, admin_user)
    assert run.message == "There are: 3 assistants, 1 squad, 2 phone numbers."
    assert list(VapiObject.objects.values_list("kind", "name", "number", "sip_uri")) == [
        ("assistant", "Night desk", "", ""),
        ("assistant", "Reception", "", ""),
        ("assistant", "Survey", "", ""),
        ("phone-number", "Thing 21", "+12025550111", ""),
        ("phone-number", "Thing 22", "", "sip:a@sip.vapi.ai"),
        ("squad", "Concierge", "", ""),
    ]


def test_no_secret_is_kept_or_logged(sync: Sync, vapi: VapiLists, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    sync()
    vapi.faults[len(vapi.asked)] = Response('[{"twilioAuthToken": "planted-token"', 200)
    failed = sync()

    kept = serializers.serialize("json", [*VapiObject.objects.all(), *SyncRun.objects.all(), *Target.objects.all()])
    assert failed.state == "failed"
    assert "Thing 21" in kept
    assert not [secret for secret in SECRETS if secret in kept + caplog.text]


def test_a_second_run_updates_and_adds_nothing_twice(sync: Sync, vapi: VapiLists) -> None:
    sync()
    vapi.rows["assistant"][0] |= {"name": "Front desk", "updatedAt": "2026-05-01T00:00:00.000Z"}

    sync()

    assert VapiObject.objects.count() == 6
    changed = VapiObject.objects.get(name="Front desk")
    assert changed.updated_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_targets_learn_names_and_what_is_gone(sync: Sync, vapi: VapiLists) -> None:
    kept, gone, never = target(1, "Kept"), target(2, "Gone"), target(9, "Never there")
    OurNumber.objects.create(vapi_id=row(22)["id"], sip_uri="sip:a@sip.vapi.ai", name="Web")
    sync()
    never.refresh_from_db()
    assert never.missing_since == NOW  # typed by hand, and not at Vapi
    del vapi.rows["assistant"][1], vapi.rows["phone-number"][1]

    run = sync(60)

    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.synced_name, kept.missing_since) == ("Reception", None)
    assert kept.synced_updated_at is not None
    assert (gone.synced_name, gone.missing_since) == ("Night desk", NOW + timedelta(hours=1))
    assert missing() == {
        "Night desk", "Thing 22", "target Gone", "target Never there", "number Web (sip:a@sip.vapi.ai)",
    }  # fmt: skip
    assert (run.missing, run.message.partition("Gone: ")[2]) == (2, "Night desk, Thing 22.")


def test_the_first_day_missing_stays(sync: Sync, vapi: VapiLists) -> None:
    target(2)
    sync()
    del vapi.rows["assistant"][1]
    sync(60)

    again = sync(120)

    assert {one.missing_since for one in (*Target.objects.all(), VapiObject.objects.get(name="Night desk"))} == {
        NOW + timedelta(hours=1)
    }
    assert again.missing == 0


@pytest.mark.parametrize("full", [True, False])
def test_what_comes_back_is_not_missing(full: bool, sync: Sync, vapi: VapiLists) -> None:
    target(2)
    sync()
    night = vapi.rows["assistant"].pop(1)
    sync(60)
    vapi.rows["assistant"].append(night | {"updatedAt": "2026-06-01T13:30:00.000Z"})

    sync(120, full=full)

    assert missing() == set()


FAULTS = {
    "500 at once": (0, Response('{"message": "Internal"}', 500)),
    "500 amid a list": (1, Response("<html>no JSON</html>", 500)),
    "500 at the last kind": (5, Response("", 502)),
    "rate limit for long": (3, Response('{"message": "Rate limit exceeded"}', 429, {"Retry-After": "600"})),
    "no list": (4, Response("{}", 200)),
    "wrong key": (0, Response('{"message": "Invalid Key."}', 401)),
}


@pytest.mark.parametrize(("place", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_run_that_fails_marks_nothing(place: int, fault: Response, sync: Sync, vapi: VapiLists) -> None:
    target(2)
    sync()
    del vapi.rows["assistant"][1], vapi.rows["phone-number"][0]
    vapi.faults[len(vapi.asked) + place] = fault

    run = sync(60)

    assert (run.state, run.missing, run.finished_at) == ("failed", 0, NOW + timedelta(hours=1))
    assert run.message.endswith("Nothing was marked missing.")
    assert missing() == set()


def test_a_wrong_key_is_explained(sync: Sync, vapi: VapiLists) -> None:
    vapi.faults[0] = Response('{"message": "Invalid Key."}', 401)

    assert "VAPI_API_KEY was refused: GET /assistant needs the organisation's private key" in sync().message


def test_pages_before_a_fault_are_kept(sync: Sync, vapi: VapiLists) -> None:
    known = target(1)
    vapi.faults[2] = Response("", 500)

    assert sync().state == "failed"

    known.refresh_from_db()
    assert VapiObject.objects.count() == 3
    assert known.synced_name == "Reception"


def test_only_a_full_run_notices_deletions(sync: Sync, vapi: VapiLists) -> None:
    sync()
    del vapi.rows["assistant"][1]

    run = sync(full=False)

    assert (run.state, missing()) == ("done", set())
    assert run.message.startswith("Changed since last time: ")


def test_an_incremental_run_asks_for_changes_and_a_little_before(sync: Sync, vapi: VapiLists) -> None:
    sync()
    asked_before = len(vapi.asked)
    vapi.rows["assistant"].append(row(4, name="New", updated=90))

    sync(full=False)

    first = dict(reversed(vapi.asked[asked_before:]))
    assert first["assistant"]["updatedAtGt"] == "2025-12-31T23:58:00.000Z"  # five minutes before the newest
    assert VapiObject.objects.filter(name="New").exists()


def test_a_first_incremental_run_reads_everything(sync: Sync, vapi: VapiLists) -> None:
    target(9, "Never there")

    sync(full=False)

    assert not any("updatedAtGt" in query for _, query in vapi.asked)
    assert VapiObject.objects.count() == 6
    assert missing() == set()


VANISHED: dict[str, tuple[dict[str, list[dict[str, Any]]], bool]] = {
    "all lists empty": ({}, True),
    "another organisation": ({"assistant": [row(77)], "squad": [row(78)]}, True),
    "the only squad is gone": ({"assistant": [row(1)], "phone-number": [row(21)]}, False),
    "one of each is left": ({"assistant": [row(1)], "squad": [row(11)], "phone-number": [row(21)]}, False),
}


@pytest.mark.parametrize(("rows", "doubted"), VANISHED.values(), ids=VANISHED)
def test_when_everything_vanishes_it_is_doubted(
    rows: dict[str, list[dict[str, Any]]], doubted: bool, sync: Sync, vapi: VapiLists
) -> None:
    target(1)
    sync()
    vapi.rows = rows

    run = sync(60)

    assert is_doubted(run) is doubted
    assert bool(missing()) is not doubted
    if doubted:
        assert "Is VAPI_API_KEY the key of the right organisation" in run.message


def test_many_of_one_kind_do_not_vanish_by_chance(sync: Sync, vapi: VapiLists) -> None:
    vapi.rows["squad"] = [row(place) for place in range(11, 16)]
    sync()
    vapi.rows["squad"] = []

    run = sync(60)

    assert is_doubted(run)
    assert "nothing of 5 squads that we know" in run.message
    assert missing() == set()


def test_a_person_can_confirm_that_everything_is_gone(sync: Sync, vapi: VapiLists) -> None:
    target(1)
    sync()
    vapi.rows = {}

    run = sync(60, confirm_empty=True)

    assert (run.state, run.missing) == ("done", 6)
    assert "target Target" in missing()


def test_a_lost_key_puts_nothing_made_up_over_what_is_at_vapi(sync: Sync, vapi: VapiLists, settings: Settings) -> None:
    gone = target(2, "Night desk")
    sync()
    del vapi.rows["assistant"][1]
    sync(60)
    settings.VAPI_API_KEY = ""

    run = sync(120, lister=client_from_settings())

    gone.refresh_from_db()
    assert (run.state, run.message) == ("failed", NO_KEY)
    assert (gone.synced_name, gone.missing_since) == ("Night desk", NOW + timedelta(hours=1))
    assert not VapiObject.objects.filter(name__contains="sandbox").exists()


def test_the_sandbox_is_read_while_there_never_was_a_key(sync: Sync, settings: Settings) -> None:
    settings.VAPI_API_KEY = ""

    states = [sync(minutes, lister=client_from_settings()).state for minutes in (0, 60)]

    assert states == ["done", "done"]


def test_one_runs_at_a_time(sync: Sync, admin_user: User) -> None:
    begin_run(author=admin_user, full=True, now=NOW)

    with pytest.raises(SyncBusy, match=r"started by admin has been running since 12:00:00 \(UTC\)"):
        sync(1)

    assert SyncRun.objects.count() == 1


def test_a_run_whose_process_died_is_replaced(sync: Sync, client: VapiClient) -> None:
    dead = begin_run(author=None, full=True, now=NOW)

    assert sync(SILENT.total_seconds() / 60 + 0.1).state == "done"

    dead.refresh_from_db()
    assert dead.state == "failed"
    assert "its process died" in dead.message
    assert run_sync(dead, lister=client, clock=lambda: NOW).state == "failed"  # it only seemed dead, and gives up
    assert SyncRun.objects.filter(state="done").count() == 1


def test_a_fault_of_ours_ends_the_run(sync: Sync) -> None:
    def stumble(run: SyncRun) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sync(progress=stumble)

    run = SyncRun.objects.get()
    assert (run.state, run.finished_at) == ("failed", NOW)
    assert "ZeroDivisionError" in run.message


def test_progress_is_told_page_by_page(sync: Sync, vapi: VapiLists) -> None:
    vapi.rows["assistant"] = [row(place) for place in range(2100)]
    told: list[tuple[int, str]] = []

    sync(progress=lambda run: told.append((run.seen, run.message)))

    assert (1000, "Reading assistants: 1,000 so far …") in told
    assert told[-1][0] == 2103


def test_old_runs_are_forgotten(sync: Sync) -> None:
    SyncRun.objects.bulk_create(
        SyncRun(state=SyncState.DONE, started_at=NOW - timedelta(days=age), touched_at=NOW)
        for age in range(1, KEPT_RUNS + 20)
    )

    run = sync()

    assert SyncRun.objects.count() == KEPT_RUNS
    assert SyncRun.objects.first() == run


def test_a_huge_organisation_takes_few_queries(sync: Sync, vapi: VapiLists) -> None:
    vapi.rows["assistant"] = [row(place, minute=place // 3) for place in range(5000)]
    Target.objects.bulk_create(
        Target(name=f"T{place}", key=f"t{place}", kind="assistant", vapi_id=row(place)["id"]) for place in range(3000)
    )

    with CaptureQueriesContext(connection) as first:
        assert sync().seen == 5003
    vapi.rows["assistant"] = vapi.rows["assistant"][2000:]
    with CaptureQueriesContext(connection) as second:
        assert sync(60).missing == 2000

    assert Target.objects.exclude(missing_since=None).count() == 2000
    assert len(first) < 250
    assert len(second) < 250


def test_a_run_without_news_wakes_nobody(sync: Sync) -> None:
    target(1)
    target(9, "Never there")
    OurNumber.objects.create(vapi_id=row(21)["id"], number="+12025550111")
    sync()
    before = LiveState.objects.get().live_version, DraftState.objects.get().version

    sync(60)

    assert (LiveState.objects.get().live_version, DraftState.objects.get().version) == before


TABLE = {
    "version": 1,
    "default": "reception",
    "targets": [
        {"key": "reception", "name": "Reception", "kind": "assistant", "vapi_id": row(1)["id"]},
        {"key": "night", "name": "Night", "kind": "assistant", "vapi_id": row(2)["id"]},
        {"key": "squad", "name": "Squad", "kind": "squad", "vapi_id": row(11)["id"]},
    ],
    "rules": [
        {"key": "all", "name": "All", "when": {"channels": ["inbound"]}, "then": [{"target": "night", "weight": 100}]},
        {"key": "rest", "name": "Rest", "when": {"channels": ["inbound"]}, "then": [{"target": "squad"}]},
    ],
}


def test_callers_skip_a_target_that_is_gone(sync: Sync, vapi: VapiLists, settings: Settings, tmp_path: Path) -> None:
    settings.VAPI_WEBHOOK_SECRET, settings.ROUTING_DATA_DIR = SECRET, tmp_path
    store.reset()
    import_table(json.dumps(TABLE))
    publish(author=None, note="", now=timezone.now())
    answered = []

    # The process is the same throughout: what it notices, it notices by the count that the database keeps.
    for change in (lambda: None, lambda: vapi.rows["assistant"].pop(1), lambda: vapi.rows["squad"].clear()):
        change()
        sync()
        answers.forget()
        answered.append(ask(send_to_django, call_from("+12025550100")))

    assert answered == [{"assistantId": row(2)["id"]}, {"squadId": row(11)["id"]}, {"assistantId": row(1)["id"]}]
