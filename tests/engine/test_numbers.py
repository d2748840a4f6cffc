"""How written numbers are understood."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.timezone import (  # type: ignore[attr-defined]  # its stub forgets the data
    TIMEZONE_DATA,
    UNKNOWN_TIMEZONE,
)

from routing.engine.numbers import (
    WITHHELD_SENTINELS,
    WITHHELD_WORDS,
    NumberKind,
    candidate_zones,
    country_of,
    customer_identity,
    is_sip_uri,
    is_withheld,
    normalise_sip_uri,
    number_key,
    read_customer,
    read_number,
    to_e164,
)

E164, OTHER, WITHHELD, MISSING = NumberKind.E164, NumberKind.OTHER, NumberKind.WITHHELD, NumberKind.MISSING


@pytest.mark.parametrize(
    ("raw", "region", "kind", "identity", "country"),
    [
        ("+14155550123", "US", E164, "+14155550123", "US"),
        ("+14155550123", "GB", E164, "+14155550123", "US"),
        (" +1 (415) 555-0123 ", "US", E164, "+14155550123", "US"),
        ("(415) 555-0123", "US", E164, "+14155550123", "US"),
        ("1-415-555-0123", "US", E164, "+14155550123", "US"),
        ("14155550123", "US", E164, "+14155550123", "US"),
        ("020 7946 0123", "GB", E164, "+442079460123", "GB"),
        ("020 7946 0123", "US", OTHER, "020 7946 0123", None),
        ("00442079460123", "FR", E164, "+442079460123", "GB"),
        ("011442079460123", "US", E164, "+442079460123", "GB"),
        ("+16135550123", "US", E164, "+16135550123", "CA"),
        ("+17875550123", "US", E164, "+17875550123", "PR"),
        ("+77012345678", "US", E164, "+77012345678", "KZ"),
        ("+390612345678", "US", E164, "+390612345678", "IT"),
        ("+80012345678", "US", E164, "+80012345678", None),
        ("\u202a+14155550123\u202c", "US", E164, "+14155550123", "US"),
        ("+1415555012x", "US", OTHER, "+1415555012x", None),
        ("1-800-FLOWERS", "US", OTHER, "1-800-FLOWERS", None),
        ("+14155550123;ext=5", "US", OTHER, "+14155550123;ext=5", None),
        ("+1415555", "US", OTHER, "+1415555", None),
        ("+0123456789", "US", OTHER, "+0123456789", None),
        ("+", "US", OTHER, "+", None),
        ("++14155550123", "US", OTHER, "++14155550123", None),
        ("911", "US", OTHER, "911", None),
        ("12345", "DE", OTHER, "12345", None),
        ("5550123", "US", OTHER, "5550123", None),
        ("+١٤١٥٥٥٥٠١٢٣", "US", OTHER, "+١٤١٥٥٥٥٠١٢٣", None),
        ("tel:+14155550123", "US", OTHER, "tel:+14155550123", None),
        ("Front Desk", "US", OTHER, "Front Desk", None),
        ("sip:+14155550123@EXAMPLE.com", "US", E164, "+14155550123", "US"),
        ("sip:+14155550123:secret@example.com", "US", E164, "+14155550123", "US"),
        ("sip:4155550123@example.com", "US", OTHER, "sip:4155550123@example.com", None),
        ("sip:+1415x@example.com", "US", OTHER, "sip:+1415x@example.com", None),
        ("SIPS:Bob@EXAMPLE.com", "US", OTHER, "sips:Bob@example.com", None),
        ("sip:EXAMPLE.com", "US", OTHER, "sip:example.com", None),
        ("anonymous", "US", WITHHELD, "", None),
        ("+266696687", "US", WITHHELD, "", None),
        ("sip:anonymous@anonymous.invalid", "US", WITHHELD, "", None),
        ('sip:"Anonymous"@example.com', "US", WITHHELD, "", None),
        ("sip:anonymous@example.com:5060;transport=tcp", "US", WITHHELD, "", None),
    ],
    ids=repr,
)
def test_a_number_is_understood(raw: str, region: str, kind: NumberKind, identity: str, country: str | None) -> None:
    number = read_number(raw, region)

    assert (number.raw, number.kind, number.identity, number.country) == (raw, kind, identity, country)
    assert number.e164 == (identity if kind is E164 else None)


@pytest.mark.parametrize("raw", [None, "", "  "])
def test_no_number_is_withheld_inbound_and_missing_elsewhere(raw: str | None) -> None:
    assert read_customer(raw, "US", inbound=True).kind is WITHHELD
    assert read_customer(raw, "US", inbound=False).kind is MISSING


@pytest.mark.parametrize("word", sorted(WITHHELD_WORDS | WITHHELD_SENTINELS))
def test_hidden_numbers_are_known_in_every_writing(word: str) -> None:
    assert is_withheld(word)
    assert is_withheld(f" {word.upper()}\n")
    assert is_withheld(f"sip:{word}@carrier.example")
    assert not is_withheld(f"{word}0")


@pytest.mark.parametrize(
    ("text", "region", "identity"),
    [
        ("+1 415 555 0123", "US", "+14155550123"),
        ("(415) 555-0123", "US", "+14155550123"),
        ("sip:+14155550123@x.com", "US", "+14155550123"),
        (" Front Desk ", "US", "Front Desk"),
        ("anonymous", "US", "anonymous"),
    ],
)
def test_a_customer_is_compared_by_one_form(text: str, region: str, identity: str) -> None:
    assert customer_identity(text, region) == identity


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+1 202 555 0111", "+12025550111"),
        ("(202) 555-0111", "+12025550111"),
        ("sip:+12025550111@EXAMPLE.com", "sip:+12025550111@example.com"),
        (" whatever ", "whatever"),
    ],
)
def test_a_number_of_ours_has_one_key(text: str, key: str) -> None:
    assert number_key(text, "US") == key


def test_only_sip_uris_are_sip_uris() -> None:
    assert [is_sip_uri(text) for text in ("sip:a@b", " SIPS:a@b ", "sip:b", "a@b", "sip:", "tel:+1")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert normalise_sip_uri(" Front Desk ") == "Front Desk"


@pytest.mark.parametrize("text", ["", "+", "+foo", "abc", "+999"])
def test_what_is_no_number_has_no_country(text: str) -> None:
    assert country_of(text) is None


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+12125550123", ("America/New_York",)),
        ("+12085551234", ("America/Boise", "America/Los_Angeles")),
        ("+80012345678", ()),
        ("+521555123456", ()),
    ],
)
def test_the_zones_a_number_may_be_in(number: str, zones: tuple[str, ...]) -> None:
    assert candidate_zones(number) == zones


def test_a_toll_free_number_may_be_anywhere_in_its_countries() -> None:
    assert len(candidate_zones("+18005550123")) > 20


def test_every_zone_of_the_numbering_plans_is_known_here() -> None:
    names = {zone for zones in TIMEZONE_DATA.values() for zone in zones} - {UNKNOWN_TIMEZONE}

    assert {ZoneInfo(name).key for name in names} == names


@settings(deadline=None)  # the first number of a country loads its plan
@given(
    st.text(max_size=30) | st.from_regex(r"\+?[0-9 ().x-]{1,25}", fullmatch=True), st.sampled_from(["US", "GB", "ZZ"])
)
def test_reading_never_fails_and_is_stable(raw: str, region: str) -> None:
    number = read_customer(raw, region, inbound=True)

    assert (number.kind is WITHHELD) == (number.identity == "")
    if number.kind is E164:
        assert to_e164(number.identity, "ZZ") == number.identity
        assert read_number(number.identity, "ZZ").country == number.country
    elif number.kind is OTHER:
        assert read_number(number.identity, region).identity == number.identity
