"""The hours at which a rule's conditions on time hold, by the wall clock."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from routing.engine.table import CampaignSpec, ScheduleSpec, Table, When
from routing.services.rule_week import Bar, read_week

NEW_YORK = "America/New_York"
ALL_DAY = ((0, 1440),)
OFFICE = ((540, 1027),)
TABLE = Table(
    schedules=(
        ScheduleSpec(
            key="office", name="Office", opening_hours="Mo-Fr 09:00-17:07; PH off", timezone=NEW_YORK, country="US"
        ),
        ScheduleSpec(key="night", name="Night", opening_hours="Fr 22:00-06:00", timezone=NEW_YORK),
        ScheduleSpec(key="theirs", name="Theirs", opening_hours="Mo-Su 08:00-20:00", timezone="customer"),
        ScheduleSpec(key="broken", name="Broken", opening_hours="nine to five", timezone=NEW_YORK),
    ),
    campaigns=(
        CampaignSpec(slug="always", name="Always"),
        CampaignSpec(slug="two-days", name="Two days", starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 25),
                     timezone=NEW_YORK),
        CampaignSpec(slug="over", name="Over", ends_on=date(2026, 1, 1), timezone=NEW_YORK),
    ),
)  # fmt: skip
SUNDAY = datetime(2026, 11, 22, 23, tzinfo=UTC)  # 18:00 in New York; Thursday is Thanksgiving
FROM_TUESDAY = When(valid_from=date(2026, 11, 24), timezone=NEW_YORK)

WEEKS: dict[str, tuple[When, list[tuple[Bar, ...]]]] = {
    "open": (When(schedule="office"), [(), OFFICE, OFFICE, OFFICE, (), OFFICE, ()]),
    "closed": (
        When(schedule="office", schedule_is_open=False),
        [ALL_DAY, *[((0, 540), (1027, 1440))] * 3, ALL_DAY, ((0, 540), (1027, 1440)), ALL_DAY],
    ),
    "over midnight": (When(schedule="night"), [(), (), (), (), (), ((1320, 1440),), ((0, 360),)]),
    "from a day on": (FROM_TUESDAY, [(), (), *[ALL_DAY] * 5]),
    "from a day on, open": (replace(FROM_TUESDAY, schedule="office"), [(), (), OFFICE, OFFICE, (), OFFICE, ()]),
    "until a day": (
        When(valid_until=date(2026, 11, 23), timezone=NEW_YORK),
        [ALL_DAY, ALL_DAY, (), (), (), (), ()],
    ),
    "campaign": (When(campaigns=("two-days",)), [(), (), ALL_DAY, ALL_DAY, (), (), ()]),
    "one of two campaigns": (When(campaigns=("two-days", "over")), [(), (), ALL_DAY, ALL_DAY, (), (), ()]),
    "campaign that is over": (When(campaigns=("over",)), [()] * 7),
    "on customers' clocks": (When(schedule="theirs"), [((480, 1200),)] * 7),
}


@pytest.mark.parametrize(("when", "bars"), WEEKS.values(), ids=WEEKS)
def test_bars_show_when_the_conditions_hold(when: When, bars: list[tuple[Bar, ...]]) -> None:
    week = read_week(when, TABLE, now=SUNDAY, zone="Pacific/Auckland")

    assert [day.bars for day in week.days] == bars
    assert week.is_never == (not any(bars))
    assert week.follows_customer == (when.schedule == "theirs")


def test_bars_of_conditions_in_other_zones_are_cut_at_the_days_of_the_schedule() -> None:
    # Tuesday begins in Auckland at 06:00 of New York's Monday.
    when = When(schedule="office", valid_from=date(2026, 11, 24), valid_until=date(2026, 11, 24),
                timezone="Pacific/Auckland", schedule_is_open=False)  # fmt: skip

    week = read_week(when, TABLE, now=SUNDAY, zone="UTC")

    assert week.zone == NEW_YORK
    assert [day.bars for day in week.days[:4]] == [(), ((360, 540), (1027, 1440)), ((0, 360),), ()]


ANY_TIME: dict[str, When] = {
    "no condition": When(),
    "others": When(customer=("US",), numbers=("+12025550111",)),
    "campaign without dates": When(campaigns=("over", "always")),
    "schedule that is broken": When(schedule="broken"),
    "schedule that is gone": When(schedule="gone"),
}


@pytest.mark.parametrize("when", ANY_TIME.values(), ids=ANY_TIME)
def test_nothing_is_drawn_where_nothing_depends_on_time(when: When) -> None:
    assert read_week(when, TABLE, now=SUNDAY, zone="UTC").days == ()


CHANGES: dict[str, tuple[datetime, tuple[Bar, ...]]] = {
    "autumn: the hour that comes twice": (datetime(2026, 11, 1, 5, tzinfo=UTC), ((90, 150),)),
    "spring: the hour that does not come": (datetime(2026, 3, 8, 5, tzinfo=UTC), ((90, 120),)),
}


@pytest.mark.parametrize(("now", "bars"), CHANGES.values(), ids=CHANGES)
def test_bars_follow_the_wall_clock_when_it_changes(now: datetime, bars: tuple[Bar, ...]) -> None:
    early = ScheduleSpec(key="early", name="Early", opening_hours="Mo-Su 01:30-02:30", timezone=NEW_YORK)

    week = read_week(When(schedule="early"), Table(schedules=(early,)), now=now, zone="UTC")

    assert week.days[0].bars == bars
