"""Following a publish by its changes, and reading the whole document where they do not fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.engine.canonical import checksum_of
from routing.engine.compile import compile_table
from routing.engine.document import read_document, write_document
from routing.engine.ruleset import RuleSet
from routing.models import LiveState, Revision, Rule, Schedule, Target
from routing.services.publish import publish, restore
from routing.snapshot import store
from routing.snapshot.load import last_resort
from routing.snapshot.rows import rows_from_table, table_from_rows
from routing.snapshot.store import Store
from routing.snapshot.tablefile import read_text
from tests.snapshot.full_table import FULL_TABLE

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def draft(db: None) -> None:
    rows_from_table(read_document(read_text(FULL_TABLE)))
    _publish()


@pytest.fixture
def process(draft: None) -> Store:
    """Another process that holds the first revision."""
    other = Store()
    other.refresh()
    return other


def _publish() -> Revision:
    return publish(author=None, note="", now=NOW)


def _edit(**columns: Any) -> Revision:
    Rule.objects.filter(key="all").update(**columns)
    return _publish()


def _reads_document(refresh: Callable[[], object]) -> bool:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        refresh()
    texts = [query["sql"] for query in queries.captured_queries]
    return any(text.startswith("SELECT") and '"document"' in text for text in texts)


def _assert_is_live(ruleset: RuleSet) -> None:
    """The rules are those of the live revision's document, compiled as a whole."""
    live = LiveState.load().revision
    assert live is not None
    whole = compile_table(
        read_document(live.document), revision=live.number, default_region="US", last_resort=last_resort()
    )
    assert checksum_of(write_document(ruleset.table)) == live.checksum
    assert ruleset.revision == live.number
    assert list(map(ruleset.ref, ruleset.rules)) == list(map(whole.ref, whole.rules))
    assert ruleset.targets == whole.targets


def test_a_process_follows_by_what_changed(process: Store) -> None:
    _edit(name="Everybody", customer=["GB"])

    assert not _reads_document(process.refresh)
    _assert_is_live(process.refresh().ruleset)


def test_it_follows_several_revisions_that_it_did_not_see(process: Store) -> None:
    _edit(name="One")
    Target.objects.filter(key="concierge").update(overrides={"firstMessage": "Hello"})
    _publish()
    Schedule.objects.update(timezone="Europe/Paris")
    _publish()

    assert not _reads_document(process.refresh)
    _assert_is_live(process.refresh().ruleset)


def test_the_publishing_process_compares_with_the_rules_it_holds(draft: None) -> None:
    store.refresh()
    Rule.objects.filter(key="all").update(name="Everybody")

    assert not _reads_document(_publish)
    revision = Revision.objects.get(pk=2)
    assert revision.changes["before"] == [1, Revision.objects.get(pk=1).checksum]
    assert len(str(revision.changes)) < len(str(revision.document)) / 2


def test_the_first_revision_has_no_changes(draft: None) -> None:
    assert Revision.objects.get().changes is None


def test_restoring_is_followed_too(process: Store) -> None:
    _edit(name="Everybody")
    process.refresh()

    restore(Revision.objects.get(pk=1), author=None, now=NOW)

    assert not _reads_document(process.refresh)
    _assert_is_live(process.refresh().ruleset)


def _lose_a_step(_: Store) -> None:
    Revision.objects.filter(pk=2).update(changes=None)


def _lose_a_revision(_: Store) -> None:
    Revision.objects.filter(pk=2).delete()


def _give_the_number_to_another(process: Store) -> None:
    """As a restored backup does: the process holds a revision 1 that is not the one these changes begin at."""
    Revision.objects.filter(pk=2).update(changes={"before": [1, "0" * 64], "parts": {}, "removed": [], "put": []})


def _damage(_: Store) -> None:
    changes = Revision.objects.get(pk=2).changes
    Revision.objects.filter(pk=2).update(changes=changes | {"removed": [99]})


@pytest.mark.parametrize(
    "prevent",
    [_lose_a_step, _lose_a_revision, _give_the_number_to_another, _damage],
    ids=lambda prevent: prevent.__name__.strip("_").replace("_", " "),
)
def test_without_fitting_changes_the_whole_document_is_read(process: Store, prevent: Callable[[Store], None]) -> None:
    """Sabotage seen to fail: the revision that the changes begin at is not compared."""
    _edit(name="One")
    _edit(name="Two")
    prevent(process)

    assert _reads_document(process.refresh)
    _assert_is_live(process.refresh().ruleset)


def test_a_restored_backup_of_the_number_held_is_read_as_a_whole(process: Store) -> None:
    table = replace(table_from_rows(), default="desk")
    document = write_document(table)
    Revision.objects.filter(pk=1).update(document=document, checksum=checksum_of(document))

    assert _reads_document(process.refresh)
    _assert_is_live(process.refresh().ruleset)


def test_a_revision_after_one_that_does_not_compile_is_read_as_a_whole(process: Store) -> None:
    """The process then decides with revision 1, whatever number and checksum it saw last.

    Sabotage seen to fail: changes are applied to what the process holds because of what it saw published.
    """
    Revision.objects.filter(pk=1).update(document={"default": "nobody"}, checksum="broken")
    assert process.refresh().revision == 1
    _edit(name="One")
    Revision.objects.filter(pk=2).update(changes={"before": [1, "broken"], "parts": {}, "removed": [0], "put": []})

    assert _reads_document(process.refresh)
    _assert_is_live(process.refresh().ruleset)
