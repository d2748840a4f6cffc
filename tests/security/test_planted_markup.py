"""Markup and formulas in every text that staff, callers or Vapi can fill: shown as text, on every page and export.

Whatever a test "fails if", it was seen to fail of.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from routing.models import ApiKey, Call, NumberList, NumberListEntry, Revision, Rule, Schedule, WebhookSecret
from routing.services.publish import publish
from tests.admin.conftest import admin, client_of, world

__all__ = ["admin", "world"]  # fixtures

MARK = "planted"
HOSTILE = f"=cmd()|'{MARK}'!A1\"'><img src=x onerror=alert(1)></script><script>alert(1)</script>{{{{7*7}}}}"
SAFE_FIELDS = {  # their words are checked by the database or made by us, and are no free text
    "key", "slug", "prefix", "key_hash", "checksum", "timezone", "country", "opening_hours", "hours", "secret",
    "digest", "fingerprint", "vapi_id",
}  # fmt: skip
STARTS = ["/admin/", *(f"/admin/{name}/" for name in ("simulator", "dashboard", "connection", "publish", "emergency"))]
MOST_PAGES = 400
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

pytestmark = [pytest.mark.django_db, pytest.mark.once]


class Danger(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            text = value or ""
            is_code = name.startswith(("x-", "@", ":", "on")) or text.strip().lower().startswith("javascript:")
            if is_code and (MARK in text or "alert(1)" in text):
                self.found.append(f"<{tag} {name}={text}>")
        if ("src", "x") in attrs:
            self.found.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script" and data.strip().startswith("alert(1)"):
            self.found.append(f"<script>{data}")


def plant() -> list[str]:
    """Write hostile text into every free text column of every row, and return which columns took it."""
    planted = []
    for model in apps.get_app_config("routing").get_models():
        if model is Revision or model._meta.proxy:
            continue
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
            if is_text and field.name not in SAFE_FIELDS and _fill(model, field):
                planted.append(f"{model.__name__}.{field.name}")
    return planted


def _fill(model: type[models.Model], field: Any) -> bool:
    length = field.max_length or 1000
    try:
        with transaction.atomic():
            for place, row in enumerate(model._default_manager.all()):
                text = f"{HOSTILE}{place}" if length > len(HOSTILE) + 3 else f"<b onx={MARK}{place}>"[:length]
                model._default_manager.filter(pk=row.pk).update(**{field.name: text})
            return model._default_manager.exists()
    except IntegrityError:  # a telephone number and the like: nothing hostile gets in
        return False


def plant_json() -> None:
    """What callers, pages and Vapi say lies in JSON."""
    Call.objects.filter(channel="inbound").update(
        context={
            "channel": "inbound", "customer": HOSTILE, "customer_name": HOSTILE,
            "attributes": {HOSTILE: [HOSTILE, False], "plan": [HOSTILE, True]},
        }
    )  # fmt: skip
    NumberListEntry.objects.update(variables={HOSTILE: HOSTILE})
    Rule.objects.update(overrides={"variableValues": {"name": HOSTILE}})
    ApiKey.objects.update(name=HOSTILE, allowed_origins=[HOSTILE])


@pytest.fixture
def planted(admin: User, world: dict[str, Any]) -> list[str]:
    """A world full of hostile text, published as such, and edited once more."""
    columns = plant()
    plant_json()
    publish(author=admin, note=HOSTILE, now=timezone.now())
    User.objects.update(first_name=HOSTILE[:150], last_name=HOSTILE[:150])
    Schedule.objects.update(name=HOSTILE + "edited")
    return columns


def crawl(client: Client) -> Iterator[tuple[str, str]]:
    """Follow every link from the front page; nothing is pressed."""
    waiting, seen = deque(STARTS), set(STARTS)
    shapes: dict[str, int] = {}
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.popleft()
        response = client.get(path, follow=True)
        assert response.status_code < 500, path
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = response.content.decode()
        yield path, page
        for link in re.findall(r'href="(/admin/[^"#]*)"', page):
            link = link.replace("&amp;", "&")
            shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\d+|=[^&]*", "*", link)
            if link not in seen and "logout" not in link and shapes.setdefault(shape, 0) < 2:
                shapes[shape] += 1
                seen.add(link)
                waiting.append(link)


def test_no_page_runs_what_was_planted(planted: list[str], admin: User) -> None:
    """Fails if one template or column says `|safe` or `mark_safe` of a name, or puts one into an x-data expression."""
    assert {"Rule.name", "Rule.note", "NumberListEntry.label", "EmergencySwitch.reason", "VapiObject.name"} <= set(
        planted
    )
    dangers, shown, count = [], 0, 0
    for path, page in crawl(client_of(admin)):
        count += 1
        shown += MARK in page
        danger = Danger()
        danger.feed(page)
        dangers += [f"{path}: {found[:200]}" for found in danger.found]

    assert dangers == []
    assert count > 60
    assert shown > 30


def test_no_cell_of_an_export_is_a_formula(planted: list[str], admin: User) -> None:
    """Fails if an export writes a text without the apostrophe before it."""
    client = client_of(admin)
    cells = []
    for path in _exports():
        response = client.get(path)
        assert response.status_code == 200, path
        content = b"".join(response) if response.streaming else response.content
        cells += _cells_of(path, content)

    hostile = [cell for cell in cells if MARK in cell]
    assert len(hostile) >= 5
    assert [cell for cell in hostile if cell.startswith(FORMULA_STARTS)] == []


def _exports() -> list[str]:
    lists = [f"/admin/routing/numberlist/{row.pk}/export/" for row in NumberList.objects.all()]
    return ["/admin/routing/call/export/", *lists, *(f"{path}?format=xlsx" for path in lists)]


def _cells_of(path: str, content: bytes) -> list[str]:
    if "xlsx" in path:
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        assert all(cell.data_type != "f" for row in sheet for cell in row)
        return [str(cell.value) for row in sheet for cell in row]
    return [cell for line in csv.reader(io.StringIO(content.decode())) for cell in line]


def test_secrets_are_on_no_page(admin: User, world: dict[str, Any]) -> None:
    """Fails if a form shows a stored secret again, or a page prints a key's hash or the settings' keys."""
    secret, (key, plain) = "planted-webhook-token", ApiKey.objects.create_key("Shop", "secret")
    WebhookSecret.objects.update(secret=secret)

    for path, page in crawl(client_of(admin)):
        for word in (secret, plain, key.key_hash):
            assert word not in page, path
