"""The emergency page: one form switches, one button ends, and nobody without the permission does either."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from routing.engine.context import Channel, Context
from routing.models import EmergencySwitch, OurNumber, Target
from routing.services.decide import decide
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
PAGE = "/admin/emergency/"
ROWS = "/admin/routing/emergencyswitch/"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


def form(**typed: Any) -> dict[str, Any]:
    return {"target": Target.objects.get(key="desk").pk, "lasts": "60", "reason": "Fire alarm"} | typed


def running() -> list[EmergencySwitch]:
    return list(EmergencySwitch.running(NOW))


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ({"lasts": "30"}, "2026-03-02T15:30:00+00:00"),
        ({"lasts": "480"}, "2026-03-02T23:00:00+00:00"),
        ({"lasts": "today"}, "2026-03-03T00:00:00+00:00"),
        ({"lasts": "other", "until": "2026-03-04T09:15"}, "2026-03-04T09:15:00+00:00"),
        ({"lasts": "60", "until": "2020-01-01T00:00"}, "2026-03-02T16:00:00+00:00"),
        ({"lasts": "60", "until": "nonsense"}, "2026-03-02T16:00:00+00:00"),
    ],
    ids=["minutes", "hours", "midnight", "typed", "an old time left behind", "nonsense left behind"],
)
def test_a_switch_is_on_until_the_chosen_end(typed: dict[str, str], until: str, client: Client, admin: User) -> None:
    response = client.post(PAGE, form(**typed), follow=True)

    [switch] = running()
    assert switch.until == datetime.fromisoformat(until)
    assert (switch.author, switch.reason, str(switch.target)) == (admin, "Fire alarm", "Front desk")
    assert "The emergency switch is on" in response.content.decode()
    assert LogEntry.objects.latest("pk").change_message == "Switched on: Fire alarm"


def test_midnight_is_that_of_the_staffs_time_zone(client: Client, settings: Any) -> None:
    settings.TIME_ZONE = "America/New_York"

    client.post(PAGE, form(lasts="today"))

    assert running()[0].until == datetime.fromisoformat("2026-03-03T05:00:00+00:00")


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no effect": ({"target": ""}, "Choose who takes inbound calls, or pause outbound calls"),
    "no reason": ({"reason": " "}, "Say why"),
    "no duration": ({"lasts": ""}, "This field is required"),
    "no end": ({"lasts": "other"}, "Say when the switch ends"),
    "in the past": ({"lasts": "other", "until": "2026-03-02T14:59"}, "in the past"),
    "too long": ({"lasts": "other", "until": "2026-03-10T15:00"}, "At most 7 days"),
}


@pytest.mark.parametrize(("typed", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_switches_nothing_and_is_told(typed: dict[str, Any], message: str, client: Client) -> None:
    response = client.post(PAGE, form(**typed))

    assert message in response.content.decode()
    assert not running()


@pytest.mark.parametrize("key", ["resting", "espanol"])
def test_a_target_that_cannot_take_calls_is_not_offered(key: str, client: Client) -> None:
    Target.objects.filter(key="espanol").update(missing_since=NOW)

    response = client.post(PAGE, form(target=Target.objects.get(key=key).pk))

    assert "Select a valid choice" in response.content.decode()
    assert not running()


def test_the_switch_decides_calls_and_its_end_gives_them_back_to_the_rules(client: Client) -> None:
    main, spring = (OurNumber.objects.get(number=f"+1202555011{digit}") for digit in "12")

    def who(number: OurNumber) -> str:
        call = Context(channel=Channel.INBOUND, at=NOW, customer="+12125550123", our_number=number.number)
        return decide(call).decision.target.key

    client.post(PAGE, form(our_numbers=[main.pk]))
    during = who(main), who(spring)
    [switch] = running()
    response = client.post(PAGE, {"end": switch.pk}, follow=True)

    assert during[0] == "desk"
    assert during[1] != "desk" or who(spring) == during[1]
    assert who(main) == "reception"
    assert not running()
    assert "has ended" in response.content.decode()
    assert "had ended already" in client.post(PAGE, {"end": switch.pk}, follow=True).content.decode()


def test_the_page_tells_what_is_on(client: Client) -> None:
    client.post(PAGE, form(pauses_outbound="on", our_numbers=[OurNumber.objects.get(name="Main line").pk]))

    text = client.get(PAGE).content.decode()

    assert "Inbound calls to Main line go to Front desk and no outbound calls are placed" in text
    assert "Mon 2 Mar, 16:00" in text
    assert "Why: Fire alarm." in text


@pytest.mark.parametrize("end", ["999", "x", ""])
def test_an_unknown_switch_is_not_found(end: str, client: Client) -> None:
    assert client.post(PAGE, {"end": end}).status_code == 404


@pytest.mark.parametrize(
    ("permissions", "statuses"),
    [
        ((), (403, 403, 403)),
        (("view_emergencyswitch",), (200, 403, 403)),
        (("view_emergencyswitch", "add_emergencyswitch"), (200, 302, 403)),
        (("view_emergencyswitch", "change_emergencyswitch"), (200, 403, 302)),
    ],
    ids=["none", "viewer", "may switch on", "may end"],
)
def test_looking_switching_and_ending_are_three_permissions(
    permissions: tuple[str, ...], statuses: tuple[int, ...], client: Client, staff: User
) -> None:
    client.post(PAGE, form())
    user = client_of(allow(staff, *permissions))

    answers = user.get(PAGE), user.post(PAGE, form()), user.post(PAGE, {"end": running()[-1].pk})

    assert tuple(answer.status_code for answer in answers) == statuses


def test_what_was_switched_can_be_ended_from_the_list_but_never_removed(client: Client) -> None:
    client.post(PAGE, form())
    [switch] = running()
    rows = reverse("admin:routing_emergencyswitch_changelist")

    ended = client.post(rows, {"action": "end_now", "_selected_action": [switch.pk]}, follow=True)

    assert "Ended: 1." in ended.content.decode()
    assert not running()
    assert client.get(reverse("admin:routing_emergencyswitch_delete", args=[switch.pk])).status_code == 403
    assert f'href="{PAGE}"' in client.get(rows).content.decode()


def test_every_page_says_that_it_is_on(client: Client, staff: User) -> None:
    client.post(PAGE, form())
    text = "Emergency: Inbound calls go to Front desk, until Mon 02 Mar 16:00 (UTC): Fire alarm"

    pages = [
        client.get(address).content.decode() for address in ("/admin/", "/admin/routing/rule/", "/admin/simulator/")
    ]

    assert all(text in page for page in pages)
    assert "Change or end" in pages[0]
    assert "Change or end" not in client_of(staff).get("/admin/").content.decode()
    client.post(PAGE, {"end": running()[0].pk})
    assert text not in client.get("/admin/").content.decode()


def test_times_are_those_of_the_staffs_time_zone(client: Client, settings: Any) -> None:
    settings.TIME_ZONE = "America/New_York"

    switched = client.post(PAGE, form(), follow=True).content.decode()

    assert "The emergency switch is on: Front desk until 2026-03-02 11:00." in switched
    assert "2 Mar 2026, 11:00" in client.get(ROWS).content.decode()


def test_a_button_pressed_twice_switches_once(client: Client) -> None:
    main = OurNumber.objects.get(name="Main line").pk

    client.post(PAGE, form())
    again = client.post(PAGE, form(), follow=True)
    client.post(PAGE, form(our_numbers=[main]))
    client.post(PAGE, form(our_numbers=[main]))
    client.post(PAGE, form(reason="Flood"))

    assert "The emergency switch is on" in again.content.decode()
    assert [switch.reason for switch in running()] == ["Flood", "Fire alarm", "Fire alarm"]


def test_the_same_is_switched_on_again_once_it_was_ended(client: Client) -> None:
    client.post(PAGE, form())
    client.post(PAGE, {"end": running()[0].pk})

    client.post(PAGE, form())

    assert len(running()) == 1


def test_history_tells_who_ended_it_and_when_also_from_the_list(client: Client, admin: User) -> None:
    client.post(PAGE, form())
    [switch] = running()

    with time_machine.travel(datetime.fromisoformat("2026-03-02T15:20:00+00:00"), tick=False):
        client.post(ROWS, {"action": "end_now", "_selected_action": [switch.pk]})
    newest = LogEntry.objects.latest("pk")

    assert (newest.change_message, newest.user) == ("Ended early.", admin)
    assert "2 Mar 2026, 15:20 (ended early)" in client.get(ROWS).content.decode()


def test_a_switch_keeps_its_reason(client: Client) -> None:
    client.post(PAGE, form())
    [switch] = running()
    page = reverse("admin:routing_emergencyswitch_change", args=[switch.pk])
    typed = {"target": switch.target_id, "until_0": "2026-03-02", "until_1": "16:30", "reason": " "}

    response = client.post(page, typed)

    assert "Say why" in response.content.decode()
    assert running()[0].reason == "Fire alarm"


def test_who_may_only_look_is_not_told_to_change_it(client: Client, staff: User) -> None:
    client.post(PAGE, form())

    page = client_of(allow(staff, "view_emergencyswitch")).get("/admin/").content.decode()

    assert "Change or end" not in page
    assert "Details" in page


def test_what_an_empty_target_means_is_said_in_words(client: Client) -> None:
    assert "Leave inbound calls to the rules" in client.get(PAGE).content.decode()
