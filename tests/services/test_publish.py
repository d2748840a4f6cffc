"""Publishing: what goes live, what does not, and the way back."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from routing.engine.canonical import checksum_of
from routing.engine.checking import CHECKS
from routing.engine.document import read_document
from routing.engine.errors import TableErrors
from routing.models import LiveState, NumberListEntry, Revision, Rule, RuleTarget, TableSettings, Target
from routing.services.discard_draft import NothingLive, discard_draft
from routing.services.draft import DraftChanged, Sight, read_draft
from routing.services.publish import publish, restore
from routing.snapshot.rows import rows_from_table, table_from_rows
from routing.snapshot.tablefile import read_text
from tests.snapshot.full_table import FULL_TABLE

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def draft(db: None) -> None:
    rows_from_table(read_document(read_text(FULL_TABLE)))


def _publish(note: str = "") -> Revision:
    return publish(author=None, note=note, now=NOW)


def test_draft_goes_live_as_a_numbered_revision(draft: None) -> None:
    revision = _publish("First")

    stored = Revision.objects.get()
    assert LiveState.load().revision == stored == revision
    assert (stored.number, stored.note, stored.published_at, revision.is_new) == (1, "First", NOW, True)
    assert read_document(stored.document) == table_from_rows()
    assert stored.checksum == checksum_of(stored.document)
    assert stored.checks == CHECKS


def test_same_draft_makes_no_second_revision(draft: None) -> None:
    _publish()

    again = _publish("Again")

    assert (again.number, again.note, again.is_new) == (1, "", False)
    assert Revision.objects.count() == 1


def test_entries_are_no_part_of_a_revision(draft: None) -> None:
    _publish()
    NumberListEntry.objects.all().delete()

    assert not _publish().is_new


def test_each_change_makes_the_next_number(draft: None) -> None:
    _publish()
    Rule.objects.filter(key="all").update(name="Everybody")

    assert (_publish().number, LiveState.load().revision_id) == (2, 2)


def test_mistakes_are_all_told_and_nothing_goes_live(draft: None) -> None:
    _publish()
    TableSettings.objects.update(default_target=None)
    RuleTarget.objects.filter(rule__key="all").delete()
    Rule.objects.filter(key="everything").update(customer=["+1*5"])

    with pytest.raises(TableErrors) as refusal:
        _publish()

    assert {(error.subject, error.field) for error in refusal.value.errors} == {
        ("table", "default"),
        ("rule 'all'", "then"),
        ("rule 'everything'", "when.customer[0]"),
    }
    assert LiveState.load().revision_id == Revision.objects.count() == 1


def test_old_revision_comes_back_with_its_rows(draft: None) -> None:
    first = _publish()
    Target.objects.create(name="New", kind="reject", message="Bye.")
    Rule.objects.get(key="everything").delete()
    _publish()
    NumberListEntry.objects.filter(number="1234").update(label="Since then")

    back = restore(first, author=None, now=NOW)

    assert (back.number, back.note, back.document) == (3, "Back to revision 1", first.document)
    assert read_document(first.document) == table_from_rows()
    assert NumberListEntry.objects.get(number="1234").label == "Since then"


def test_revision_that_does_not_compile_any_more_stays_away(draft: None) -> None:
    first = _publish()
    broken: dict[str, Any] = first.document | {"default": "gone"}
    Revision.objects.create(number=2, published_at=NOW, document=broken, checksum="x")
    Rule.objects.filter(key="all").update(name="Kept")

    with pytest.raises(TableErrors, match="'gone' does not exist"):
        restore(Revision.objects.get(number=2), author=None, now=NOW)

    assert Rule.objects.get(key="all").name == "Kept"
    assert LiveState.load().revision_id == 1


def test_published_revision_cannot_be_changed(draft: None) -> None:
    revision = _publish()
    revision.note = "Other words"

    with pytest.raises(TypeError, match="publish a new one"):
        revision.save()


def test_only_what_was_seen_goes_live(draft: None) -> None:
    seen = Sight.present()
    Rule.objects.filter(key="all").update(name="Everyone")

    with pytest.raises(DraftChanged):
        publish(author=None, note="", now=NOW, seen=seen)

    assert not Revision.objects.exists()
    assert publish(author=None, note="", now=NOW, seen=Sight.present()).is_new


def test_a_draft_seen_beside_another_revision_is_not_published(draft: None) -> None:
    seen = Sight.present()
    _publish()

    with pytest.raises(DraftChanged):
        restore(Revision.objects.get(), author=None, now=NOW, seen=seen)


@pytest.mark.parametrize("sight", [Sight(draft_version=7, live_revision=None), Sight(draft_version=0, live_revision=3)])
def test_a_sight_travels_through_a_page(sight: Sight) -> None:
    assert Sight.parse(str(sight)) == sight


def test_discarding_brings_back_what_is_live_and_keeps_lists(draft: None) -> None:
    _publish()
    live = table_from_rows()
    Target.objects.create(name="Annex", kind="reject", message="Moved.")
    Rule.objects.filter(key="all").delete()
    NumberListEntry.objects.create(number_list=NumberListEntry.objects.all()[0].number_list, number="+12025550177")

    assert read_draft().count == 2
    assert discard_draft(seen=Sight.present()) == 1

    assert table_from_rows() == live
    assert not read_draft().differs
    assert NumberListEntry.objects.filter(number="+12025550177").exists()


def test_without_a_revision_nothing_is_discarded(draft: None) -> None:
    with pytest.raises(NothingLive):
        discard_draft()

    assert Rule.objects.exists()


def test_only_what_was_seen_is_discarded(draft: None) -> None:
    _publish()
    seen = Sight.present()
    Rule.objects.filter(key="all").update(name="Everyone")

    with pytest.raises(DraftChanged):
        discard_draft(seen=seen)

    assert Rule.objects.get(key="all").name == "Everyone"


@pytest.mark.django_db(transaction=True)
def test_the_comparison_follows_every_change() -> None:
    rows_from_table(read_document(read_text(FULL_TABLE)))
    _publish()
    counts = [read_draft().count]
    Rule.objects.filter(key="all").update(name="Everyone")
    counts.append(read_draft().count)
    _publish()
    counts.append(read_draft().count)

    assert counts == [0, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_publishers_at_once_wait_for_each_other() -> None:
    rows_from_table(read_document(read_text(FULL_TABLE)))
    numbers: list[int] = []
    ready = threading.Barrier(3)

    def rename_and_publish(name: str) -> None:
        close_old_connections()
        ready.wait()
        Rule.objects.filter(key="all").update(name=name)
        numbers.append(publish(author=None, note=name, now=timezone.now()).number)
        connection.close()

    threads = [threading.Thread(target=rename_and_publish, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers) == 3
    assert sorted(set(numbers)) == list(Revision.objects.order_by("number").values_list("number", flat=True))
    assert LiveState.load().revision_id == max(numbers)
