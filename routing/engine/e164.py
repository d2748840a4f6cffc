"""E.164 numbers recognised by their shape, and their country, without parsing.

Vapi presents numbers in E.164. The library's parser takes some hundred microseconds for one; the same answer follows
from its metadata directly. Whatever is unusual is left to the parser: another shape, a number that begins with a
national prefix, a length that is not possible, a code of no country. A property test holds both ways together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_SHAPE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_CODE_ENDS = (2, 3, 4)
_NO_COUNTRY = "001"  # what the library calls satellites and the like
# The kinds of numbers, one of which makes a number valid in a region.
_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)

Pattern = re.Pattern[str]
Shape = tuple[tuple[int, ...], Pattern]  # possible lengths (none: any), and what must match as a whole


@dataclass(frozen=True, kw_only=True, slots=True)
class _Region:
    """How a number of this country is known: by its first digits, or by being valid there."""

    name: str
    leading: Pattern | None
    general: Shape
    kinds: tuple[Shape, ...]

    def has(self, rest: str) -> bool:
        """Tell whether the number behind the calling code belongs to this country."""
        if self.leading is not None:
            return self.leading.match(rest) is not None
        return _matches(rest, self.general) and any(_matches(rest, kind) for kind in self.kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class _CallingCode:
    """What the metadata says about one calling code; the regions stand in the library's order."""

    lengths: frozenset[int]
    national_prefix: Pattern | None
    regions: tuple[_Region, ...]

    def country(self, rest: str) -> str | None:
        """Return the ISO country of a number with this code, None where it belongs to no single one."""
        if len(self.regions) == 1:
            return self.regions[0].name
        return next((region.name for region in self.regions if region.has(rest)), None)


def read_plain_e164(text: str) -> tuple[str | None] | None:
    """Return the country of a text that is E.164 beyond doubt, in a tuple; None leaves the text to the parser."""
    found = _plain(text)
    return None if found is None else (found[0].country(found[1]),)


def is_plain_e164(text: str) -> bool:
    """Tell whether a text is E.164 beyond doubt; the same at half the cost where nobody asks for the country."""
    return _plain(text) is not None


def _plain(text: str) -> tuple[_CallingCode, str] | None:
    """Split what is E.164 beyond doubt behind its calling code."""
    if not _SHAPE.fullmatch(text):
        return None
    for end in _CODE_ENDS:
        rest, known = text[end:], _calling_code(text[1:end])
        if known is not None:
            prefix = known.national_prefix
            return (known, rest) if len(rest) in known.lengths and not (prefix and prefix.match(rest)) else None
    return None


@cache
def _calling_code(code: str) -> _CallingCode | None:
    """Read the metadata of a calling code once; None for what is none, or of no country."""
    names = COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if not names or _NO_COUNTRY in names:
        return None
    main: Any = PhoneMetadata.metadata_for_region(names[0])
    prefix = main.national_prefix_for_parsing
    return _CallingCode(
        lengths=frozenset(main.general_desc.possible_length),
        national_prefix=re.compile(prefix) if prefix else None,
        regions=tuple(_regions(names)),
    )


def _regions(names: tuple[str, ...]) -> Iterator[_Region]:
    for name in names:
        known: Any = PhoneMetadata.metadata_for_region(name)
        descriptions = (getattr(known, kind) for kind in _KINDS)
        yield _Region(
            name=name,
            leading=re.compile(known.leading_digits) if known.leading_digits else None,
            general=_shape(known.general_desc),
            kinds=tuple(_shape(one) for one in descriptions if one is not None and one.national_number_pattern),
        )


def _shape(description: Any) -> Shape:
    return tuple(description.possible_length), re.compile(description.national_number_pattern)


def _matches(rest: str, shape: Shape) -> bool:
    lengths, pattern = shape
    return (not lengths or len(rest) in lengths) and pattern.fullmatch(rest) is not None
