"""The page that synchronises with Vapi, the list of what is there, and what becomes of it."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Response

from routing.models import OurNumber, SyncRun, SyncState, Target, VapiKind, VapiObject
from routing.services.sync_run import SILENT, begin_run
from tests.admin.conftest import allow, client_of
from tests.vapi.vapi_lists import SECRETS, VapiLists, row

PAGE, STATE, CHOICES = "/admin/sync/", "/admin/sync/state/", "/admin/sync/choices/"
FOUND = "/admin/routing/vapiobject/"


@pytest.fixture
def client(admin: User) -> Client:
    return client_of(admin)


def thing(place: int, kind: str = VapiKind.ASSISTANT, **columns: Any) -> VapiObject:
    known: dict[str, Any] = {"name": f"Thing {place}", "vapi_id": f"id-{place:04d}"}
    return VapiObject.objects.create(kind=kind, **known | columns)


def follow(client: Client) -> dict[str, Any]:
    """Ask for the state, as the page does, until the run has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state: dict[str, Any] = client.get(STATE).json()
        if not state["running"]:
            return state
        time.sleep(0.02)
    raise AssertionError("the run does not end")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.django_db(transaction=True)
def test_a_click_synchronises_in_the_background(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.ROUTING_DATA_DIR = tmp_path

    response = client.post(PAGE, {"start": "1"})

    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert follow(client)["message"].startswith("Sandbox: this is made up, because VAPI_API_KEY is not set. There are:")
    run = SyncRun.objects.get()
    assert (run.state, str(run.author), run.is_full) == ("done", "boss", True)
    page = text_of(client.get(PAGE))
    assert "Started by boss." in page
    assert "Synchronised" in page


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_told_in_words(client: Client, settings: Settings, httpserver: HTTPServer) -> None:
    vapi = VapiLists(faults={0: Response('{"message": "Invalid Key."}', 401)})
    settings.VAPI_BASE_URL, settings.VAPI_API_KEY = vapi.serve(httpserver), "wrong"

    client.post(PAGE)

    assert follow(client)["state"] == "failed"
    page = text_of(client.get(PAGE))
    assert "The last synchronisation failed" in page
    assert "VAPI_API_KEY was refused: GET /assistant needs the organisation&#x27;s private key" in page
    assert "mark them missing" not in page


@pytest.mark.django_db(transaction=True)
def test_a_doubt_is_confirmed_with_a_button(client: Client, settings: Settings, httpserver: HTTPServer) -> None:
    settings.VAPI_BASE_URL, settings.VAPI_API_KEY = VapiLists().serve(httpserver), "right"
    Target.objects.create(name="Reception", kind="assistant", vapi_id="gone")
    client.post(PAGE)
    follow(client)
    page = text_of(client.get(PAGE))
    assert "They really are gone: mark them missing" in page
    assert "Used here, and missing at Vapi" not in page

    client.post(PAGE, {"confirm": "1"})

    assert follow(client)["state"] == "done"
    assert "Reception</a>: missing since" in text_of(client.get(PAGE))


@pytest.mark.django_db
def test_the_page_invites_whoever_never_synchronised(client: Client) -> None:
    page = text_of(client.get(PAGE))

    assert "Nothing has been synchronised yet" in page
    assert client.get(STATE).json() == {"state": "none", "running": False, "seen": 0, "message": ""}


@pytest.mark.django_db
def test_a_second_click_tells_who_is_at_it(client: Client, staff: User) -> None:
    begin_run(author=staff, full=True, now=timezone.now())

    page = text_of(client.post(PAGE, follow=True))

    assert "A synchronisation started by clerk has been running since" in page
    assert 'name="start"' not in page
    assert SyncRun.objects.count() == 1


@pytest.mark.django_db
def test_a_run_whose_process_died_does_not_block_the_page(client: Client) -> None:
    begin_run(author=None, full=True, now=timezone.now() - SILENT - timedelta(seconds=1))

    page = text_of(client.get(PAGE))

    assert "The last synchronisation stopped without an end" in page
    assert 'name="start"' in page
    assert client.get(STATE).json()["running"] is False


@pytest.mark.django_db
def test_the_page_names_what_is_used_and_missing(client: Client, world: dict[str, Any]) -> None:
    Target.objects.filter(key="concierge").update(missing_since=timezone.now())
    OurNumber.objects.filter(name="Spring line").update(missing_since=timezone.now())

    page = text_of(client.get(PAGE))

    assert "VIP concierge</a>: missing since" in page
    assert "named by 2 rules, which skip it." in page
    assert "Spring line (+12025550112)</a>: missing since" in page


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", [PAGE, STATE, CHOICES])
def test_pages_are_closed(path: str, method: str, staff: User) -> None:
    anonymous = getattr(Client(), method)(path)

    assert (anonymous.status_code, anonymous["Location"].partition("?")[0]) == (302, "/admin/login/")
    assert getattr(client_of(staff), method)(path).status_code == 403
    assert SyncRun.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "page", "found", "choices"),
    [
        ("Routing viewer", 403, 200, 200),
        ("Routing auditor", 403, 200, 200),
        ("Routing editor", 200, 200, 200),
        ("Routing publisher", 200, 200, 200),
    ],
)
def test_each_role_sees_its_pages(role: str, page: int, found: int, choices: int, staff: User) -> None:
    staff.groups.add(Group.objects.get(name=role))
    client = client_of(staff)

    assert [client.get(path).status_code for path in (PAGE, FOUND, CHOICES)] == [page, found, choices]


