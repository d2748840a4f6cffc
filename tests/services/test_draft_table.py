"""The draft is read again only after it changed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from routing.models import Rule
from routing.services.draft_table import read_draft_table, read_once


@pytest.mark.django_db(transaction=True)
def test_an_unchanged_draft_takes_one_query(django_assert_num_queries: Callable[[int], Any]) -> None:
    Rule.objects.create(name="First")
    first = read_draft_table()

    with django_assert_num_queries(1):
        again = read_draft_table()

    assert again is first


@pytest.mark.django_db(transaction=True)
def test_a_change_is_seen_at_once() -> None:
    rule = Rule.objects.create(name="First")
    read_draft_table()

    Rule.objects.filter(pk=rule.pk).update(name="Second")  # passes by signals

    assert [spec.name for spec in read_draft_table().rules] == ["Second"]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_remembered() -> None:
    rule = Rule.objects.create(name="First")
    with transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(name="Never")
        inside = [spec.name for spec in read_draft_table().rules]
        transaction.set_rollback(True)

    Rule.objects.filter(pk=rule.pk).update(name="Second")  # counts to the same version as the change above

    assert inside == ["Never"]
    assert [spec.name for spec in read_draft_table().rules] == ["Second"]


@pytest.mark.django_db(transaction=True)
def test_names_are_remembered_apart_until_the_draft_changes() -> None:
    """Sabotage seen to fail: one memory for all names, and a memory that outlives a change."""
    Rule.objects.create(name="First")
    read_once("count", Rule.objects.count)

    assert read_once("names", lambda: list(Rule.objects.values_list("name", flat=True))) == ["First"]
    assert read_once("count", lambda: 0) == 1
    Rule.objects.create(name="Second")
    assert read_once("count", Rule.objects.count) == 2
