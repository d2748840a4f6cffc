"""The publish page, and the banners that lead to it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from routing.models import LiveState, Revision, Rule, RuleTarget, Schedule, TableSettings, Target
from routing.services.draft import list_changes, read_draft
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/publish/"
CHANGED = "Your changes do not answer calls yet"


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


def live() -> int | None:
    return LiveState.load().revision_id


def test_publishing_makes_the_draft_live(client: Client, admin: User) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico by day")

    response = client.post(PAGE, {"note": "Renamed a rule"}, follow=True)

    revision = Revision.objects.get(number=2)
    assert live() == 2
    assert (revision.author, revision.note) == (admin, "Renamed a rule")
    assert "Revision 2 is live" in response.content.decode()


def test_the_page_lists_what_would_change(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico by day")

    text = client.get(PAGE).content.decode()

    assert "Rule “Mexico by day” changed." in text
    assert "can go live" in text


def test_a_note_is_needed(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico by day")

    response = client.post(PAGE, {"note": " "})

    assert "Write a note" in response.content.decode()
    assert live() == 1


def test_faults_are_all_named_and_nothing_goes_live(client: Client) -> None:
    RuleTarget.objects.filter(rule__key="mexico").delete()
    Schedule.objects.filter(key="office").update(opening_hours="sometimes", country="")
    TableSettings.objects.update(default_target=None)

    response = client.post(PAGE, {"note": "Oops"})

    text = response.content.decode()
    assert "The draft cannot go live: 3 faults" in text
    for fault in ("rule &#x27;mexico&#x27;, then", "schedule &#x27;office&#x27;, opening_hours", "table, default"):
        assert fault in text
    assert live() == 1


def test_an_unchanged_draft_makes_no_revision(client: Client) -> None:
    assert "Nothing to publish" in client.get(PAGE).content.decode()

    client.post(PAGE, {"note": "Again"})

    assert Revision.objects.count() == 1


def test_staff_need_the_permission(staff: User, world: dict[str, Any]) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico by day")
    clerk = client_of(allow(staff, "view_rule", "change_rule"))

    answers = [clerk.get(PAGE).status_code, clerk.post(PAGE, {"note": "Mine"}).status_code]

    assert answers == [403, 403]
    assert live() == 1
    assert CHANGED in clerk.get("/admin/").content.decode()
    assert f'href="{PAGE}"' not in clerk.get("/admin/").content.decode()
    assert client_of(allow(staff, "add_revision")).get(PAGE).status_code == 200


def test_strangers_log_in_first(world: dict[str, Any]) -> None:
    assert Client().get(PAGE)["Location"].startswith("/admin/login/")
    assert Client().post(PAGE, {"note": "x"})["Location"].startswith("/admin/login/")


def test_publishing_needs_the_form_of_the_page(admin: User, world: dict[str, Any]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)

    assert strict.post(PAGE, {"note": "Forged"}).status_code == 403


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "nothing": ({"rules": []}, {"rules": []}, []),
    "new": ({}, {"rules": [{"key": "a", "name": "A"}]}, ["Rule “A” is new."]),
    "gone": ({"targets": [{"key": "a", "name": "A"}]}, {}, ["Target “A” is gone."]),
    "changed": (
        {"lists": [{"key": "a", "name": "A"}]},
        {"lists": [{"key": "a", "name": "B"}]},
        ["Number list “B” changed."],
    ),
    "other order": (
        {"rules": [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]},
        {"rules": [{"key": "b", "name": "B"}, {"key": "a", "name": "A"}]},
        ["The rules stand in another order."],
    ),
    "one gone, order kept": (
        {"rules": [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]},
        {"rules": [{"key": "b", "name": "B"}]},
        ["Rule “A” is gone."],
    ),
    "settings": ({"default": "a"}, {"default": "b"}, ["The table settings changed."]),
    "a number without a name": (
        {},
        {"numbers": [{"vapi_id": "x", "name": "", "number": "+12025550111"}]},
        ["Number “+12025550111” is new."],
    ),
}


@pytest.mark.parametrize(("before", "after", "sentences"), CHANGES.values(), ids=CHANGES)
def test_changes_are_told_in_sentences(before: dict[str, Any], after: dict[str, Any], sentences: list[str]) -> None:
    assert list(list_changes(before, after)) == sentences


def test_a_published_draft_equals_what_is_live(world: dict[str, Any]) -> None:
    draft = read_draft()

    assert (draft.live_revision, draft.differs, draft.errors) == (1, False, ())


def test_a_banner_tells_of_unpublished_changes_at_once(client: Client) -> None:
    target = Target.objects.get(key="sorry")
    assert CHANGED not in client.get("/admin/").content.decode()

    client.post(f"/admin/routing/target/{target.pk}/change/", {"name": "Sorry", "kind": "reject", "message": "Bye."})

    text = client.get("/admin/").content.decode()
    assert CHANGED in text
    assert f'href="{PAGE}"' in text

    client.post(PAGE, {"note": "Shorter"})

    assert CHANGED not in client.get("/admin/").content.decode()


def test_a_banner_tells_that_nothing_is_published(admin: User) -> None:
    assert "Nothing is published yet" in client_of(admin).get("/admin/").content.decode()


@pytest.mark.parametrize(("key", "shown"), [("", True), ("a-key", False)], ids=["sandbox", "real"])
def test_a_banner_tells_of_the_sandbox(key: str, shown: bool, client: Client, settings: Settings) -> None:
    settings.VAPI_API_KEY = key

    assert ("no real calls are placed" in client.get("/admin/").content.decode()) is shown


def test_strangers_see_no_banner(world: dict[str, Any]) -> None:
    assert "sb-banner" not in Client().get("/admin/login/").content.decode()


def test_comparing_is_remembered(client: Client, django_assert_max_num_queries: Any) -> None:
    client.get("/admin/")

    with django_assert_max_num_queries(8):
        client.get("/admin/")
