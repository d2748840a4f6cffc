"""Every page of every model opens for those who may, and for nobody else."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from routing.models import (
    ApiKey,
    Call,
    CallCount,
    DraftState,
    EmergencySwitch,
    ListChange,
    LiveState,
    NumberList,
    RequestClaim,
    RequestRate,
    Revision,
    Rule,
    RuleAttribute,
    RuleTarget,
    Schedule,
    ScheduledCall,
    ScheduleException,
    SyncRun,
    TableSettings,
    VapiObject,
    WebhookCount,
)
from tests.admin.conftest import client_of

REGISTERED = sorted((model for model in django_admin.site._registry), key=lambda model: model._meta.label)
INSIDE_OTHERS = {RuleTarget, RuleAttribute, ScheduleException}
INTERNAL = {CallCount, DraftState, ListChange, LiveState, RequestClaim, RequestRate, SyncRun, WebhookCount}
READ_ONLY = {Call, Revision, ScheduledCall, VapiObject}
NEVER_ADDED = READ_ONLY | {TableSettings, EmergencySwitch}
OF_MODELS = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.model_name)

pytestmark = pytest.mark.django_db


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def row_of(model: type[Model], world: dict[str, Any]) -> Model:
    if model is Group:
        return Group.objects.create(name="Supervisors")
    row = world.get(model._meta.model_name or "") or model._default_manager.first()
    assert row is not None, f"the world has no {model}"
    return row


def test_every_model_has_pages_or_stands_inside_those_of_another() -> None:
    assert set(apps.get_app_config("routing").get_models()) - set(REGISTERED) == INSIDE_OTHERS | INTERNAL


@OF_MODELS
@pytest.mark.parametrize("query", ["", "?q=spring", "?q=%2B1%20202%20555%200100"], ids=["all", "word", "number"])
def test_list_opens(model: type[Model], query: str, admin: User, world: dict[str, Any]) -> None:
    response = client_of(admin).get(address(model, "changelist") + query, follow=True)

    assert response.status_code == 200


@OF_MODELS
def test_add_page_opens_where_rows_may_be_added(model: type[Model], admin: User, world: dict[str, Any]) -> None:
    response = client_of(admin).get(address(model, "add"))

    assert response.status_code == (403 if model in NEVER_ADDED else 200)


@OF_MODELS
def test_change_page_opens(model: type[Model], admin: User, world: dict[str, Any]) -> None:
    row = row_of(model, world)

    response = client_of(admin).get(address(model, "change", row.pk))

    assert response.status_code == 200
    assert (b"_save" in response.content) is (model not in READ_ONLY)


@OF_MODELS
def test_delete_page_opens_where_rows_may_be_deleted(model: type[Model], admin: User, world: dict[str, Any]) -> None:
    row = row_of(model, world)

    response = client_of(admin).get(address(model, "delete", row.pk))

    assert response.status_code == (403 if model in NEVER_ADDED else 200)


@OF_MODELS
def test_history_page_opens(model: type[Model], admin: User, world: dict[str, Any]) -> None:
    row = row_of(model, world)

    response = client_of(admin).get(address(model, "history", row.pk))

    assert response.status_code == 200


@OF_MODELS
@pytest.mark.parametrize("page", ["changelist", "add", "change", "delete"])
def test_page_is_closed(model: type[Model], page: str, staff: User, world: dict[str, Any]) -> None:
    args = [row_of(model, world).pk] if page in {"change", "delete"} else []

    of_anonymous = Client().get(address(model, page, *args))
    of_staff = client_of(staff).get(address(model, page, *args))

    assert of_anonymous.status_code == 302
    assert of_anonymous["Location"].startswith("/admin/login/")
    assert of_staff.status_code == 403


@OF_MODELS
def test_autocomplete_and_filters_answer(model: type[Model], admin: User, world: dict[str, Any]) -> None:
    client = client_of(admin)
    list_filter = django_admin.site._registry[model].get_list_filter(client.request().wsgi_request)

    for item in list_filter:
        name = item[0] if isinstance(item, tuple) else item
        if isinstance(name, str) and name.endswith("_at"):
            name = f"{name}__gte"
        query = {name: "2026-01-01 00:00+00:00"} if isinstance(name, str) and name.endswith("__gte") else {}
        assert client.get(address(model, "changelist"), query, follow=True).status_code == 200


def test_index_shows_only_what_a_user_may_see(staff: User, world: dict[str, Any]) -> None:
    response = client_of(staff).get("/admin/")

    assert response.status_code == 200
    assert b"/admin/routing/" not in response.content
    assert b"/admin/simulator/" not in response.content


def test_sidebar_leads_to_every_list(admin: User, world: dict[str, Any]) -> None:
    response = client_of(admin).get("/admin/")

    missing = [
        model for model in REGISTERED
        if address(model, "changelist") not in response.content.decode()
    ]  # fmt: skip
    assert not missing


def test_a_deleted_key_leaves_the_calls(admin: User, world: dict[str, Any]) -> None:
    call = world["call"]
    Call.objects.filter(pk=call.pk).update(api_key=world["apikey"])

    client_of(admin).post(address(ApiKey, "delete", world["apikey"].pk), {"post": "yes"})

    call.refresh_from_db()
    assert call.api_key is None


def test_deleting_rules_closes_the_gaps(admin: User, world: dict[str, Any]) -> None:
    doomed = Rule.objects.filter(key__in=["vip-callers", "mexico"]).values_list("pk", flat=True)
    form = {"action": "delete_selected", "_selected_action": list(doomed), "post": "yes"}

    client_of(admin).post(address(Rule, "changelist"), form)

    assert list(Rule.objects.values_list("key", "position")) == [
        ("spring", 1), ("nobody", 2), ("gold", 3), ("closed", 4),
    ]  # fmt: skip


def test_deleting_asks_about_the_row_and_not_about_its_lines(admin: User, world: dict[str, Any]) -> None:
    rule = Rule.objects.get(key="spring")

    page = client_of(admin).get(address(Rule, "delete", rule.pk)).content.decode()

    assert page.count(f'href="/admin/routing/rule/{rule.pk}/change/">Spring offers</a>') <= 2  # the crumb and the row
    assert "Rules: 1" in page
    assert "Target of a rule" not in page
    assert "relationship" not in page


def test_deleting_a_list_counts_its_numbers_and_does_not_name_them(admin: User, world: dict[str, Any]) -> None:
    nuisance = NumberList.objects.get(key="nuisance")

    text = client_of(admin).get(address(NumberList, "delete", nuisance.pk)).content.decode()

    assert "Number lists: 1" in text
    assert "List entries: 1" in text
    assert "+12025550166" not in text


def test_what_is_in_use_says_by_what_instead_of_being_deleted(admin: User, world: dict[str, Any]) -> None:
    office, rule = Schedule.objects.get(key="office"), Rule.objects.get(key="closed")
    client = client_of(admin)

    one = client.get(address(Schedule, "delete", office.pk)).content.decode()
    selected = {"action": "delete_selected", "_selected_action": [office.pk]}
    some = client.post(address(Schedule, "changelist"), selected).content.decode()

    assert "“Office hours” is in use, and cannot be deleted" in one
    assert "Some of these are in use, and nothing was deleted" in some
    for page in (one, some):
        assert f'<a href="{address(Rule, "change", rule.pk)}">Outside office hours</a>' in page
        assert "protected" not in page
    assert f'href="{address(Schedule, "change", office.pk)}">Back' in one
