"""Rows and table say the same, whichever way they are read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from routing.engine.document import read_document
from routing.engine.errors import TableErrors
from routing.engine.table import Table
from routing.models import EmergencySwitch, LiveState, NumberList, NumberListEntry, OurNumber, Rule, Target
from routing.snapshot.rows import rows_from_table, table_from_rows
from routing.snapshot.tablefile import read_text
from tests.snapshot.full_table import FULL_TABLE

pytestmark = pytest.mark.django_db
FULL = read_document(read_text(FULL_TABLE))
QUERIES = 18  # one a kind of row and link, and two that read keys alone


def _without_entries(table: Table) -> Table:
    return replace(table, lists=tuple(replace(spec, entries=None) for spec in table.lists))


def _with_all_entries(table: Table) -> Table:
    return replace(table, lists=tuple(replace(spec, entries=spec.entries or ()) for spec in table.lists))


def test_round_trip_loses_nothing() -> None:
    rows_from_table(FULL)

    assert table_from_rows() == _without_entries(FULL)
    assert table_from_rows(with_entries=True) == _with_all_entries(FULL)


def test_same_table_again_keeps_the_rows() -> None:
    rows_from_table(FULL)
    before = list(Rule.objects.values_list("pk", "key")) + list(Target.objects.values_list("pk", "key"))

    rows_from_table(FULL)

    assert before == list(Rule.objects.values_list("pk", "key")) + list(Target.objects.values_list("pk", "key"))
    assert table_from_rows(with_entries=True) == _with_all_entries(FULL)


def test_names_vapi_ids_and_positions_may_change_places() -> None:
    rows_from_table(FULL)
    first, second, *others = FULL.targets
    n1, n2, n3 = FULL.numbers
    swapped = replace(
        _without_entries(FULL),
        targets=(replace(first, name=second.name), replace(second, name=first.name), *others),
        numbers=(replace(n1, vapi_id=n3.vapi_id), n2, replace(n3, vapi_id=n1.vapi_id)),
        rules=FULL.rules[::-1],
    )

    rows_from_table(swapped)

    assert table_from_rows() == swapped
    assert list(Rule.objects.values_list("position", flat=True)) == [1, 2]


def test_empty_table_takes_everything_but_lists_with_entries() -> None:
    rows_from_table(FULL)

    rows_from_table(Table())

    left = table_from_rows(with_entries=True)
    assert left == Table(lists=left.lists)
    assert [spec.key for spec in left.lists] == ["vip"]
    assert len(left.lists[0].entries or ()) == 2


def test_table_without_entries_leaves_them_alone() -> None:
    rows_from_table(FULL)

    rows_from_table(_without_entries(FULL))

    assert NumberListEntry.objects.count() == 2


def test_what_a_sync_saw_stays() -> None:
    rows_from_table(FULL)
    Target.objects.filter(key="reception").update(missing_since=timezone.now(), synced_name="At Vapi")

    first, second, third, reception, last = FULL.targets
    rows_from_table(replace(FULL, targets=(first, second, third, replace(reception, version="v9"), last)))

    row = Target.objects.get(key="reception")
    assert (row.version, row.synced_name, row.missing_since is None) == ("v9", "At Vapi", False)


def test_reading_needs_a_fixed_number_of_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    rows_from_table(FULL)
    rule = FULL.rules[0]
    many = tuple(replace(rule, key=f"rule-{place}", name=f"Rule {place}") for place in range(40))
    rows_from_table(replace(FULL, rules=many))

    with django_assert_max_num_queries(QUERIES):
        table = table_from_rows(with_entries=True)

    assert table.rules == many


def _switch(**fields: Any) -> EmergencySwitch:
    now = timezone.now() - timedelta(hours=2)
    row = EmergencySwitch.objects.create(
        **{"pauses_outbound": True, "started_at": now, "until": now + timedelta(days=1)} | fields
    )
    row.our_numbers.add(OurNumber.objects.get(vapi_id="n1"))
    return row


@pytest.mark.parametrize(
    "smaller", [replace(FULL, numbers=FULL.numbers[1:]), Table()], ids=["one number", "everything"]
)
def test_running_switch_keeps_what_it_needs(smaller: Table) -> None:
    rows_from_table(FULL)
    _switch(target=Target.objects.get(key="desk"))

    with pytest.raises(TableErrors, match="end the switch first"):
        rows_from_table(smaller)

    assert table_from_rows() == _without_entries(FULL)


@pytest.mark.parametrize(
    "fields",
    [{"ended_at": timezone.now()}, {"until": timezone.now() - timedelta(minutes=1)}],
    ids=["ended by hand", "expired"],
)
def test_finished_switch_does_not_hold_anything_up(fields: dict[str, Any]) -> None:
    rows_from_table(FULL)
    _switch(**fields)

    rows_from_table(Table())

    assert not EmergencySwitch.objects.exists()


def test_switch_that_needs_nothing_of_it_stays() -> None:
    rows_from_table(FULL)
    switch = _switch(target=Target.objects.get(key="desk"))

    rows_from_table(replace(FULL, rules=()))

    assert EmergencySwitch.objects.get() == switch


def test_failure_in_the_middle_changes_nothing() -> None:
    rows_from_table(FULL)
    NumberList.objects.create(key="other", name="Taken")
    other = NumberList.objects.get(key="other")
    NumberListEntry.objects.create(number_list=other, number="1")
    vip = replace(FULL.lists[2], name="Taken")

    with pytest.raises(IntegrityError):
        rows_from_table(replace(FULL, lists=(*FULL.lists[:2], vip)))


def test_live_version_follows_entries() -> None:
    rows_from_table(_without_entries(FULL))
    before = LiveState.load().live_version

    rows_from_table(FULL)

    assert LiveState.load().live_version > before
