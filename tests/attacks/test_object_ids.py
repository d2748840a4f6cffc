"""Every address, asked by those who may not; and those with an id in them with ids of others, or with no id at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from routing.models import ApiKey, ListChange, LiveState
from tests.admin.conftest import _fresh_process, admin, client_of, staff, world

__all__ = ["_fresh_process", "admin", "staff", "world"]
pytestmark = pytest.mark.django_db
PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?\w+>")
GROUP = re.compile(r"\(\?P<\w+>\[0-9A-Za-z_-\]\{1,64\}\)")
NOBODY = ["00000000-0000-4000-8000-000000000000", "-1", "9" * 18, "9" * 40, "none", "1_2F3", "%00", "1'--", "../1"]
# What names no object: words of Django's own addresses, and the page for every address that is none.
NO_OBJECT = {"admin/^(?P<app_label>routing|auth)/$", "admin/(?P<url>.*)$"}
REFUSALS = {302, 400, 401, 403, 404, 405}
# What says nothing of the company: the way in and out, one's own password, and what the API and probes are.
FOR_STRANGERS = {"/admin/login/", "/api/docs", "/api/schema", "/healthz", "/readyz", "/metrics"}
FOR_ALL_STAFF = {
    "/admin/",
    "/admin/search/",
    "/admin/jsi18n/",
    "/admin/password_change/",
    "/admin/password_change/done/",
}
LOG_OUT = "/admin/logout/"  # would end what the others are asked with
HOW_MANY = pytest.mark.parametrize(
    "every", [False, pytest.param(True, marks=pytest.mark.faults)], ids=["one each", "all"]
)


def patterns(of: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield every pattern that leads to a page of one's own."""
    for entry in of:
        whole = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, whole)
        elif whole not in NO_OBJECT:
            yield whole


PLAIN, PATTERNS = (
    sorted(pattern for pattern in patterns(get_resolver().url_patterns) if ("<" in pattern) is has_id)
    for has_id in (False, True)
)


def address(pattern: str, name: str) -> str:
    """Return the pattern's address with this name in every place of an id."""
    plain = re.sub(r"[\^$?]", "", GROUP.sub("<>", pattern)).replace("v1//", "v1/").replace("<>/", "<>")
    return "/" + PARAMETER.sub(name, plain).replace("<>", name)


def rows() -> dict[str, list[Any]]:
    """Return every row that staff know, so that a change of any is seen."""
    models = [
        model for model in apps.get_app_config("routing").get_models() if model not in {ListChange, LiveState, ApiKey}
    ]
    return {model._meta.label: sorted(map(repr, model._base_manager.values())) for model in models}


def test_the_addresses_are_found() -> None:
    """Sabotage seen to fail: `patterns` that does not look into included addresses."""
    assert len([pattern for pattern in PATTERNS if pattern.startswith("admin/")]) > 70
    assert len([pattern for pattern in PATTERNS if pattern.startswith("api/")]) == 2
    assert len([pattern for pattern in PLAIN if pattern.startswith("admin/")]) > 50


def addresses(names: list[str], every: bool) -> list[str]:
    """Return each pattern with every name, or with one of them: a page takes a hundredth of a second."""
    if every:
        return [address(pattern, name) for pattern, name in product(PATTERNS, names)]
    return [address(pattern, names[place % len(names)]) for place, pattern in enumerate(PATTERNS)]


@HOW_MANY
def test_ids_of_nobody_are_refused(every: bool, admin: User, world: dict[str, Any]) -> None:
    """Even whoever may do everything gets no error and changes nothing.

    Sabotage seen to fail (all): `Rule.objects.get` in place of `get_object_or_404` in the preview of a rule.
    """
    client, before = client_of(admin), rows()
    client.raise_request_exception = False

    given = {
        (verb, url): getattr(client, verb)(url).status_code
        for url, verb in product(addresses(NOBODY, every), ("get", "post"))
    }

    assert {asked: status for asked, status in given.items() if status not in REFUSALS} == {}
    assert rows() == before


@HOW_MANY
def test_objects_are_closed_to_whoever_may_not_see_them(every: bool, staff: User, world: dict[str, Any]) -> None:
    """Ids that exist, asked by staff without any permission and by strangers.

    Sabotage seen to fail (all): the export of a list without its question for the permission.
    """
    ids = sorted({str(row.pk) for row in world.values()} | {"1", "2"})
    before = rows()
    clients = {"staff": client_of(staff), "stranger": Client()}
    urls = addresses(ids, every)

    given = {
        (who, verb, url): getattr(clients[who], verb)(url).status_code
        for who, verb, url in product(clients, ("get", "post"), urls)
    }

    assert {asked: status for asked, status in given.items() if status not in REFUSALS} == {}
    assert rows() == before


def test_pages_are_closed_to_staff_without_a_role_and_to_strangers(staff: User, world: dict[str, Any]) -> None:
    """Sabotage seen to fail: the page for what Vapi has (`sync/choices/`) without its question for the permission."""
    before = rows()
    urls = {address(pattern, "") for pattern in PLAIN} - {LOG_OUT}
    clients = {"staff": client_of(staff), "stranger": Client()}

    opened = {
        who: {url for url in urls for verb in ("get", "post") if getattr(client, verb)(url).status_code not in REFUSALS}
        for who, client in clients.items()
    }

    assert opened["stranger"] == FOR_STRANGERS
    assert opened["staff"] == FOR_STRANGERS | FOR_ALL_STAFF
    assert rows() == before
