"""What staff write about a customer's number, entry by entry: what each means, and which say nothing new."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import phonenumbers

from routing.engine.conditions import check_customer_entry
from routing.engine.numbers import NumberKind, is_country, is_withheld, read_number
from routing.engine.table import WITHHELD

# A star, or what a phone and a word processor make of three dots, stands for whatever follows.
_PREFIX = re.compile(r"(?P<start>\+[\d\s().\-/]+?)\s*(?:\*|…|\.{3})", re.ASCII)
_STORED_PREFIX = re.compile(r"\+\d+\*", re.ASCII)


class EntryKind(StrEnum):
    """How an entry is compared with a customer's number."""

    EXACT = "exact"
    PREFIX = "prefix"
    COUNTRY = "country"
    WITHHELD = "withheld"
    OTHER = "other"
    INVALID = "invalid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry: as it is stored, as people read it, and the entry that already says the same and more, or empty."""

    text: str
    kind: EntryKind
    shown: str
    meaning: str
    country: str = ""
    covered_by: str = ""


def tidy_entry(text: str, region: str) -> str:
    """Return an entry as the table writes it: E.164, ``+1415*``, ``US``, ``withheld``; what is none stays as typed.

    ``region`` is the ISO country that national numbers are read in.
    """
    text = text.strip()
    prefix = _PREFIX.fullmatch(text)
    if prefix:
        return f"+{re.sub(r'[^0-9]', '', prefix['start'])}*"
    if len(text) == 2 and text.isalpha() and is_country(text.upper()):
        return text.upper()
    if text and is_withheld(text):
        return WITHHELD
    return read_number(text, region).identity or text


def read_entries(texts: Iterable[str], region: str) -> tuple[Entry, ...]:
    """Return what each entry means; one that only repeats another is marked with the other."""
    entries = [_read(tidy_entry(text, region), region) for text in texts if text.strip()]
    return tuple(_mark_covered(entries))


def _read(text: str, region: str) -> Entry:
    problem = check_customer_entry(text, region)
    if problem:
        return Entry(text=text, kind=EntryKind.INVALID, shown=text, meaning=problem)
    if text == WITHHELD:
        return Entry(text=text, kind=EntryKind.WITHHELD, shown="withheld", meaning="callers who hide their number")
    if _STORED_PREFIX.fullmatch(text):
        start = _spaced(text[:-1])
        return Entry(text=text, kind=EntryKind.PREFIX, shown=f"{start} …", meaning=f"every number that begins {start}")
    if is_country(text):
        return Entry(text=text, kind=EntryKind.COUNTRY, shown=text, meaning=f"every number of {text}", country=text)
    return _read_number(text, region)


def _read_number(text: str, region: str) -> Entry:
    number = read_number(text, region)
    if number.kind is NumberKind.E164:
        return Entry(
            text=number.identity,
            kind=EntryKind.EXACT,
            shown=_international(number.identity),
            meaning="this number",
            country=number.country or "",
        )
    return Entry(text=text, kind=EntryKind.OTHER, shown=text, meaning="this text exactly, as a short code or a name is")


def _international(e164: str) -> str:
    return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _spaced(start: str) -> str:
    """Return the beginning of a number with the spaces that a whole one would have there."""
    formatter = phonenumbers.AsYouTypeFormatter("ZZ")
    shown = ""
    for character in start:
        shown = formatter.input_digit(character)
    return shown.strip()


def _mark_covered(entries: Sequence[Entry]) -> Iterator[Entry]:
    countries = {entry.country for entry in entries if entry.kind is EntryKind.COUNTRY}
    prefixes = {entry.text for entry in entries if entry.kind is EntryKind.PREFIX}
    seen: set[str] = set()
    for entry in entries:
        by = entry.text if entry.text in seen else _wider(entry, countries, prefixes)
        seen.add(entry.text)
        yield replace(entry, covered_by=by) if by else entry


def _wider(entry: Entry, countries: set[str], prefixes: set[str]) -> str:
    """Return the entry that takes every number of this one, or nothing."""
    if entry.kind not in (EntryKind.EXACT, EntryKind.PREFIX):
        return ""
    start = entry.text.rstrip("*")
    for end in range(2, len(start) + (entry.kind is EntryKind.EXACT)):
        if f"{start[:end]}*" in prefixes:
            return f"{start[:end]}*"
    country = entry.country or _only_country(start)
    return country if country in countries else ""


def _only_country(start: str) -> str:
    """Return the country that all numbers of this beginning belong to, where there is one country to its code."""
    for end in range(2, min(len(start), 4) + 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(start[1:end]))
        if regions:
            return str(regions[0]) if len(regions) == 1 else ""
    return ""