@pytest.mark.django_db
def test_all_new_numbers_are_added_at_once(client: Client, world: dict[str, Any]) -> None:
    thing(1, VapiKind.PHONE_NUMBER, number="+1 202 555 0171")
    thing(2, VapiKind.PHONE_NUMBER, sip_uri="sip:web@sip.vapi.ai", number="")
    thing(3, VapiKind.PHONE_NUMBER, number="+12025550173", missing_since=timezone.now())
    thing(4, VapiKind.PHONE_NUMBER, number="+12025550111")  # known under another id
    thing(5, VapiKind.PHONE_NUMBER, vapi_id="33333333-3333-4333-8333-333333333334", number="+12025550112")

    page = text_of(client.post(PAGE, {"add_numbers": "1"}, follow=True))

    new = OurNumber.objects.filter(vapi_id__startswith="id-").values_list("name", "number", "sip_uri")
    assert set(new) == {("Thing 1", "+12025550171", None), ("Thing 2", None, "sip:web@sip.vapi.ai")}
    assert "Added numbers: Thing 1 (+12025550171), Thing 2 (sip:web@sip.vapi.ai)." in page
    assert "Not added: Thing 4: " in page


@pytest.mark.django_db
def test_adding_numbers_needs_its_permission(staff: User) -> None:
    thing(1, VapiKind.PHONE_NUMBER, number="+12025550171")

    response = client_of(allow(staff, "sync_target")).post(PAGE, {"add_numbers": "1"})

    assert (response.status_code, OurNumber.objects.count()) == (403, 0)


def act(client: Client, action: str, *things: VapiObject) -> str:
    form = {"action": action, "_selected_action": [one.pk for one in things]}
    return text_of(client.post(FOUND, form, follow=True))


@pytest.mark.django_db
def test_ticked_assistants_become_targets(client: Client, world: dict[str, Any]) -> None:
    when = timezone.now()
    things = [
        thing(1, name="Reception", updated_at=when),  # the name is taken
        thing(2, VapiKind.SQUAD, name=""),
        thing(3, VapiKind.PHONE_NUMBER, number="+12025550171"),
        thing(4, vapi_id="a0000000-0000-4000-8000-000000000002"),  # a target already
        thing(5, missing_since=when),
    ]

    page = act(client, "make_targets", *things)

    new = Target.objects.filter(vapi_id__startswith="id-").values_list("name", "kind", "vapi_id", "key")
    assert set(new) == {
        ("Reception (2)", "assistant", "id-0001", "reception-2"),
        ("Squad …0002", "squad", "id-0002", "squad-0002"),
        ("Thing 5", "assistant", "id-0005", "thing-5"),
    }
    assert Target.objects.get(vapi_id="id-0001").synced_updated_at == when
    assert Target.objects.get(vapi_id="id-0005").missing_since == when
    assert "They answer calls once you publish." in page
    assert LogEntry.objects.filter(change_message="Added from Vapi.").count() == 3
    assert "Nothing to add: 1 of them are here already." in act(client, "make_targets", things[3])


@pytest.mark.django_db
def test_ticked_numbers_become_ours(client: Client) -> None:
    chosen = [thing(1, VapiKind.PHONE_NUMBER, number="+12025550171"), thing(2)]

    act(client, "make_numbers", *chosen)

    assert [number.vapi_id for number in OurNumber.objects.all()] == ["id-0001"]
    assert Target.objects.count() == 0


