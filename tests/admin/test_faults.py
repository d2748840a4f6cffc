"""Pages in place of the one that was asked for: they say what is wrong and what to do."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from routing.admin import front
from tests.admin.conftest import client_of

pytestmark = pytest.mark.django_db


def test_a_page_that_the_role_may_not_open_says_whom_to_ask(staff: User) -> None:
    response = client_of(staff).get("/admin/emergency/")

    assert response.status_code == 403
    assert "Your role may not do this" in response.content.decode()


def test_an_address_without_a_page_says_so(staff: User) -> None:
    response = client_of(staff).get("/admin/no-such-page/")

    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_a_form_older_than_the_log_in_says_that_nothing_was_done_and_what_to_do(admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)

    response = client.post("/admin/emergency/", {"reason": "Fire"})

    text = response.content.decode()
    assert response.status_code == 403
    assert "Nothing has been done" in text
    assert '<a href="/admin/emergency/">open the page anew</a>' in text


def test_a_fault_says_that_calls_are_answered(
    admin: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_of(admin)
    client.raise_request_exception = False

    def fail(*_: Any) -> None:
        raise OperationalError("no answer")

    monkeypatch.setattr(front, "checklist_context", fail)
    response = client.get("/admin/")

    assert response.status_code == 500
    assert "Calls are still answered" in response.content.decode()
