"""A copy of a rule is the rule, switched off, below it."""

from typing import Any

import pytest

from routing.engine.document import write_document
from routing.models import Rule
from routing.services.duplicate_rule import duplicate_rule
from routing.services.import_table import import_table
from routing.services.move_rule import RuleGone
from routing.snapshot.rows import table_from_rows

pytestmark = pytest.mark.django_db

TABLE = """
version: 1
default: desk
targets:
  - {key: desk, name: Desk, kind: transfer, number: "+12025550199"}
  - {key: night, name: Night, kind: transfer, number: "+12025550198"}
schedules:
  - {key: office, name: Office hours, opening_hours: "Mo-Fr 09:00-17:00", timezone: America/New_York}
numbers:
  - {vapi_id: 33333333-3333-4333-8333-333333333333, number: "+12025550111", name: Main line}
campaigns:
  - {slug: spring, name: Spring}
lists:
  - {key: vip, name: VIP, purpose: segment}
  - {key: staff, name: Staff, purpose: segment}
rules:
  - {key: first, name: First, then: [{target: desk}]}
  - key: full
    name: Full
    note: Why
    when:
      channels: [inbound]
      customer: [US, "+1415*"]
      lists: {any_of: [vip], none_of: [staff]}
      numbers: ["+12025550111"]
      campaigns: [spring]
      schedule: {key: office, is: closed}
      from: 2026-01-01
      until: 2026-12-31
      timezone: UTC
      attributes: [{key: plan, op: is, value: gold}, {key: age, op: greater, value: "18"}]
    then: [{target: night, weight: 30}, {target: desk, weight: 70}]
    overrides: {variableValues: {brand: Acme}}
  - {key: last, name: Last, then: [{target: desk}]}
"""


@pytest.fixture
def full(db: None) -> Rule:
    import_table(TABLE)
    rule: Rule = Rule.objects.get(key="full")
    return rule


def test_a_copy_has_everything_and_stands_below_switched_off(full: Rule) -> None:
    copy = duplicate_rule(full.pk)

    names = list(Rule.objects.order_by("position").values_list("name", "enabled"))
    assert names == [("First", True), ("Full", True), ("Full (copy)", False), ("Last", True)]
    original, copied = (_document(key) for key in ("full", copy.key))
    assert {name for name in original | copied if original.get(name) != copied.get(name)} == {"key", "name", "enabled"}
    assert len(original["when"]) == 10


def test_the_original_keeps_its_parts(full: Rule) -> None:
    before = _document("full")

    duplicate_rule(full.pk)

    assert _document("full") == before


def test_copies_have_names_of_their_own(full: Rule) -> None:
    Rule.objects.filter(pk=full.pk).update(name="N" * 200)

    names = [duplicate_rule(full.pk).name for _ in range(2)]

    assert names == [f"{'N' * 193} (copy)", f"{'N' * 191} (copy 2)"]


def test_nothing_is_copied_from_a_deleted_rule(full: Rule) -> None:
    pk = full.pk
    full.delete()

    with pytest.raises(RuleGone):
        duplicate_rule(pk)


def _document(key: str) -> dict[str, Any]:
    rules = write_document(table_from_rows())["rules"]
    return next(rule for rule in rules if rule["key"] == key)