@pytest.mark.django_db
def test_actions_need_their_permissions(staff: User) -> None:
    chosen = thing(1), thing(2, VapiKind.PHONE_NUMBER, number="+12025550171")
    client = client_of(allow(staff, "view_vapiobject"))

    act(client, "make_targets", *chosen)
    act(client, "make_numbers", *chosen)

    assert (Target.objects.count(), OurNumber.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_the_list_tells_what_is_used(client: Client, world: dict[str, Any]) -> None:
    thing(1, vapi_id="a0000000-0000-4000-8000-000000000002", name="Spanish voice")
    thing(2, VapiKind.PHONE_NUMBER, vapi_id="33333333-3333-4333-8333-333333333333", number="+12025550111")
    thing(3, name="Fresh")

    assert "Recepción ES" in text_of(client.get(FOUND, {"use": "used"}))
    free = text_of(client.get(FOUND, {"use": "free"}))
    assert "Fresh" in free
    assert "Spanish voice" not in free


def choose(client: Client, text: str = "", kind: str = "assistant") -> list[str]:
    answer = client.get(CHOICES, {"kind": kind, "q": text})
    return [item["label"] for item in json.loads(answer.content)["results"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [1, 2, 3]),
        ("thing 2", [2]),
        ("THING", [1, 2, 3]),
        ("0003", [3]),
        ("id-0001", [1]),
        ("nobody", []),
        ("%", []),
    ],
)
def test_things_are_found_by_any_part_of_their_names(text: str, found: list[int], client: Client) -> None:
    for place in (1, 2, 3):
        thing(place)
    thing(4, VapiKind.SQUAD)

    assert choose(client, text) == [f"Thing {place} · …\u2060{place:04d}" for place in found]


@pytest.mark.django_db
def test_numbers_are_found_by_their_digits(client: Client) -> None:
    thing(1, VapiKind.PHONE_NUMBER, number="+12025550171")

    assert choose(client, "0171", "phone-number") == ["Thing 1 · +12025550171 · …\u20600001"]


@pytest.mark.django_db
def test_the_list_offers_what_is_there_before_what_is_gone(client: Client, world: dict[str, Any]) -> None:
    thing(1, name="A", missing_since=timezone.now())
    thing(2, name="B", vapi_id="a0000000-0000-4000-8000-000000000002")
    VapiObject.objects.filter(vapi_id="free").delete()

    answer = client.get(CHOICES, {"kind": "assistant"}).json()

    assert [(item["name"], item["missing"]) for item in answer["results"]] == [("B", False), ("A", True)]
    assert answer["results"][0]["note"] == "already here: Recepción ES"
    assert answer["results"][1]["note"].startswith("missing at Vapi since")


@pytest.mark.django_db
def test_a_long_list_is_cut_and_says_so(client: Client) -> None:
    VapiObject.objects.bulk_create(
        VapiObject(
            kind="assistant", vapi_id=f"i{place}", name=f"T{place:04d}", missing_since=None if place else timezone.now()
        )
        for place in range(3000)
    )

    answer = client.get(CHOICES, {"kind": "assistant"}).json()

    assert (len(answer["results"]), answer["more"], answer["known"]) == (20, True, True)
    assert not any(item["missing"] for item in answer["results"])
    assert client.get(CHOICES, {"kind": "squad"}).json() == {"results": [], "more": False, "known": False}


@pytest.mark.django_db(transaction=True)
def test_no_secret_reaches_a_page(client: Client, settings: Settings, httpserver: HTTPServer) -> None:
    vapi = VapiLists(rows={"phone-number": [row(1, number="+12025550171")]})
    settings.VAPI_BASE_URL, settings.VAPI_API_KEY = vapi.serve(httpserver), "key"
    client.post(PAGE)
    follow(client)
    found = VapiObject.objects.get()

    pages = [PAGE, STATE, FOUND, reverse("admin:routing_vapiobject_change", args=[found.pk])]
    shown = (
        "".join(client.get(path).content.decode() for path in pages)
        + client.get(CHOICES, {"kind": "phone-number"}).content.decode()
    )

    assert "+12025550171" in shown
    assert SyncRun.objects.get().state == SyncState.DONE
    assert not [secret for secret in SECRETS if secret in shown]
