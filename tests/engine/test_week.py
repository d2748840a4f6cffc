"""Which texts a week grid can show, and that it shows what calls will be judged by."""

import pytest

from routing.engine.week import NotAWeek, read_week

OFFICE = [["09:00-17:00"]] * 5 + [[], []]
NIGHTS = [["22:00-06:00"]] * 5 + [[], []]


@pytest.mark.parametrize(
    ("text", "days", "holidays"),
    [
        ("Mo-Fr 09:00-17:00", OFFICE, ""),
        ("mo-fr 09:00-17:00 ; ph OFF", OFFICE, "off"),
        ("Mo-Fr 09:00-17:00, PH closed", OFFICE, "off"),
        ("Mo-Fr 09:00-17:00; PH 10:00-12:00, 13:00-14:00", OFFICE, "10:00-12:00,13:00-14:00"),
        ("Mo-Sa 09:00-17:00; Sa off", OFFICE, ""),
        ("Mo-Fr 22:00-06:00", NIGHTS, ""),
        ("Mo-Fr 22:00-30:00", NIGHTS, ""),
        ("24/7", [["00:00-24:00"]] * 7, ""),
        ("Mo-Su 00:00-24:00", [["00:00-24:00"]] * 7, ""),
        ("off", [[]] * 7, ""),
        ("", [[]] * 7, ""),
        ("PH off", [[]] * 7, "off"),
        # Behind a semicolon Saturday's own hours end Friday's night; behind a comma they do not.
        ("Mo-Fr 22:00-06:00; Sa 10:00-14:00", [*NIGHTS[:4], ["22:00-24:00"], ["10:00-14:00"], []], ""),
        ("Mo-Fr 22:00-06:00, Sa 10:00-14:00", [*NIGHTS[:5], ["10:00-14:00"], []], ""),
        ("Su 22:00-06:00", [[]] * 6 + [["22:00-06:00"]], ""),
        ("Fr 18:00-24:00; Sa 00:00-20:00", [[]] * 4 + [["18:00-24:00"], ["00:00-20:00"], []], ""),
        ("Mo 10:00-10:00", [["10:00-10:00"]] + [[]] * 6, ""),
    ],
)
def test_a_text_of_days_and_times_is_a_week(text: str, days: list[list[str]], holidays: str) -> None:
    week = read_week(text)

    assert [["-".join(ends) for ends in day] for day in week.days] == days
    assert week.holidays == holidays


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Jan-Mar Mo-Fr 09:00-17:00", "months or dates"),
        ("2026 Dec 24 09:00-12:00", "months or dates"),
        ("week 01-20 Mo-Fr 09:00-17:00", "weeks of the year"),
        ("Mo[1] 09:00-17:00; PH off", "weeks of the month"),
        ('Mo-Fr 09:00-17:00 "by appointment"', "a comment"),
        ("Mo-Fr 09:00-17:00 || 10:00-12:00", "a fallback"),
        ("Mo-Fr,PH 09:00-17:00", "public holidays among the weekdays"),
        ("PH off; Mo-Fr 09:00-17:00", "public holidays among the weekdays"),
        ("Mo-Fr 09:00+", "more than weekdays and hours"),
        ("Mo-Fr 9 to 5", "^$"),
    ],
)
def test_what_says_more_names_what_the_grid_cannot_show(text: str, why: str) -> None:
    with pytest.raises(NotAWeek, match=why):
        read_week(text)
