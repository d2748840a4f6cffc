"""The pages of schedules: list, form, live preview, and exceptions that move together."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from routing.models import Schedule, ScheduleException
from tests.admin.conftest import allow, client_of

PREVIEW = "/admin/schedule-preview/"
TUESDAY = datetime(2026, 11, 24, 19, 5, tzinfo=UTC)  # 14:05 in New York

Form = Mapping[str, Any]


@pytest.fixture
def client(world: dict[str, Any], admin: User) -> Iterator[Client]:
    """Log in at the hour of the tests, and let it be that hour until they end: a log-in lasts twelve hours."""
    with time_machine.travel(TUESDAY, tick=False):
        yield client_of(admin)


@pytest.fixture
def office(world: dict[str, Any]) -> Schedule:
    row: Schedule = Schedule.objects.get(key="office")
    return row


def lines(*rows: Form, stored: int = 0) -> dict[str, Any]:
    """Return the posted fields of these exceptions."""
    fields = {f"exceptions-{place}-{name}": value for place, row in enumerate(rows) for name, value in row.items()}
    return {"exceptions-TOTAL_FORMS": len(rows), "exceptions-INITIAL_FORMS": stored, **fields}


def hours(*rows: Form, stored: int = 0, **fields: Any) -> dict[str, Any]:
    """Return the posted fields of an office in New York."""
    usual = {
        "name": "Office hours",
        "opening_hours": "Mo-Fr 09:00-17:00; PH off",
        "timezone": "America/New_York",
        "country": "US",
    }
    return usual | fields | lines(*rows, stored=stored)


def ask(client: Client, form: Form) -> dict[str, Any]:
    response = client.post(PREVIEW, form)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def test_the_list_says_what_is_open_now_and_who_uses_it(client: Client, office: Schedule) -> None:
    Schedule.objects.create(name="Callers", opening_hours="24/7", timezone="customer")
    Schedule.objects.create(name="Broken", opening_hours="sometimes", timezone="UTC")

    page = client.get(reverse("admin:routing_schedule_changelist")).content.decode()

    assert "open until 17:00" in page
    assert "depends on the customer" in page
    assert "has faults" in page
    assert f'?schedule__id__exact={office.pk}">1 rule</a>' in page


def test_the_link_of_a_schedule_leads_to_its_rules(client: Client, office: Schedule) -> None:
    page = client.get(reverse("admin:routing_rule_changelist"), {"schedule__id__exact": office.pk}).content.decode()

    assert "Outside office hours" in page
    assert "Mexican callers" not in page


def test_the_form_shows_the_preview_without_a_script(client: Client, office: Schedule) -> None:
    page = client.get(reverse("admin:routing_schedule_change", args=[office.pk])).content.decode()

    assert "There it is now <b>Tue 14:05</b> (America/New_York): <b>open until 17:00</b>" in " ".join(page.split())
    assert "Thu 26 Nov 2026" in page
    assert "Christmas Eve" in page


def test_a_new_schedule_says_what_to_do_first(client: Client) -> None:
    page = client.get(reverse("admin:routing_schedule_add")).content.decode()

    assert "Choose a time zone and draw the hours" in page


def test_the_preview_is_of_the_form_and_nothing_is_saved(client: Client, office: Schedule) -> None:
    fair = {"starts_on": "2026-11-25", "hours": "10:00-20:00", "note": "Fair <1>"}

    answer = ask(client, hours(fair, opening_hours="Mo-Fr 08:00-13:00,14:00-18:00; PH off"))

    assert answer["status"] == "open until 18:00"
    assert "10:00-20:00" in answer["html"]
    assert "Fair &lt;1&gt;" in answer["html"]
    assert answer["errors"] == {}
    assert answer["week"]["days"][0] == [["08:00", "13:00"], ["14:00", "18:00"]]
    assert answer["week"]["holidays"] == "off"
    office.refresh_from_db()
    assert (office.opening_hours, office.exceptions.count()) == ("Mo-Fr 09:00-17:00; PH off", 1)


EVE = {"starts_on": "2026-12-24", "ends_on": "2026-12-26", "closed": "on"}
FAULTS: dict[str, tuple[Form, str, str]] = {
    "unreadable": (hours(opening_hours="Mo-Fr 9 to 5"), "opening_hours", "at character 7"),
    "country without use": (hours(opening_hours="Mo-Fr 09:00-17:00"), "opening_hours", "add ; PH off"),
    "holidays of nowhere": (hours(country=""), "country", "PH needs a country"),
    "no such zone": (hours(timezone="Mars"), "timezone", "not an IANA time zone"),
    "hours of a line": (hours({"starts_on": "2026-12-24", "hours": "noon"}), "exceptions-0-hours", "not hours"),
    "two effects": (hours({**EVE, "hours": "09:00-10:00"}), "exceptions-0-hours", "exclude each other"),
    "backwards": (hours({**EVE, "ends_on": "2026-12-23"}), "exceptions-0-ends_on", "before"),
    "overlap": (hours(EVE, {**EVE, "starts_on": "2026-12-25"}), "exceptions-1-starts_on", "24 Dec 2026 to 26 Dec 2026"),
}


@pytest.mark.parametrize(("form", "field", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_at_its_field(form: Form, field: str, message: str, client: Client) -> None:
    answer = ask(client, form)

    assert list(answer["errors"]) == [field]
    assert message in answer["errors"][field][0]


UNFINISHED: dict[str, Form] = {
    "nothing yet": hours(opening_hours="", timezone="", country=""),
    "a line without a day": hours({"starts_on": "", "hours": "09:00"}),
    "a line to be removed": hours(EVE, {**EVE, "DELETE": "on"}),
    "no lines at all": {"opening_hours": "24/7", "timezone": "UTC", "country": ""},
    "a wrong count": hours() | {"exceptions-TOTAL_FORMS": "many"},
}


@pytest.mark.parametrize("form", UNFINISHED.values(), ids=UNFINISHED)
def test_what_is_not_finished_is_no_fault(form: Form, client: Client) -> None:
    assert ask(client, form)["errors"] == {}


def test_what_the_grid_cannot_show_is_said_and_still_pictured(client: Client) -> None:
    answer = ask(client, hours(opening_hours="Nov Mo-Fr 10:00-16:00; PH off"))

    assert answer["week"] is None
    assert "it has months or dates" in answer["note"]
    assert "10:00-16:00" in answer["html"]


@pytest.mark.parametrize(
    ("month", "shown"),
    [("2027-03", "March 2027"), ("", "November 2026"), ("soon", "November 2026"), ("2027-13", "November 2026")],
)
def test_months_can_be_turned(month: str, shown: str, client: Client) -> None:
    html = ask(client, hours() | {"month": month})["html"]

    assert f"<caption>{shown}</caption>" in html
    assert ("Clocks go forward from 02:00 to 03:00" in html) is (shown == "March 2027")


def test_the_text_says_what_nights_and_customers_time_mean(client: Client) -> None:
    night = ask(client, hours(opening_hours="Mo-Fr 22:00-06:00; PH off"))["html"]
    callers = ask(client, hours(timezone="customer"))["html"]

    cut = ask(client, hours(opening_hours="Mo-Fr 22:00-06:00; Sa 10:00-14:00; PH off"))["html"]
    assert "the early hours after a closed day are open" in night
    assert "It closes at midnight after Friday" in cut
    assert "closes at midnight" not in night
    assert "the early hours after a closed day are open" not in callers
    assert "For +34912345678 it is now" in callers


@pytest.mark.parametrize(
    ("permission", "status"), [("view_schedule", 200), ("change_schedule", 200), ("view_rule", 403)]
)
def test_the_preview_asks_for_its_own_permission(
    permission: str, status: int, world: dict[str, Any], staff: User
) -> None:
    assert client_of(allow(staff, permission)).post(PREVIEW, hours()).status_code == status


def test_the_preview_is_for_staff_and_never_read_by_address(client: Client) -> None:
    assert Client().post(PREVIEW, hours()).status_code == 302
    assert client.get(PREVIEW).status_code == 405


def test_who_may_only_look_sees_the_preview(office: Schedule, staff: User) -> None:
    page = client_of(allow(staff, "view_schedule")).get(reverse("admin:routing_schedule_change", args=[office.pk]))

    assert "There it is now" in page.content.decode()


def stored(office: Schedule, *days: int) -> list[dict[str, Any]]:
    """Replace the office's exceptions by one for each of these days of December; return their posted fields."""
    office.exceptions.all().delete()
    rows = [
        ScheduleException.objects.create(
            schedule=office, starts_on=date(2026, 12, day), ends_on=date(2026, 12, day), closed=True, note=str(day)
        )
        for day in days
    ]
    return [
        {"id": row.pk, "schedule": office.pk, "starts_on": row.starts_on, "closed": "on", "note": row.note}
        for row in rows
    ]


