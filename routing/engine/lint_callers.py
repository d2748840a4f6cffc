"""Which customer conditions cover which: numbers, prefixes, countries, hidden callers."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

from routing.engine.numbers import country_of, is_country

Token = tuple[str, str]  # what kind of condition, and what it names

E164, OTHER, PREFIX, COUNTRY, HIDDEN = "e164", "other", "prefix", "country", "withheld"
_LONGEST_CALLING_CODE = 3
_SHORTEST_AREA_CODE, _LONGEST_AREA_CODE = 2, 3
_USUAL_LENGTHS = range(11, 14)  # of an E.164 number, with its plus
# Endings that make a prefix a whole number; valid numbers of every kind of plan are among them.
_ENDINGS = tuple(f"{digits}{digits}"[:10] for digits in ("23456", "55501", "30123", "41567", "62345", "79123", "91234"))


@lru_cache(maxsize=4_096)
def wider_callers(token: Token) -> tuple[Token, ...]:
    """Return every condition that holds for all customers for whom this one holds, itself first.

    A prefix lies in a country only where its calling code belongs to that country alone: +1415 is American, but a
    number that begins so and cannot exist belongs to no country, and a rule about US numbers does not take it.
    """
    kind, text = token
    if kind == E164:
        country = country_of(text)
        return (token, *_prefixes(text), *([(COUNTRY, country)] if country else []))
    if kind == PREFIX:
        owner = _only_owner(text)
        return (*_prefixes(text), *([(COUNTRY, owner)] if owner else []))
    if kind == COUNTRY:
        return (token, *_prefixes(f"+{phonenumbers.country_code_for_region(text)}"))
    return (token,)


@lru_cache(maxsize=65_536)
def likely_country(prefix: str) -> str | None:
    """Return the only country of the numbers that begin so, as far as samples tell; None where there are several."""
    owner = _only_owner(prefix)
    if owner:
        return owner
    code = _calling_code(prefix)
    if code is None or len(prefix) < 1 + len(code) + _SHORTEST_AREA_CODE:
        return None
    # An area code decides for everything below it, so many prefixes cost only as much as their area codes.
    area = 1 + len(code) + _LONGEST_AREA_CODE
    return (likely_country(prefix[:area]) if len(prefix) > area else None) or _sampled_country(prefix)


def _sampled_country(prefix: str) -> str | None:
    samples = {(prefix + ending)[:length] for ending in _ENDINGS for length in _USUAL_LENGTHS}
    found = {country_of(number) for number in samples} - {None}
    return found.pop() if len(found) == 1 else None


def _prefixes(text: str) -> tuple[Token, ...]:
    return tuple((PREFIX, text[:end]) for end in range(len(text), 1, -1))


def _calling_code(prefix: str) -> str | None:
    for end in range(2, 2 + _LONGEST_CALLING_CODE):
        digits = prefix[1:end]
        if len(digits) == end - 1 and int(digits) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits
    return None


def _only_owner(prefix: str) -> str | None:
    code = _calling_code(prefix)
    if code is None:
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    return regions[0] if len(regions) == 1 and is_country(regions[0]) else None
