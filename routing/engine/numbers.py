"""Telephone numbers as callers, staff and Vapi write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult
from phonenumbers import timezone as number_timezone

from routing.engine.e164 import is_plain_e164, read_plain_e164

WITHHELD_WORDS = frozenset("anonymous private restricted unavailable unknown blocked withheld".split())
# Digits that a keypad spells ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE with: some
# carriers put them where a number belongs (Twilio documents them).
WITHHELD_SENTINELS = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015\u202a-\u202e\u2066-\u2069]")
# Without a + fewer than seven digits are an extension or a short code, even where a country has numbers as short.
_DIGITS = re.compile(r"\+[0-9]{3,20}|[0-9]{7,20}")
_SIP = re.compile(r"(?P<scheme>sips?):(?:(?P<user>[^@]*)@)?(?P<host>.+)", re.IGNORECASE | re.DOTALL)


class NumberKind(StrEnum):
    """How a customer's number can be used."""

    E164 = "e164"
    OTHER = "other"
    WITHHELD = "withheld"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number as presented and as understood.

    ``identity`` is what exact conditions and lists compare: the E.164 form, else the raw string
    (a SIP URI with its host lower-cased); empty when the number is withheld or missing.
    ``country`` is an ISO 3166 code, only known for E.164.
    """

    raw: str
    kind: NumberKind
    identity: str = ""
    country: str | None = None

    @property
    def e164(self) -> str | None:
        """The E.164 form, or None for anything else."""
        return self.identity if self.kind is NumberKind.E164 else None


MISSING = Number(raw="", kind=NumberKind.MISSING)
REMEMBERED = 65_536  # of each kind
# E.164 as it was presented, which reads alike in every country. A dictionary that is emptied when it is full answers
# in half the time of an lru_cache, which keeps its entries in order.
PLAIN: dict[str | None, Number] = {}


def read_customer(raw: str | None, region: str, *, inbound: bool) -> Number:
    """Return the customer's number; no number at all means withheld inbound, missing elsewhere.

    ``region`` is the ISO country that national numbers are read in.
    """
    if raw is None or not raw.strip():
        return Number(raw=raw or "", kind=NumberKind.WITHHELD) if inbound else MISSING
    return read_number(raw, region)


def read_number(raw: str, region: str) -> Number:
    """Classify a written number: withheld first, then SIP URI, then E.164, else raw."""
    return PLAIN.get(raw) or _read_plain(raw) or _read_other(raw, region)


def forget_numbers() -> None:
    """Read every number anew, as a new process does."""
    for cached in (_read_other, number_key, country_of, candidate_zones):
        cached.cache_clear()
    PLAIN.clear()


def _read_plain(raw: str) -> Number | None:
    text = raw.strip()
    plain = read_plain_e164(text)
    if plain is None or text in WITHHELD_SENTINELS:
        return None
    number = Number(raw=raw, kind=NumberKind.E164, identity=text, country=_supported(plain[0]))
    if len(PLAIN) >= REMEMBERED:
        PLAIN.clear()
    PLAIN[raw] = number
    return number


@lru_cache(maxsize=REMEMBERED)
def _read_other(raw: str, region: str) -> Number:
    """Classify what is not plain E.164."""
    text = raw.strip()
    if is_withheld(text):
        return Number(raw=raw, kind=NumberKind.WITHHELD)
    sip = _SIP.fullmatch(text)
    identity = normalise_sip_uri(text) if sip else text
    e164 = _sip_number(sip) if sip else to_e164(text, region)
    if e164 is None:
        return Number(raw=raw, kind=NumberKind.OTHER, identity=identity)
    return Number(raw=raw, kind=NumberKind.E164, identity=e164, country=country_of(e164))


def customer_identity(text: str, region: str) -> str:
    """Return what a customer's number is compared by: conditions and lists must write it the same way.

    Nothing is remembered: a table's numbers would drive those of callers out.
    """
    text = text.strip()
    if is_plain_e164(text) and text not in WITHHELD_SENTINELS:
        return text
    return _read_other(text, region).identity or text


def is_withheld(text: str) -> bool:
    """Tell whether a caller hid the number: a known word, a keypad sentinel or sip:anonymous@…."""
    lowered = text.strip().lower()
    if not lowered or lowered in WITHHELD_WORDS:
        return True
    if _PUNCTUATION.sub("", lowered) in WITHHELD_SENTINELS:
        return True
    sip = _SIP.fullmatch(lowered)
    user = _sip_user(sip).strip('"') if sip else None
    return user in WITHHELD_WORDS or user in WITHHELD_SENTINELS


def to_e164(text: str, region: str) -> str | None:
    """Return the E.164 form if the whole text is one possible number, else None.

    "Possible" is the length test of libphonenumber: number ranges open faster than metadata.
    """
    digits = _PUNCTUATION.sub("", text)
    if not _DIGITS.fullmatch(digits):
        return None
    if is_plain_e164(digits):
        return digits
    try:
        parsed = phonenumbers.parse(digits, region)
    except NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def is_sip_uri(text: str) -> bool:
    """Tell whether the text is a SIP or SIPS URI."""
    return _SIP.fullmatch(text.strip()) is not None


def normalise_sip_uri(text: str) -> str:
    """Lower-case a SIP URI's scheme and host; the user part is case-sensitive (RFC 3261 §19.1.4)."""
    sip = _SIP.fullmatch(text.strip())
    if sip is None:
        return text.strip()
    user = f"{sip['user']}@" if sip["user"] is not None else ""
    return f"{sip['scheme'].lower()}:{user}{sip['host'].lower()}"


@lru_cache(maxsize=REMEMBERED)
def number_key(text: str, region: str) -> str:
    """Return the natural key of one of our numbers: E.164, or the SIP URI, or the text itself."""
    if is_sip_uri(text):
        return normalise_sip_uri(text)
    return to_e164(text, region) or text.strip()


@lru_cache(maxsize=REMEMBERED)
def country_of(e164: str) -> str | None:
    """Return the ISO country of an E.164 number, None where it belongs to no single one or is no number."""
    plain = read_plain_e164(e164)
    if plain is not None:
        return _supported(plain[0])
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    except NumberParseException:
        return None
    return _supported(region)


def _supported(region: str | None) -> str | None:
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def is_country(code: str) -> bool:
    """Tell whether this is an ISO 3166 code that telephone numbers can belong to."""
    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=REMEMBERED)
def candidate_zones(e164: str) -> tuple[str, ...]:
    """Return the IANA zones the number may be in; empty where none is known."""
    zones = number_timezone.time_zones_for_number(phonenumbers.parse(e164))
    return tuple(zone for zone in zones if zone != number_timezone.UNKNOWN_TIMEZONE)


def _sip_user(sip: re.Match[str]) -> str:
    """Return the user part without parameters and password (RFC 3261 §19.1.1)."""
    return re.split(r"[;:]", sip["user"] or "", maxsplit=1)[0]


def _sip_number(sip: re.Match[str]) -> str | None:
    """A SIP user part counts as a number only when it is written in E.164."""
    user = _sip_user(sip)
    return to_e164(user, "ZZ") if user.startswith("+") else None
