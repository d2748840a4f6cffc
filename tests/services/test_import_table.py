"""Importing a table file: all or nothing, with a report; exporting gives the same table back."""

import pytest

from routing.engine.errors import TableErrors
from routing.models import LiveState, NumberList, NumberListEntry, Revision, Rule, Target
from routing.services.export_table import RevisionUnknown, export_table
from routing.services.import_table import KindChanges, import_and_publish, import_table, read_table
from routing.services.publish import publish
from routing.snapshot.rows import table_from_rows
from routing.snapshot.tablefile import read_text
from tests.services.test_publish import NOW
from tests.snapshot.full_table import FULL_TABLE

pytestmark = pytest.mark.django_db

SMALL = """
default: desk
targets: [{key: desk, name: Desk, kind: transfer, number: +12025550199}]
rules:
  - {name: First, then: [{target: desk}]}
  - {name: Second, then: [{target: desk}]}
"""
TEN_MISTAKES = """
default: nobody
colour: blue
targets:
  - {key: desk, kind: transfer}
  - {key: robot, kind: assistent, vapi_id: a1}
schedules:
  - {key: office, opening_hours: "PH off; Mo-Fr 09:00-17:00", timezone: America/New_York, country: US}
  - {key: night, opening_hours: sometimes, timezone: UTC}
numbers: [{vapi_id: n1, number: "123"}]
rules:
  - {key: a, when: {customer: []}, then: [{target: robot}]}
  - {key: b, when: {lists: {any_of: [vip]}}, then: [{target: robot}]}
  - {key: c, then: []}
"""


def test_ten_mistakes_are_ten_messages_and_change_nothing() -> None:
    import_table(SMALL)
    before = table_from_rows()

    with pytest.raises(TableErrors) as refusal:
        import_table(TEN_MISTAKES)

    assert [(error.subject, error.field) for error in sorted(refusal.value.errors, key=str)] == [
        ("number '123'", "number"),
        ("rule 'a'", "when.customer"),
        ("rule 'b'", "when.lists.any_of[0]"),
        ("rule 'c'", "then"),
        ("schedule 'night'", "opening_hours"),
        ("schedule 'office'", "opening_hours"),
        ("table", "colour"),
        ("table", "default"),
        ("target 'desk'", "number"),
        ("target 'robot'", "kind"),
    ]
    assert table_from_rows() == before


def test_report_counts_each_kind() -> None:
    first = import_table(SMALL)

    second = import_table(
        SMALL.replace("name: Desk", "name: Front").replace("Second", "Third").replace("First", "Last")
    )

    assert (first.kinds["targets"], first.kinds["rules"], first.settings_changed) == (
        KindChanges(created=1, updated=0, deleted=0),
        KindChanges(created=2, updated=0, deleted=0),
        True,
    )
    assert (second.kinds["targets"], second.kinds["rules"], second.settings_changed) == (
        KindChanges(created=0, updated=1, deleted=0),
        KindChanges(created=2, updated=0, deleted=2),
        False,
    )


def test_report_tells_a_new_order() -> None:
    import_table(SMALL)
    lines = SMALL.splitlines()

    report = import_table("\n".join([*lines[:-2], lines[-1], lines[-2]]))

    assert report.reordered
    assert not any(report.kinds.values())
    assert [rule.key for rule in Rule.objects.all()] == ["second", "first"]


def test_report_names_lists_that_stayed() -> None:
    import_table(FULL_TABLE)

    report = import_table(SMALL)

    assert report.kept_lists == ("vip",)
    assert list(NumberList.objects.values_list("key", flat=True)) == ["vip"]


def test_dry_run_reports_and_changes_nothing() -> None:
    version = LiveState.load().live_version

    report = import_table(FULL_TABLE, dry_run=True)

    assert report.kinds["rules"].created == 2
    assert not Rule.objects.exists()
    assert LiveState.load().live_version == version


def test_dry_run_and_import_report_alike() -> None:
    import_table(SMALL)

    assert import_table(FULL_TABLE, dry_run=True) == import_table(FULL_TABLE)


def test_what_only_the_database_refuses_is_a_message_too() -> None:
    stays = NumberList.objects.create(key="old", name="VIP")
    NumberListEntry.objects.create(number_list=stays, number="1")

    with pytest.raises(TableErrors, match="the database refuses it"):
        import_table(FULL_TABLE)

    assert not Target.objects.exists()


def test_import_and_publish_are_one() -> None:
    report, revision = import_and_publish(SMALL, author=None, note="From a file", now=NOW)

    assert report.kinds["rules"].created == 2
    assert (LiveState.load().revision_id, revision.note) == (1, "From a file")


@pytest.mark.parametrize("style", ["yaml", "json"])
def test_export_gives_the_same_table_back(style: str) -> None:
    import_table(FULL_TABLE)

    text = export_table(style=style, with_entries=True)

    assert read_table(text) == table_from_rows(with_entries=True)
    report = import_table(text)
    assert not any(report.kinds.values())
    assert not report.settings_changed
    assert export_table(style=style, with_entries=True) == text


def test_export_without_entries_does_not_touch_them() -> None:
    import_table(FULL_TABLE)

    import_table(export_table())

    assert NumberListEntry.objects.count() == 2


def test_export_of_a_revision_is_the_draft_of_then() -> None:
    import_table(FULL_TABLE)
    then = read_text(export_table())
    publish(author=None, note="", now=NOW)
    import_table(SMALL)

    assert read_text(export_table(revision=1)) == then  # neither database keeps the order of a document's keys


def test_export_of_an_unknown_revision_is_refused() -> None:
    with pytest.raises(RevisionUnknown, match="no revision 7"):
        export_table(revision=7)

    assert not Revision.objects.exists()
