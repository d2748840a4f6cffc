"""Lint of the draft: what it reads from the database, and when it looks again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.engine.document import read_document, write_document
from routing.engine.errors import TableErrors
from routing.models import NumberList, NumberListEntry, OurNumber, Rule, Target
from routing.services.lint_table import REMEMBERED, lint_document, lint_draft, lint_text, read_world
from routing.snapshot.rows import rows_from_table
from routing.snapshot.tablefile import read_text
from tests.engine.lint_tables import BASE

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 23, tzinfo=UTC)
RULES = """
rules:
  - {key: listed, name: Listed, when: {lists: {any_of: [vip]}}, then: [{target: robot}]}
  - {key: wide, name: Wide, when: {customer: [ES]}, then: [{target: crew}]}
  - {key: narrow, name: Narrow, when: {customer: ["+3491*"]}, then: [{target: robot}]}
"""


@pytest.fixture(autouse=True)
def draft() -> None:
    rows_from_table(read_document(read_text(BASE + RULES)))
    NumberListEntry.objects.create(number_list=NumberList.objects.get(key="vip"), number="+14155550123")


def found(now: datetime = NOW) -> set[tuple[str, str]]:
    return {(finding.kind.value, finding.key) for finding in lint_draft(now)}


def test_the_draft_is_looked_at_as_it_stands() -> None:
    assert found() == {("unreachable", "narrow")}


@pytest.mark.parametrize(
    ("expires_at", "is_empty"), [(None, False), (NOW + timedelta(seconds=1), False), (NOW, True)], ids=str
)
def test_an_expired_entry_counts_as_none(expires_at: datetime | None, is_empty: bool) -> None:
    NumberListEntry.objects.update(expires_at=expires_at)

    assert ("vip" in read_world(NOW).empty_lists) is is_empty
    assert (("list_empty", "listed") in found()) is is_empty


def test_what_is_gone_at_vapi_is_known() -> None:
    Target.objects.filter(key="crew").update(missing_since=NOW)
    OurNumber.objects.filter(number="+12025550111").update(missing_since=NOW)

    # The rule below is reached again, because the one above passes its calls on.
    assert found() == {("target_missing", "wide"), ("number_missing", "+12025550111")}


def test_entries_are_counted_by_the_database() -> None:
    with CaptureQueriesContext(connection) as queries:
        read_world(NOW)

    (lists,) = [query["sql"] for query in queries if "EXISTS" in query["sql"]]
    assert len(queries) == 3
    assert '"variables"' not in lists


CHANGES: dict[str, Any] = {
    "a rule": lambda: Rule.objects.filter(key="wide").update(enabled=False),
    "an entry": lambda: NumberListEntry.objects.all().delete(),
    "a target at Vapi": lambda: Target.objects.filter(key="crew").update(missing_since=NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen_at_once(change: Any) -> None:
    before = found()

    change()

    assert found() != before


def test_nothing_is_read_again_while_nothing_changes() -> None:
    first = lint_draft(NOW)

    with CaptureQueriesContext(connection) as queries:
        again = lint_draft(NOW + REMEMBERED - timedelta(seconds=1))

    assert again is first
    assert len(queries) == 2


def test_one_more_entry_is_no_reason_to_look_again() -> None:
    first = lint_draft(NOW)

    NumberListEntry.objects.create(number_list=NumberList.objects.get(key="vip"), number="+14155550124")

    assert lint_draft(NOW) is first


def test_time_alone_changes_findings() -> None:
    NumberListEntry.objects.update(expires_at=NOW + timedelta(seconds=1))
    assert ("list_empty", "listed") not in found()

    assert ("list_empty", "listed") in found(NOW + REMEMBERED)


def test_a_document_is_looked_at_whatever_the_database_holds() -> None:
    Target.objects.update(missing_since=NOW)
    document = write_document(read_document(read_text(BASE + RULES)))
    listed = document | {"lists": [spec | {"entries": []} for spec in document["lists"]]}

    assert [(finding.kind, finding.key) for finding in lint_document(document, NOW)] == [("unreachable", "narrow")]
    assert ("list_empty", "listed") in {(finding.kind, finding.key) for finding in lint_document(listed, NOW)}


def test_a_text_that_is_no_table_is_refused() -> None:
    with pytest.raises(TableErrors) as refusal:
        lint_text("default: nobody", NOW)

    assert "target 'nobody' does not exist" in str(refusal.value)
