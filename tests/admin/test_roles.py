"""Every page and action for every role, for staff without any, and for strangers."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from routing.admin.tools import sync
from routing.models import NumberList, Revision, Rule, Schedule, Target
from tests.admin.conftest import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ROLES = {"v": "Routing viewer", "e": "Routing editor", "p": "Routing publisher", "a": "Routing auditor"}
EVERYBODY = "vepa"
LINK = re.compile(r'<a\b[^>]*\bhref="(/admin/[^"?#]*)[?#"]')

# Page -> the roles that may open it. {} stand for rows of the world.
PAGES = {
    "": EVERYBODY,
    "dashboard/": EVERYBODY,
    "simulator/": EVERYBODY,
    "emergency/": EVERYBODY,
    "connection/": "a",
    "sync/": "ep",
    "publish/": EVERYBODY,
    "publish/discard/": "p",
    "routing/revision/{revision}/download/": EVERYBODY,
    "routing/revision/{revision}/restore/": "p",
    "web-snippet/": "a",
    "routing/rule/": EVERYBODY,
    "routing/rule/add/": "ep",
    "routing/rule/{rule}/change/": EVERYBODY,
    "routing/rule/{rule}/delete/": "ep",
    "routing/rule/{rule}/history/": EVERYBODY,
    "routing/target/add/": "ep",
    "routing/target/{target}/change/": EVERYBODY,
    "routing/schedule/{schedule}/change/": EVERYBODY,
    "routing/schedule/{schedule}/delete/": "ep",
    "routing/campaign/add/": "ep",
    "routing/ournumber/": EVERYBODY,
    "routing/numberlist/{list}/change/": EVERYBODY,
    "routing/numberlist/{list}/import/": "ep",
    "routing/numberlist/{list}/export/": EVERYBODY,
    "routing/numberlistentry/": EVERYBODY,
    "routing/numberlistentry/add/": "ep",
    "routing/tablesettings/1/change/": EVERYBODY,
    "routing/revision/": EVERYBODY,
    "routing/revision/{revision}/change/": EVERYBODY,
    "routing/call/": EVERYBODY,
    "routing/call/{call}/change/": EVERYBODY,
    "routing/call/export/": "a",
    "routing/scheduledcall/": EVERYBODY,
    "routing/emergencyswitch/": EVERYBODY,
    "routing/emergencyswitch/{switch}/change/": EVERYBODY,
    "routing/apikey/": "a",
    "routing/apikey/add/": "",
    "routing/webhooksecret/": "a",
    "routing/webhooksecret/add/": "",
    "auth/user/": "a",
    "auth/user/add/": "",
    "auth/group/add/": "",
}

# What changes something -> the roles that may; everybody else gets 403 (or a form that is only shown).
ACTIONS: dict[str, tuple[str, dict[str, str], str]] = {
    "publish": ("publish/", {"note": "x"}, "p"),
    "switch on": ("emergency/", {"target": "{target}", "lasts": "30", "reason": "Fire"}, "p"),
    "discard": ("publish/discard/", {}, "p"),
    "restore": ("routing/revision/{revision}/restore/", {}, "p"),
    "switch a rule": ("routing/rule/{rule}/switch/", {"enabled": "off", "seen": "x"}, "ep"),
    "duplicate a rule": ("routing/rule/{rule}/duplicate/", {}, "ep"),
    "move a rule": ("routing/rule/{rule}/move/", {"place": "to:1:2"}, "ep"),
    "synchronise": ("sync/", {"full": "yes"}, "ep"),
    "import": ("routing/numberlist/{list}/import/", {"text": "+12025550107"}, "ep"),
    "delete a rule": ("routing/rule/{rule}/delete/", {"post": "yes"}, "ep"),
    "make a key": ("routing/apikey/add/", {"name": "X", "kind": "secret"}, ""),
    "make a user": ("auth/user/add/", {"username": "x"}, ""),
}


@pytest.fixture
def rows(world: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": Rule.objects.get(key="spring").pk,
        "target": Target.objects.get(key="espanol").pk,
        "schedule": Schedule.objects.get().pk,
        "list": NumberList.objects.get(key="vip").pk,
        "revision": Revision.objects.get().pk,
        "call": world["call"].pk,
        "switch": world["emergencyswitch"].pk,
    }


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A synchronisation that was allowed is not carried out: its thread would wait for the test's own transaction."""
    monkeypatch.setattr(sync, "Thread", lambda **of_thread: SimpleNamespace(start=lambda: None))


def client_in(letter: str, staff: User) -> Client:
    staff.groups.add(Group.objects.get(name=ROLES[letter]))
    return client_of(User.objects.get(pk=staff.pk))


@pytest.mark.parametrize("letter", ROLES)
def test_a_role_opens_its_pages_and_no_others(letter: str, staff: User, rows: dict[str, Any]) -> None:
    """Sabotage seen to fail: the file of the call log without its question for `export_call`."""
    client = client_in(letter, staff)

    opened = {page for page in PAGES if client.get(f"/admin/{page.format(**rows)}").status_code == 200}

    assert opened == {page for page, letters in PAGES.items() if letter in letters}


@pytest.mark.parametrize("letter", ROLES)
def test_a_role_does_what_it_may_and_nothing_else(letter: str, staff: User, rows: dict[str, Any]) -> None:
    client = client_in(letter, staff)

    done = set()
    for name, (page, form, _) in ACTIONS.items():
        typed = {field: text.format(**rows) for field, text in form.items()}
        if client.post(f"/admin/{page.format(**rows)}", typed).status_code in {200, 302}:
            done.add(name)

    assert done == {name for name, (_, _, letters) in ACTIONS.items() if letter in letters}


@pytest.mark.parametrize("letter", ROLES)
def test_no_page_leads_a_role_to_a_page_that_it_may_not_open(letter: str, staff: User, rows: dict[str, Any]) -> None:
    client = client_in(letter, staff)
    addresses = {f"/admin/{page.format(**rows)}" for page, letters in PAGES.items() if letter in letters}
    links: dict[str, str] = {}  # address -> one of the pages that lead there
    for address in sorted(addresses):
        answer = client.get(address)
        if not answer.streaming:
            links |= dict.fromkeys(LINK.findall(answer.content.decode()), address)

    closed = {link: page for link, page in links.items() if client.get(link).status_code in {403, 404}}

    assert not closed


def test_staff_without_a_role_see_the_front_page_only(staff: User, rows: dict[str, Any]) -> None:
    client = client_of(staff)

    assert {page for page in PAGES if client.get(f"/admin/{page.format(**rows)}").status_code != 403} == {""}


def test_a_stranger_is_led_to_the_log_in(rows: dict[str, Any]) -> None:
    client = Client()

    for page in PAGES:
        response = client.get(f"/admin/{page.format(**rows)}")
        assert response.status_code == 302, page
        assert response.headers["Location"].startswith("/admin/login/"), page