def moved(row: dict[str, Any], day: int) -> dict[str, Any]:
    return row | {"starts_on": f"2026-12-{day}", "ends_on": f"2026-12-{day}"}


@pytest.mark.parametrize(
    ("days", "removed"),
    [((25, 26, 27), ()), ((23, 24, 25), ()), ((25, 24, 26), ()), ((25, 26, 31), (1,))],
    ids=["each a day later", "each a day earlier", "two exchanged", "one onto a removed one"],
)
def test_exceptions_move_together_in_one_save(
    days: tuple[int, ...], removed: tuple[int, ...], client: Client, office: Schedule
) -> None:
    rows = [moved(row, day) for row, day in zip(stored(office, 24, 25, 26), days, strict=True)]
    for place in removed:
        rows[place]["DELETE"] = "on"

    response = client.post(reverse("admin:routing_schedule_change", args=[office.pk]), hours(*rows, stored=3))

    assert response.status_code == 302, response.context["errors"]
    kept = {
        str(note): day for place, (note, day) in enumerate(zip((24, 25, 26), days, strict=True)) if place not in removed
    }
    assert {row.note: row.starts_on.day for row in office.exceptions.all()} == kept  # fmt: skip


def test_an_exception_moved_onto_another_is_told_at_its_line(client: Client, office: Schedule) -> None:
    first, second = stored(office, 24, 25)

    response = client.post(
        reverse("admin:routing_schedule_change", args=[office.pk]), hours(moved(first, 25), second, stored=2)
    )

    errors = response.context["inline_admin_formsets"][0].formset.errors
    assert errors[0] == {}
    assert "overlap with the exception of 25 Dec 2026" in errors[1]["starts_on"][0]
