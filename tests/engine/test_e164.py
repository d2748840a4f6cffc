"""Numbers read by their shape are read as the parser reads them."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneNumberFormat

from routing.engine.e164 import read_plain_e164
from routing.engine.numbers import NumberKind, read_number

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
EXAMPLES = [
    phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for region in sorted(SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number(region)) is not None
]


def parse(text: str) -> tuple[str, str | None] | None:
    """Return what the library's parser makes of a text: its E.164 form and country, None for no possible number."""
    try:
        parsed = phonenumbers.parse(text, "ZZ")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164), phonenumbers.region_code_for_number(parsed)


@given(code=st.sampled_from(CODES), rest=st.text("0123456789", min_size=3, max_size=13))
@example(code=1, rest="4155550100")
@example(code=44, rest="2079460000")
def test_any_digits_are_read_as_the_parser_reads_them(code: int, rest: str) -> None:
    text = f"+{code}{rest}"
    plain = read_plain_e164(text)

    if plain is not None:
        assert (text, plain[0]) == parse(text)


def test_the_example_of_almost_every_country_is_plain() -> None:
    """Argentina's looks as if it began with a national prefix."""
    read = {text: read_plain_e164(text) for text in EXAMPLES}

    wrong = {
        text: plain
        for text, plain in read.items()
        if plain is not None and plain[0] != phonenumbers.region_code_for_number(phonenumbers.parse(text))
    }

    assert not wrong
    assert len([plain for plain in read.values() if plain is None]) < 5


# What only looks like E.164, or is written with a national prefix, must reach the parser.
LEFT = {
    "a national prefix within": "+4402079460000",
    "a one too many": "+114155550100",
    "too short": "+1415555010",
    "too long": "+141555501000",
    "no country": "+80012345678",
    "no code": "+2101234567",
    "words": "anonymous",
    "spaces": "+1 415 555 0100",
    "other digits": "+1415555010\u0660",
    "no plus": "14155550100",
    "a line more": "+14155550100\n",
}


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_whatever_is_unusual_is_left_to_the_parser(text: str) -> None:
    assert read_plain_e164(text) is None


@pytest.mark.parametrize("text", ["+266696687", "+7378742833", "+86282452253"])
def test_a_keypad_word_is_withheld_though_it_has_the_shape(text: str) -> None:
    assert read_number(text, "US").kind is NumberKind.WITHHELD
