"""The publish page, and the banners that lead to it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from routing.engine.context import Channel, Context
from routing.engine.live import Facts
from routing.models import Campaign, LiveState, Revision, Rule, RuleTarget, Schedule, TableSettings, Target
from routing.services.draft import read_draft
from routing.services.publish import publish
from routing.snapshot.livefile import write_facts
from tests.admin.conftest import allow, client_of, make_call
from tests.admin.test_stamps import opened, page_of, words

pytestmark = pytest.mark.django_db
PAGE = "/admin/publish/"
DISCARD = "/admin/publish/discard/"
CHANGED = "unpublished change"


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


def live() -> int | None:
    return LiveState.load().revision_id


def bar_of(client: Client) -> str:
    """Return the words of the bar, without its marks; nothing where there is no bar."""
    found = re.search(r'sb-publishing-bar">(.*?)</li>', client.get("/admin/").content.decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).replace("edit_note", "").split()) if found else ""


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

    assert "Rule 3 “Mexico by day”" in text
    assert "renamed from “Mexican callers”" in text
    assert "1 change, compared with" in text


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

    bar = bar_of(clerk)

    assert answers == [200, 403]
    assert live() == 1
    assert "You may look at this, and not publish it" in words(clerk.get(PAGE))
    assert "1 unpublished change Review" in bar
    assert "Publish" not in bar
    assert "Discard" not in bar
    assert client_of(User.objects.create_user("x", is_staff=True)).get(PAGE).status_code == 403
    assert client_of(allow(staff, "add_revision")).post(PAGE, {"note": "Mine"}).status_code == 403
    assert client_of(allow(staff, "publish_revision")).post(PAGE, {"note": "Mine"}).status_code == 302
    assert live() == 2


def test_strangers_log_in_first(world: dict[str, Any]) -> None:
    assert Client().get(PAGE)["Location"].startswith("/admin/login/")
    assert Client().post(PAGE, {"note": "x"})["Location"].startswith("/admin/login/")


def test_publishing_needs_the_form_of_the_page(admin: User, world: dict[str, Any]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)

    assert strict.post(PAGE, {"note": "Forged"}).status_code == 403


def test_a_published_draft_equals_what_is_live(world: dict[str, Any]) -> None:
    draft = read_draft()

    assert (draft.live_revision, draft.differs, draft.count) == (1, False, 0)


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


@pytest.mark.django_db(transaction=True)  # what is seen inside a transaction is never remembered
def test_comparing_is_remembered(client: Client) -> None:
    read = [_tables_read(client), _tables_read(client)]
    Rule.objects.filter(key="mexico").update(enabled=False)
    read.append(_tables_read(client))

    assert ["routing_schedule" in tables for tables in read] == [True, False, True]


def _tables_read(client: Client) -> str:
    """Return the statements of a page that has nothing to do with schedules but the bar."""
    with CaptureQueriesContext(connection) as captured:
        client.get("/admin/routing/apikey/")
    return " ".join(query["sql"] for query in captured)


def test_the_bar_counts_entries(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico", enabled=False)  # two differences of one rule
    Target.objects.filter(key="desk").update(message="One moment.")
    order = list(Rule.objects.order_by("position").values_list("pk", flat=True))
    Rule.objects.arrange(order[::-1])  # however many rules move, once

    assert bar_of(client) == "3 unpublished changes Review Publish Discard"


def test_what_a_command_changes_shows_at_once(client: Client) -> None:
    assert bar_of(client) == ""

    Rule.objects.filter(key="mexico").update(enabled=False)

    assert bar_of(client) == "1 unpublished change Review Publish Discard"


def test_publishing_offers_the_way_back(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(enabled=False)

    text = words(client.post(PAGE, {"note": "Off"}, follow=True))

    assert 'href="/admin/routing/revision/1/restore/">Undo: back to revision 1' in text


def test_what_was_not_looked_at_is_not_published(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(enabled=False)
    seen = client.get(PAGE).context["seen"]
    Target.objects.filter(key="desk").update(message="Half of a sen")

    response = client.post(PAGE, {"note": "My change", "seen": seen})

    assert live() == 1
    assert "the draft changed since you looked" in words(response)
    assert "My change" in words(response)
    assert client.post(PAGE, {"note": "Both", "seen": response.context["seen"]}).status_code == 302
    assert live() == 2


def test_the_slower_of_two_publishers_is_told(client: Client, admin: User) -> None:
    Rule.objects.filter(key="mexico").update(enabled=False)
    seen = client.get(PAGE).context["seen"]
    publish(author=admin, note="First", now=timezone.now())

    text = words(client.post(PAGE, {"note": "Second", "seen": seen}))

    assert "or a colleague published it" in text
    assert "Nothing to publish: the draft equals what is live." in text
    assert live() == 2


def test_an_empty_installation_has_nothing_to_publish(admin: User) -> None:
    text = words(client_of(admin).get(PAGE))

    assert "Nothing to publish: the draft is empty." in text
    assert "equals what is live" not in text


@pytest.mark.parametrize("seen", ["", "x", "1", "1.2.3"])
def test_a_forged_sight_publishes_nothing(seen: str, client: Client) -> None:
    Rule.objects.filter(key="mexico").update(enabled=False)

    client.post(PAGE, {"note": "Forged", "seen": seen})

    assert live() == 1


def test_faults_lead_to_the_form_that_mends_them(client: Client) -> None:
    rule = Rule.objects.get(key="mexico")
    rule.arms.all().delete()

    assert f'href="{page_of(rule)}">Mend it' in words(client.get(PAGE))


def test_the_review_tells_which_calls_would_change(client: Client, staff: User) -> None:
    at = datetime(2026, 5, 4, 15, tzinfo=UTC)
    for minute in range(3):
        context = Context(channel=Channel.INBOUND, at=at, customer="+525512345678", our_number="+12025550111")
        facts = write_facts(Facts())
        make_call(at + timedelta(minutes=minute), customer_number="+525512345678", context=context.as_dict(),
                  facts=facts, vapi_call_id=f"call-{minute}", target_key="espanol")  # fmt: skip
    RuleTarget.objects.filter(rule__key="mexico").update(target=Target.objects.get(key="reception"))
    clerk = client_of(allow(staff, "publish_revision"))

    text = words(client.get(PAGE))

    assert "target Recepción ES → Reception" in text
    assert "would be answered differently" in text
    assert re.search(r"<td>Recepción ES</td> <td>Reception</td> <td class=\"sb-publishing-count\">3</td>", text)
    assert "+525512345678" in text
    assert "Which calls" not in words(clerk.get(PAGE))  # may not see calls
    caller = client_of(allow(staff, "view_call"))
    assert "+5•••5678" in words(caller.get(PAGE))
    assert "+525512345678" not in words(caller.get(PAGE))


def test_the_review_tells_what_lint_finds_anew(client: Client) -> None:
    rule = Rule.objects.get(key="nobody")
    Rule.objects.filter(key="vip-callers").update(enabled=True)
    rule.arms.update(target=Target.objects.get(key="night"))
    everything = Rule.objects.create(name="Everything", position=Rule.objects.next_position())
    RuleTarget.objects.create(rule=everything, target=Target.objects.get(key="night"), weight=100)
    Rule.objects.arrange([everything.pk, *Rule.objects.exclude(pk=everything.pk).values_list("pk", flat=True)])

    text = words(client.get(PAGE))

    assert "New with this change" in text
    assert "Rule 1 “Everything”" in text


def test_what_is_odd_about_the_live_table_already_is_not_called_new(client: Client) -> None:
    Schedule.objects.filter(key="office").update(name="Hours")  # lint has findings of this table, and none of this

    text = words(client.get(PAGE))

    assert "New with this change" not in text
    assert "true of the live table already" in text


def test_save_and_publish(client: Client, admin: User) -> None:
    rule = Rule.objects.get(key="mexico")

    response = client.post(page_of(rule), {**opened(client, rule), "name": "Mexico", "_publish": "1"}, follow=True)

    revision = Revision.objects.get(number=2)
    assert "Revision 2 is live" in words(response)
    assert (live(), revision.note, revision.author) == (2, "Rule “Mexico” changed", admin)
    assert response.redirect_chain[-1][0] == "/admin/routing/rule/"


def test_save_and_publish_of_a_new_row(client: Client) -> None:
    data = {"name": "Good night", "kind": "reject", "message": "Bye.", "enabled": "on", "overrides": "{}"}

    client.post("/admin/routing/target/add/", {**data, "_publish": "1"})

    assert Revision.objects.get(number=2).note == "Target “Good night” added"


def test_save_and_publish_takes_no_colleagues_change_along(client: Client) -> None:
    Target.objects.filter(key="desk").update(message="Half of a sen")
    rule = Rule.objects.get(key="mexico")

    response = client.post(page_of(rule), {**opened(client, rule), "name": "Mexico", "_publish": "1"}, follow=True)

    rule.refresh_from_db()
    assert (live(), rule.name) == (1, "Mexico")
    assert response.redirect_chain[-1][0] == PAGE
    assert "Saved, and not published yet: there is 1 other unpublished change." in words(response)


def test_save_and_publish_of_a_draft_with_faults_only_saves(client: Client) -> None:
    settings = TableSettings.load()

    response = client.post(
        page_of(settings), {**opened(client, settings), "default_target": "", "_publish": "1"}, follow=True
    )

    assert TableSettings.load().default_target is None
    assert live() == 1
    assert "Saved, and not published: the draft has 1 fault" in words(response)
    assert "The draft cannot go live: 1 fault" in words(response)


def test_save_and_publish_is_for_those_who_may(staff: User, world: dict[str, Any]) -> None:
    clerk = client_of(allow(staff, "view_campaign", "change_campaign"))
    campaign = Campaign.objects.get()

    assert 'name="_publish"' not in words(clerk.get(page_of(campaign)))
    clerk.post(page_of(campaign), {**opened(clerk, campaign), "name": "Sprung", "_publish": "1"})
    campaign.refresh_from_db()

    assert (live(), campaign.name) == (1, "Sprung")


def test_the_button_stands_on_forms_of_the_draft_only(client: Client, world: dict[str, Any]) -> None:
    draft = [Rule.objects.first(), Target.objects.first(), Schedule.objects.first(), TableSettings.load()]

    assert ['name="_publish"' in words(client.get(page_of(row))) for row in draft] == [True] * 4
    assert 'name="_publish"' not in words(client.get(page_of(world["apikey"])))
    text = client.get(page_of(draft[0])).content.decode()
    assert text.index('name="_save"') < text.index('name="_publish"')  # Enter presses the first


def test_discarding_lists_what_is_lost_and_goes_back(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico")
    Target.objects.create(name="Half done", kind="reject", message="Hm")
    page = client.get(DISCARD)

    response = client.post(DISCARD, {"seen": page.context["seen"]}, follow=True)

    assert "These 2 changes would be lost" in words(page)
    assert "renamed from “Mexican callers”" in words(page)
    assert Rule.objects.get(key="mexico").name == "Mexican callers"
    assert not Target.objects.filter(name="Half done").exists()
    assert "equals revision 1 again" in words(response)


def test_what_was_not_looked_at_is_not_discarded(client: Client) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico")
    seen = client.get(DISCARD).context["seen"]
    Rule.objects.filter(key="gold").update(name="Golden")

    response = client.post(DISCARD, {"seen": seen})

    assert "Nothing was discarded" in words(response)
    assert Rule.objects.get(key="mexico").name == "Mexico"


def test_discarding_is_for_publishers(staff: User, world: dict[str, Any]) -> None:
    Rule.objects.filter(key="mexico").update(name="Mexico")
    clerk = client_of(allow(staff, "view_rule", "change_rule"))

    assert [clerk.get(DISCARD).status_code, clerk.post(DISCARD).status_code] == [403, 403]
    assert Client().post(DISCARD)["Location"].startswith("/admin/login/")
    assert Rule.objects.get(key="mexico").name == "Mexico"
    assert client_of(allow(staff, "publish_revision")).post(DISCARD).status_code == 302
    assert Rule.objects.get(key="mexico").name == "Mexican callers"


def test_before_the_first_revision_there_is_nothing_to_go_back_to(admin: User) -> None:
    Target.objects.create(name="First", kind="reject", message="Hm")

    response = client_of(admin).post(DISCARD)

    assert "nothing is published yet" in words(response)
    assert Target.objects.exists()
