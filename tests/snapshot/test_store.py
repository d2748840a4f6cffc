"""The live snapshot: what it notices, and what it survives."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone
from pytest_django import Settings

from routing.models import EmergencySwitch, Revision, Target, WebhookSecret
from routing.snapshot import store
from routing.snapshot.copy import copy_path
from tests.snapshot.live_rows import ADA, add_entry, document, eventually, go_live

VAPI_ID = "a0000000-0000-4000-8000-000000000009"


def default_key() -> str:
    default = store.current().ruleset.default
    return default.key if default else ""


@pytest.fixture
def fast_poll(settings: Settings) -> None:
    settings.ROUTING_POLL_SECONDS = 0.02


class Outage:
    """Makes every query of this process fail, in all threads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def begin(self) -> None:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            raise OperationalError("the server is gone")

        self._patch.setattr(type(connections["default"]), "cursor", refuse)

    def end(self) -> None:
        self._patch.undo()


@pytest.fixture
def outage() -> Iterator[Outage]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Outage(monkeypatch)


@pytest.mark.django_db
def test_before_the_first_publish_the_last_resort_answers() -> None:
    snapshot = store.current()

    assert snapshot.revision is None
    assert snapshot.ruleset.default is None
    assert snapshot.ruleset.last_resort.key == "last-resort"
    assert not snapshot.stale


@pytest.mark.django_db(transaction=True)
def test_warm_process_asks_no_query(settings: Settings, django_assert_num_queries: Any) -> None:
    settings.ROUTING_POLL_SECONDS = 60
    go_live(1, document())
    store.current()

    with django_assert_num_queries(0):
        snapshots = {id(store.current()) for _ in range(10)}

    assert len(snapshots) == 1


@pytest.mark.django_db
def test_unchanged_state_costs_one_query_and_keeps_the_snapshot(django_assert_num_queries: Any) -> None:
    go_live(1, document())
    before = store.refresh()

    with django_assert_num_queries(1):
        after = store.refresh()

    assert after is before


@pytest.mark.django_db
def test_publishing_keeps_the_live_data_that_were_read() -> None:
    go_live(1, document())
    add_entry("vip", ADA)
    before = store.refresh()

    go_live(2, document("evening"))

    assert store.refresh().revision == 2
    assert store.refresh().live.entries == before.live.entries


@pytest.mark.django_db
def test_changed_purpose_of_a_list_counts_once_it_is_published() -> None:
    go_live(1, document())
    add_entry("vip", ADA)
    store.refresh()
    table = document()
    table["lists"][0]["purpose"] = "blocked"

    go_live(2, table)

    assert [hit.purpose for hit in store.refresh().live.entries[ADA]] == ["blocked"]


