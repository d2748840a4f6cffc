"""What an entry of a customer condition means, however it is written."""

import pytest

from routing.engine.conditions import check_customer_entry
from routing.services.read_entries import EntryKind, read_entries, tidy_entry

ENTRIES: dict[str, tuple[str, str, EntryKind]] = {
    "E.164": ("+12025550100", "+12025550100", EntryKind.EXACT),
    "as people write it": ("(202) 555-0100", "+12025550100", EntryKind.EXACT),
    "SIP with a number": ("sip:+12025550100@example.com", "+12025550100", EntryKind.EXACT),
    "SIP with a name": ("sip:Bob@Example.COM", "sip:Bob@example.com", EntryKind.OTHER),
    "prefix": ("+1415*", "+1415*", EntryKind.PREFIX),
    "prefix with spaces": ("+1 (415) *", "+1415*", EntryKind.PREFIX),
    "prefix with dots": ("+1415…", "+1415*", EntryKind.PREFIX),
    "country": ("US", "US", EntryKind.COUNTRY),
    "country in small letters": ("mx", "MX", EntryKind.COUNTRY),
    "withheld": ("withheld", "withheld", EntryKind.WITHHELD),
    "another word for it": ("Anonymous", "withheld", EntryKind.WITHHELD),
    "what keypads spell": ("+266696687", "withheld", EntryKind.WITHHELD),
    "short code": ("12345", "12345", EntryKind.OTHER),
    "no number": ("+1415555", "+1415555", EntryKind.INVALID),
    "no country": ("XX", "XX", EntryKind.INVALID),
    "star in the middle": ("+1*415", "+1*415", EntryKind.INVALID),
}


@pytest.mark.parametrize(("typed", "stored", "kind"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_told_apart(typed: str, stored: str, kind: EntryKind) -> None:
    (entry,) = read_entries([typed], "US")

    assert (entry.text, entry.kind) == (stored, kind)
    assert tidy_entry(stored, "US") == stored
    assert (check_customer_entry(stored, "US") is None) == (kind is not EntryKind.INVALID)


COVERED: dict[str, tuple[list[str], list[str]]] = {
    "by nothing": (["+12025550100", "+1415*", "ES"], ["", "", ""]),
    "number by prefix": (["+14155550100", "+1415*"], ["+1415*", ""]),
    "number by its country": (["+34600123456", "ES"], ["ES", ""]),
    "prefix by a shorter one": (["+1415555*", "+1415*"], ["+1415*", ""]),
    "prefix by the only country of its code": (["+34600*", "ES"], ["ES", ""]),
    "prefix of a code that countries share": (["+1415*", "US"], ["", ""]),
    "by itself, in another writing": (["+12025550100", "(202) 555-0100"], ["", "+12025550100"]),
    "hidden by nothing": (["withheld", "US"], ["", ""]),
}


@pytest.mark.parametrize(("texts", "by"), COVERED.values(), ids=COVERED)
def test_an_entry_that_says_nothing_new_names_the_one_that_covers_it(texts: list[str], by: list[str]) -> None:
    assert [entry.covered_by for entry in read_entries(texts, "US")] == by


def test_each_entry_is_shown_as_people_read_it() -> None:
    shown = [(entry.shown, entry.country) for entry in read_entries(["+525512345678", "+1415*", "", "ES"], "US")]

    assert shown == [("+52 55 1234 5678", "MX"), ("+1 415 …", ""), ("ES", "ES")]
