"""The page of scheduled calls: what they would be decided as today."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests.admin.conftest import allow, client_of, make_scheduled_call

PAGE = "/admin/routing/scheduledcall/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def scheduled(world: dict[str, Any]) -> None:
    """One call that was decided for the desk, which would not take it today, and one whose time has come."""
    now = timezone.now()
    make_scheduled_call(now, target_key="desk", target_name="Front desk", target_kind="transfer")
    make_scheduled_call(now, target_name="Yesterday's", scheduled_for=now - timedelta(days=1))


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("", ["Front desk", "Target"], ["Yesterday"]),
        ("?today=differently", ["Front desk", "Target"], ["Yesterday"]),
        ("?today=the-same", [], ["Front desk"]),
    ],
)
def test_the_list_tells_what_differs(
    scheduled: None, staff: User, query: str, shown: list[str], hidden: list[str]
) -> None:
    response = client_of(allow(staff, "view_scheduledcall")).get(PAGE + query)

    rows = response.content.decode().partition('id="result_list"')[2]
    assert response.status_code == 200
    assert [word for word in shown if word not in rows] == []
    assert [word for word in hidden if word in rows] == []


def test_it_has_a_permission_of_its_own(scheduled: None, staff: User) -> None:
    assert client_of(allow(staff, "view_call")).get(PAGE).status_code == 403
