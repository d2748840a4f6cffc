"""Targets and our numbers: what the lists tell, what the forms know of Vapi, and what is stored."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from routing.models import OurNumber, Target, VapiObject
from tests.admin.conftest import client_of

pytestmark = pytest.mark.django_db
WHEN = timezone.now()


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    VapiObject.objects.create(kind="assistant", vapi_id="there", name="Voice of reason", updated_at=WHEN)
    VapiObject.objects.create(kind="assistant", vapi_id="gone", name="Old voice", missing_since=WHEN)
    VapiObject.objects.create(kind="phone-number", vapi_id="gone", name="Old line", missing_since=WHEN)
    return client_of(admin)


def save(client: Client, model: str = "target", pk: int | None = None, **form: Any) -> Any:
    args = [pk] if pk else []
    page = reverse(f"admin:routing_{model}_{'change' if pk else 'add'}", args=args)
    shown = client.get(page).context["adminform"].form
    hidden = {field.html_name: field.value() for field in shown.hidden_fields()}
    return client.post(page, hidden | form, follow=True)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("vapi_id", "name", "missing", "warned"),
    [("there", "Voice of reason", False, False), ("gone", "Old voice", True, False), ("typed", "", False, True)],
)
def test_a_new_target_knows_what_the_last_synchronisation_saw(
    vapi_id: str, name: str, missing: bool, warned: bool, client: Client
) -> None:
    page = save(client, name="New", kind="assistant", vapi_id=vapi_id, enabled="on")

    target = Target.objects.get(name="New")
    assert (target.synced_name, target.missing_since is not None) == (name, missing)
    assert ("did not see typed at Vapi" in text_of(page)) is warned


def test_another_id_brings_another_state(client: Client) -> None:
    target = Target.objects.create(name="New", kind="assistant", vapi_id="gone", missing_since=WHEN)

    save(client, pk=target.pk, name="New", kind="assistant", vapi_id="there", enabled="on")

    target.refresh_from_db()
    assert (target.synced_name, target.synced_updated_at, target.missing_since) == ("Voice of reason", WHEN, None)


def test_another_name_leaves_the_state(client: Client) -> None:
    target = Target.objects.create(name="New", kind="assistant", vapi_id="typed", missing_since=WHEN)

    save(client, pk=target.pk, name="Newer", kind="assistant", vapi_id="typed", enabled="on")

    target.refresh_from_db()
    assert (target.name, target.missing_since) == ("Newer", WHEN)


def test_a_transfer_is_never_missing_at_vapi(client: Client) -> None:
    target = Target.objects.create(name="New", kind="assistant", vapi_id="gone", missing_since=WHEN)

    save(client, pk=target.pk, name="New", kind="transfer", vapi_id="gone", number="+12025550199", enabled="on")

    target.refresh_from_db()
    assert (target.vapi_id, target.synced_name, target.missing_since) == (None, "", None)


def test_overrides_are_typed_as_variables(client: Client) -> None:
    form: dict[str, Any] = {"overrides_key": ["brand"], "overrides_type": ["text"], "overrides_value": ["Acme"]}

    save(client, name="New", kind="assistant", vapi_id="there", enabled="on", overrides="", **form)

    assert Target.objects.get(name="New").overrides == {"variableValues": {"brand": "Acme"}}


def test_a_new_number_knows_whether_it_is_there(client: Client) -> None:
    save(client, "ournumber", vapi_id="gone", number="+12025550177")

    assert OurNumber.objects.get(number="+12025550177").missing_since == WHEN


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("there", 'value="Voice of reason · …\u2060here"'),
        ("gone", "Missing at Vapi since"),
        ("typed", "data-picker-hand open data-keep"),
    ],
)
def test_the_form_shows_the_name_of_what_was_chosen(value: str, shown: str, client: Client) -> None:
    target = Target.objects.create(name="New", kind="assistant", vapi_id=value)

    assert shown in text_of(client.get(reverse("admin:routing_target_change", args=[target.pk])))


def test_the_form_asks_to_synchronise_first(client: Client) -> None:
    VapiObject.objects.all().delete()

    page = text_of(client.get(reverse("admin:routing_target_add")))

    assert "Nothing has been synchronised yet, so there is nothing to choose from." in page


def test_the_list_tells_where_targets_go_and_what_uses_them(client: Client) -> None:
    Target.objects.filter(key="concierge").update(synced_name="Concierge crew", missing_since=WHEN)

    page = text_of(client.get(reverse("admin:routing_target_changelist")))

    assert "Concierge crew · …\u20600001" in page
    assert f"Missing since {timezone.localtime(WHEN):%d %b %Y}" in page
    assert "1 rule, default" in page  # Reception
    assert "blocked callers" in page
    assert "2 rules" in page  # the concierge


def test_the_list_takes_a_fixed_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    Target.objects.bulk_create(
        Target(name=f"T{place}", key=f"t{place}", kind="assistant", vapi_id=f"i{place}") for place in range(40)
    )
    client.get(reverse("admin:routing_target_changelist"))

    # Half of them read the draft for the bar at the top: inside a test's transaction it is never remembered.
    with django_assert_max_num_queries(30):
        client.get(reverse("admin:routing_target_changelist"))