@pytest.mark.django_db
def test_restored_backup_with_the_same_number_is_noticed() -> None:
    go_live(1, document())
    store.refresh()

    Revision.objects.filter(pk=1).update(document=document("evening"), checksum="another")

    assert default_key() == "evening"


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[store.Snapshot], Any]]] = {
    "list entry": (lambda: add_entry("vip", ADA), lambda snapshot: snapshot.live.entries),
    "emergency switch": (
        lambda: EmergencySwitch.objects.create(pauses_outbound=True, until=timezone.now() + timedelta(hours=1)),
        lambda snapshot: snapshot.live.switches,
    ),
    "webhook secret": (
        lambda: WebhookSecret.objects.create(name="new", secret="new"),
        lambda snapshot: snapshot.plans,
    ),
    "missing target": (
        lambda: (
            Target.objects.create(name="Gone", kind="assistant", vapi_id=VAPI_ID)
            and Target.objects.update(missing_since=timezone.now())
        ),
        lambda snapshot: snapshot.live.unavailable,
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("change", "seen"), CHANGES.values(), ids=CHANGES)
def test_live_data_are_noticed_without_publishing(
    change: Callable[[], Any], seen: Callable[[store.Snapshot], Any]
) -> None:
    go_live(1, document())
    before = store.refresh()

    change()

    assert not seen(before)
    assert seen(store.refresh())
    assert store.refresh().ruleset is before.ruleset


@pytest.mark.django_db
def test_revision_that_does_not_compile_leaves_the_one_before_and_takes_live_data(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go_live(1, document())
    store.refresh()
    go_live(2, document() | {"default": "nobody"})
    add_entry("vip", ADA)

    for _ in range(3):
        snapshot = store.refresh()

    assert snapshot.revision == 1
    assert ADA in snapshot.live.entries
    assert [record.getMessage()[:10] for record in caplog.records] == ["Revision 2"]


@pytest.mark.django_db(transaction=True)
def test_thread_notices_a_publish(fast_poll: None) -> None:
    go_live(1, document())
    assert default_key() == "reception"

    go_live(2, document("evening"))

    assert eventually(lambda: default_key() == "evening")


@pytest.mark.django_db(transaction=True)
def test_no_thread_before_the_first_call_and_one_after_many(fast_poll: None) -> None:
    def pollers() -> int:
        return sum(thread.name == "poll-routing-table" for thread in threading.enumerate())

    assert pollers() == 0
    callers = [threading.Thread(target=store.current) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert pollers() == 1


@pytest.mark.django_db(transaction=True)
def test_database_going_down_changes_nothing_and_is_told_once(
    fast_poll: None, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    go_live(1, document())
    assert default_key() == "reception"

    outage.begin()
    assert eventually(lambda: "cannot be read" in caplog.text)
    assert default_key() == "reception"
    assert not store.current().stale
    outage.end()
    go_live(2, document("evening"))

    assert eventually(lambda: default_key() == "evening")
    assert eventually(lambda: "can be read again" in caplog.text)  # told just after the new table is taken
    assert caplog.text.count("cannot be read") == 1
    assert caplog.text.count("can be read again") == 1


@pytest.mark.django_db(transaction=True)
def test_process_started_while_the_database_is_down_uses_the_copy_until_it_is_back(
    fast_poll: None, outage: Outage
) -> None:
    go_live(1, document())
    add_entry("blocked", ADA)
    WebhookSecret.objects.create(name="Production", secret="open sesame")
    plans = store.current().plans
    assert eventually(copy_path().exists)
    store.reset()

    outage.begin()
    first = store.current()
    assert (first.stale, first.revision, first.plans) == (True, 1, plans)
    assert [hit.list_key for hit in first.live.entries[ADA]] == ["blocked"]
    outage.end()

    assert eventually(lambda: not store.current().stale)
    assert store.current().revision == 1


@pytest.mark.django_db(transaction=True)
def test_without_database_and_copy_the_last_resort_answers(outage: Outage) -> None:
    outage.begin()

    snapshot = store.refresh()

    assert snapshot.revision is None
    assert snapshot.ruleset.last_resort.key == "last-resort"


@pytest.mark.django_db(transaction=True)
def test_folder_that_cannot_be_written_is_told_and_harmless(
    fast_poll: None, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    settings.ROUTING_DATA_DIR = tmp_path / "file" / "inside"
    go_live(1, document())

    assert default_key() == "reception"
    assert eventually(lambda: "cannot be written" in caplog.text)
    go_live(2, document("evening"))

    assert eventually(lambda: default_key() == "evening")


@pytest.mark.django_db(transaction=True)
def test_a_publish_does_not_wait_for_the_copy_of_the_one_before(
    fast_poll: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage seen to fail: Copier.keep writes in the thread that looks at the database."""
    reached, disk_goes_on = threading.Event(), threading.Event()

    def hang(descriptor: int) -> None:
        reached.set()
        disk_goes_on.wait(20)

    monkeypatch.setattr(os, "fsync", hang)
    go_live(1, document())
    store.current()
    assert reached.wait(10)
    go_live(2, document("evening"))

    has_seen = eventually(lambda: default_key() == "evening")
    disk_goes_on.set()

    assert has_seen


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_down", [False, True], ids=["database up", "database down"])
def test_a_copy_that_somebody_deleted_is_written_again(is_down: bool, fast_poll: None, outage: Outage) -> None:
    """Sabotage seen to fail: let `Copier` ask only what changed, or `_look` copy without trouble only."""
    go_live(1, document())
    assert default_key() == "reception"
    assert eventually(copy_path().exists)
    if is_down:
        outage.begin()
        assert eventually(lambda: store.standing().trouble != "")

    copy_path().unlink()

    assert eventually(copy_path().exists)


@pytest.mark.django_db(transaction=True)
def test_forked_child_and_parent_both_see_a_publish(fast_poll: None) -> None:
    go_live(1, document())
    assert default_key() == "reception"
    connection.close()  # a server forks without open connections too

    child = os.fork()
    if child == 0:
        has_seen = eventually(lambda: default_key() == "evening")
        os._exit(0 if has_seen else 1)
    go_live(2, document("evening"))

    assert eventually(lambda: default_key() == "evening")
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("has_copy", [True, False], ids=["with a copy", "without a copy"])
def test_new_process_whose_revision_does_not_compile(has_copy: bool) -> None:
    go_live(1, document())
    held = store._store
    store.refresh()
    if has_copy:
        held._copy()
    store.reset()
    go_live(2, document() | {"default": "nobody"})
    add_entry("vip", ADA)

    snapshot = store.refresh()

    assert (snapshot.revision, snapshot.stale) == ((1, True) if has_copy else (None, False))
    assert (ADA in snapshot.live.entries) is has_copy


@pytest.mark.django_db
def test_mistake_in_the_program_keeps_the_last_good_one_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_live(1, document())
    store.refresh()

    def explode(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("routing.snapshot.store.load_live", explode)
    add_entry("vip", ADA)
    revisions = [store.refresh().revision for _ in range(3)]

    assert revisions == [1, 1, 1]
    assert caplog.text.count("The routing table could not be read") == 1
