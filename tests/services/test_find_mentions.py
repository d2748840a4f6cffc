"""Which rules mention a number."""

from datetime import UTC, datetime, timedelta

import pytest

from routing.models import NumberList, NumberListEntry
from routing.services.find_mentions import Mentions, find_mentions, read_asked
from routing.services.import_table import import_table
from routing.snapshot.rows import table_from_rows

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TABLE = """
version: 1
default: desk
targets: [{key: desk, name: Desk, kind: transfer, number: "+12025550199"}]
numbers:
  - {vapi_id: 33333333-3333-4333-8333-333333333333, number: "+12025550111", name: Main line}
  - {vapi_id: 33333333-3333-4333-8333-333333333334, number: "+12025550112", name: Spring line}
campaigns: [{slug: spring, name: Spring, numbers: ["+12025550112"]}]
lists:
  - {key: vip, name: VIP, purpose: segment, entries: [{number: "+14155550100"}, {number: "sip:ada@example.com"}]}
  - {key: gone, name: Gone, purpose: segment, entries: [{number: "+14155550100"}]}
  - {key: bad, name: Nuisance, purpose: blocked, entries: [{number: "+12025550166"}]}
rules:
  - {key: exact, name: Exact, when: {customer: ["+14155550100", "+12125550123"]}, then: [{target: desk}]}
  - {key: bay, name: Bay, when: {customer: ["+1415*"]}, then: [{target: desk}]}
  - {key: bay-5, name: Bay 5, when: {customer: ["+14155*", GB]}, then: [{target: desk}]}
  - {key: us, name: US, when: {customer: [US]}, then: [{target: desk}]}
  - {key: mx, name: MX, when: {customer: [MX]}, then: [{target: desk}]}
  - {key: hidden, name: Hidden, when: {customer: [withheld]}, then: [{target: desk}]}
  - {key: on-vip, name: On VIP, when: {lists: {any_of: [vip, gone]}}, then: [{target: desk}]}
  - {key: off-vip, name: Off VIP, when: {lists: {none_of: [vip]}}, then: [{target: desk}]}
  - {key: main, name: Main, when: {numbers: ["+12025550111"]}, then: [{target: desk}]}
  - {key: spring, name: Spring, when: {campaigns: [spring]}, then: [{target: desk}]}
  - {key: extension, name: Extension, when: {customer: ["2001"]}, then: [{target: desk}]}
  - {key: everybody, name: Everybody, then: [{target: desk}]}
"""


@pytest.fixture
def _table(db: None) -> None:
    import_table(TABLE)
    NumberListEntry.objects.filter(number_list__key="gone").update(expires_at=NOW - timedelta(seconds=1))


def mentions(text: str) -> Mentions:
    found = find_mentions(table_from_rows(), text, region="US", now=NOW)
    assert found is not None
    return found


BAY = {"bay": ("prefix +1415*",), "bay-5": ("prefix +14155*",), "us": ("country US",)}
VIP = {"on-vip": ("list VIP",), "off-vip": ("not on list VIP",)}
FOUND = {
    "a whole number": ("+14155550100", {"exact": ("number",), **BAY, **VIP}),
    "as people write it": ("(415) 555-0100", {"exact": ("number",), **BAY, **VIP}),
    "on no list": ("+14155550199", BAY),
    "beyond the longer prefix": ("+14156550199", {"bay": ("prefix +1415*",), "us": ("country US",)}),
    "a beginning": ("+1415", {"exact": ("number",), **BAY, **VIP}),
    "a beginning with a star": ("+1415*", {"exact": ("number",), **BAY, **VIP}),
    "an area code": ("415", {"exact": ("number",), **BAY, **VIP}),
    "a longer beginning": ("+1415666", {"bay": ("prefix +1415*",), "us": ("country US",)}),
    "another country": ("+525512345678", {"mx": ("country MX",)}),
    "a country's code": ("+44", {"bay-5": ("country GB",)}),
    "a country": ("MX", {"mx": ("country MX",)}),
    "hidden": ("anonymous", {"hidden": ("withheld",)}),
    "our number": ("+12025550111", {"us": ("country US",), "main": ("our number Main line",)}),
    "a campaign's number": ("+12025550112", {"us": ("country US",), "spring": ("campaign Spring",)}),
    "a SIP address": ("sip:ada@EXAMPLE.com", VIP),
    "an extension": ("2001", {"extension": ("number",)}),
}


@pytest.mark.usefixtures("_table")
@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND)
def test_rules_are_found_by_what_holds_the_number(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert mentions(text).by_rule == expected


@pytest.mark.usefixtures("_table")
def test_the_ways_are_told_once_and_in_the_order_of_the_rules() -> None:
    found = mentions("+14155550100")

    assert found.ways == (
        "number", "prefix +1415*", "prefix +14155*", "country US", "list VIP", "not on list VIP",
    )  # fmt: skip
    assert str(found.asked) == "+14155550100"
    assert found.refused_on == ()


@pytest.mark.usefixtures("_table")
def test_a_beginning_spells_out_no_whole_number_for_who_sees_them_masked() -> None:
    found = find_mentions(table_from_rows(), "+1415", region="US", now=NOW, whole_only=True)
    whole = find_mentions(table_from_rows(), "+14155550100", region="US", now=NOW, whole_only=True)

    assert found is not None
    assert found.by_rule == BAY
    assert whole is not None
    assert whole.by_rule == {"exact": ("number",), **BAY, **VIP}


@pytest.mark.usefixtures("_table")
def test_a_refused_number_is_told() -> None:
    assert mentions("+12025550166").refused_on == ("Nuisance",)


@pytest.mark.parametrize("text", ["", "VIP", "hello", "12", "us", "Bay 5", "+", "*", "+0123"])
def test_other_words_are_no_number(text: str) -> None:
    assert read_asked(text, "US") is None


@pytest.mark.parametrize(("text", "region", "prefix"), [("020", "GB", "+4420"), ("030", "DE", "+4930")])
def test_national_beginnings_lose_their_trunk_digit(text: str, region: str, prefix: str) -> None:
    asked = read_asked(text, region)

    assert asked is not None
    assert asked.prefix == prefix


@pytest.mark.usefixtures("_table")
def test_lists_of_many_entries_are_asked_in_one_query(django_assert_num_queries: object) -> None:
    vip = NumberList.objects.get(key="vip")
    NumberListEntry.objects.bulk_create(NumberListEntry(number_list=vip, number=f"+1415556{n:04}") for n in range(1000))
    table = table_from_rows()

    with django_assert_num_queries(1):  # type: ignore[operator]
        find_mentions(table, "+1415", region="US", now=NOW)
