"""Revisions: who published what and why, what differs between them, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from routing.models import EmergencySwitch, LiveState, Revision, Rule, Target
from routing.services.import_table import import_table
from routing.services.publish import publish
from tests.admin.conftest import allow, client_of
from tests.admin.test_stamps import words

pytestmark = pytest.mark.django_db
LIST = "/admin/routing/revision/"
RESTORE = f"{LIST}1/restore/"


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    """Three revisions, and one change that is not published."""
    Rule.objects.filter(key="mexico").update(name="Mexico")
    publish(author=admin, note="Shorter", now=timezone.now())
    Target.objects.create(name="Annex", kind="reject", message="Moved.")
    publish(author=None, note="Annex", now=timezone.now())
    Rule.objects.filter(key="gold").update(enabled=True)
    return client_of(admin)


def test_the_list_tells_who_when_and_why_without_reading_tables(client: Client, admin: User) -> None:
    response = client.get(LIST)

    text = words(response)
    rows = list(response.context["cl"].result_list)
    assert [row.number for row in rows] == [3, 2, 1]
    assert all("document" in row.get_deferred_fields() for row in rows)
    assert "a command" in text
    assert "Shorter" in text
    assert "UTC</td>" in text
    assert f'href="{LIST}2/change/#changes"' in text


def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = Revision.objects.get(number=1)
    Revision.objects.bulk_create(
        Revision(number=number, published_at=timezone.now(), document=first.document, checksum="x")
        for number in range(4, 30)
    )

    with django_assert_max_num_queries(45):
        assert client.get(LIST).status_code == 200


PAIRS = {
    "the one before": ("2", "", "1 change from revision 1 to revision 2", "renamed from “Mexican callers”"),
    "the first with nothing": ("1", "", "from the empty table before the first revision", "Rule 1 “VIP callers”"),
    "a later one": ("1", "?with=3", "2 changes from revision 1 to revision 3", "Target “Annex”"),
    "an earlier one": ("3", "?with=1", "2 changes from revision 1 to revision 3", "renamed from “Mexican callers”"),
    "the draft": ("3", "?with=draft", "1 change from revision 3 to the draft", "switched on"),
    "itself": ("3", "?with=3", "0 changes", "No difference."),
}


@pytest.mark.parametrize(("number", "query", "title", "line"), PAIRS.values(), ids=PAIRS)
def test_two_revisions_are_compared(number: str, query: str, title: str, line: str, client: Client) -> None:
    text = words(client.get(f"{LIST}{number}/change/{query}"))

    assert title in text
    assert line in text
    assert f'href="/admin/simulator/?table={number}"' in text


@pytest.mark.parametrize("query", ["?with=99", "?with=nonsense", "?with="])
def test_an_address_that_names_no_revision_breaks_nothing(query: str, client: Client) -> None:
    assert client.get(f"{LIST}2/change/{query}").status_code == 200


@pytest.mark.parametrize("style", ["yaml", "json"])
def test_the_file_of_a_revision_can_be_imported(style: str, client: Client) -> None:
    response = client.get(f"{LIST}1/download/?format={style}")

    assert response["Content-Disposition"] == f'attachment; filename="routing-table-revision-1.{style}"'
    import_table(response.content.decode())
    assert Rule.objects.get(key="mexico").name == "Mexican callers"


def test_files_that_are_not_there(client: Client) -> None:
    assert client.get(f"{LIST}99/download/").status_code == 404
    assert client.get(f"{LIST}1/download/?format=exe").status_code == 404
    assert client.get(f"{LIST}99/restore/").status_code == 404


def test_restoring_asks_first_and_brings_the_rows_back(client: Client, admin: User) -> None:
    page = client.get(RESTORE)
    assert LiveState.load().revision_id == 3

    response = client.post(RESTORE, {"seen": page.context["seen"]}, follow=True)

    asked = words(page)
    assert "Rule 3 “Mexican callers”" in asked
    assert "renamed from “Mexico”" in asked
    assert "Target “Annex”" in asked
    assert "1 unpublished change of the draft would be lost" in asked
    assert LiveState.load().revision_id == 4
    assert (Revision.objects.get(number=4).note, Revision.objects.get(number=4).author) == ("Back to revision 1", admin)
    assert Rule.objects.get(key="mexico").name == "Mexican callers"
    assert not Rule.objects.get(key="gold").enabled
    assert not Target.objects.filter(name="Annex").exists()
    assert "Revision 4 is live: it equals revision 1" in words(response)


def test_what_was_not_looked_at_is_not_overwritten(client: Client) -> None:
    seen = client.get(RESTORE).context["seen"]
    Rule.objects.filter(key="spring").update(name="A colleague's work")

    response = client.post(RESTORE, {"seen": seen})

    assert "Nothing was restored" in words(response)
    assert LiveState.load().revision_id == 3
    assert Rule.objects.get(key="spring").name == "A colleague's work"


def test_a_running_emergency_switch_forbids_a_table_without_its_target(client: Client) -> None:
    now = timezone.now()
    EmergencySwitch.objects.create(
        target=Target.objects.get(name="Annex"), reason="Flood", until=now + timedelta(hours=1), started_at=now
    )

    response = client.post(RESTORE)

    assert "Nothing was restored: emergency switch" in words(response)
    assert LiveState.load().revision_id == 3


def test_a_revision_that_does_not_compile_any_more_cannot_come_back(client: Client) -> None:
    document = Revision.objects.get(number=3).document | {"default": "nobody"}
    Revision.objects.bulk_create(
        [Revision(number=9, published_at=timezone.now(), document=document, checksum="x" * 64)]
    )

    page, response = client.get(f"{LIST}9/restore/"), client.post(f"{LIST}9/restore/")

    assert "disabled>Restore revision 9" in words(page)
    assert "Nothing was restored" in words(response)
    assert LiveState.load().revision_id == 3


def test_each_page_asks_for_its_permission(client: Client, staff: User) -> None:
    def answers(user: User) -> list[int]:
        clerk = client_of(user)
        asked = [clerk.get(LIST), clerk.get(f"{LIST}1/change/"), clerk.get(f"{LIST}1/download/")]
        return [answer.status_code for answer in (*asked, clerk.get(RESTORE), clerk.post(RESTORE))]

    assert answers(staff) == [403] * 5
    viewer = allow(staff, "view_revision")
    assert answers(viewer) == [200, 200, 200, 403, 403]
    assert "Restore this revision" not in words(client_of(viewer).get(f"{LIST}1/change/"))
    assert Client().post(RESTORE)["Location"].startswith("/admin/login/")
    assert LiveState.load().revision_id == 3
    assert answers(allow(staff, "publish_revision"))[3:] == [200, 302]


def test_the_live_revision_offers_no_restore(client: Client) -> None:
    assert "Restore this revision" not in words(client.get(f"{LIST}3/change/"))
    assert "Restore this revision" in words(client.get(f"{LIST}2/change/"))
