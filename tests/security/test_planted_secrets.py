"""Secrets and whole telephone numbers that pass through are in no log line, error page, metric, row or file.

Whatever a test "fails if", it was seen to fail of.
"""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from config.logging import LOG_FORMATS, make_logging
from routing.engine.document import read_document
from routing.models import ApiKey, Call, WebhookSecret
from routing.recorder.drain import drain
from routing.services.publish import publish
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from tests.webhook.world import TABLE

STORED, FROM_SETTINGS, WRONG = "planted-stored-token", "planted-settings-token", "planted-wrong-token"
VAPI_KEY, VAPI_PUBLIC, CREDENTIAL = "planted-vapi-key", "planted-vapi-public", "planted-credential"
CALLER, CALLED = "+12125550177", "+12125550188"
PHONE = "33333333-3333-4333-8333-333333333333"

pytestmark = pytest.mark.django_db


def fail(request: HttpRequest) -> HttpResponse:
    token = STORED
    raise ValueError(f"Key (number)=({CALLER}) is broken, as is %2B{CALLED[1:]}", len(token))


urlpatterns = [path("fail", fail), path("", include("config.urls"))]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything logged, down to DEBUG, in both formats and with the filters of the settings."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = [], root.level
    for log_format in LOG_FORMATS:
        made = logging.config.DictConfigurator(make_logging(log_format))
        made.config["formatters"] = {name: made.configure_formatter(f) for name, f in made.config["formatters"].items()}
        made.config["filters"] = {name: made.configure_filter(f) for name, f in made.config["filters"].items()}
        handler: Any = made.configure_handler(made.config["handlers"]["stderr"])
        handler.setStream(stream)
        handlers.append(handler)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def key(settings: Any, tmp_path: Path, written: io.StringIO) -> str:
    """A published table, secrets of every kind, and a Vapi that refuses connections."""
    settings.ROOT_URLCONF = __name__
    settings.ROUTING_DATA_DIR = tmp_path
    settings.VAPI_WEBHOOK_SECRET, settings.VAPI_API_KEY, settings.VAPI_PUBLIC_KEY = FROM_SETTINGS, VAPI_KEY, VAPI_PUBLIC
    settings.VAPI_BASE_URL = "http://127.0.0.1:9"
    store.reset()
    rows_from_table(read_document(TABLE))
    WebhookSecret.objects.create(name="Production", secret=STORED)
    publish(author=None, note="", now=timezone.now())
    _, plain = ApiKey.objects.create_key("CRM", "secret")
    return plain


def pass_through(key: str) -> list[Any]:
    """Send calls and mistakes to every door, and return the answers that must give nothing away."""
    client = Client(raise_request_exception=False)
    call = {"phoneNumberId": PHONE, "customer": {"number": CALLER}, "id": "77777777-7777-4777-8777-777777777777"}
    asked = {"message": {"type": "assistant-request", "call": call}}
    placed = {
        "phoneNumberId": PHONE,
        "customer": {"number": CALLED},
        "assistantOverrides": {"server": {"url": "https://x.example", "headers": {"Authorization": CREDENTIAL}}},
    }

    def post(address: str, body: Any, **headers: str) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return client.post(address, text, "application/json", headers=headers)

    accepted = post("/vapi/webhook", asked, Authorization=f"Bearer {STORED}")
    assert accepted.status_code == 200, accepted.content
    api = {"Authorization": f"Bearer {key}"}
    answers = [
        accepted,
        post("/vapi/webhook", asked, **{"X-Vapi-Secret": FROM_SETTINGS}),
        post("/vapi/webhook", asked, Authorization=f"Bearer {WRONG}"),
        post("/vapi/webhook", "{" + CALLER, Authorization=f"Bearer {STORED}"),
        post("/api/v1/call", placed, **api),
        post("/api/v1/call", placed, Authorization=f"Bearer {WRONG}"),
        post("/api/v1/call", {"customer": CALLED}, **api),
        post("/api/v1/call/web", {}, **api),
        client.get("/fail"),
        client.get(f"/admin/routing/call/?customer={CALLER}"),
        client.get(f"/nowhere/{CALLED}"),
        client.get("/readyz"),
        client.get("/metrics"),
    ]
    drain()
    store.refresh()
    return answers


def test_nothing_that_was_planted_comes_out(key: str, written: io.StringIO, tmp_path: Path) -> None:
    """Fails without the filter `mask`."""
    answers = pass_through(key)

    secrets = (STORED, FROM_SETTINGS, WRONG, VAPI_KEY, VAPI_PUBLIC, CREDENTIAL, key)
    numbers = (CALLER, CALLED, CALLER[1:], CALLED[1:])
    log = written.getvalue()
    html = "".join(
        answer.content.decode() for answer in answers if answer.status_code != 404 or b"api" in answer.content
    )
    rows = "".join(
        serializers.serialize("json", model._default_manager.all())
        for model in apps.get_app_config("routing").get_models()
    )
    files = "".join(found.read_text(errors="replace") for found in tmp_path.rglob("*") if found.is_file())
    assert "ValueError" in log
    assert Call.objects.filter(customer_number=CALLER).exists()
    assert [word for word in (*secrets, *numbers) if word in log] == []
    assert [word for word in secrets if word in html + rows + files] == []
    assert [word for word in numbers if word in answers[-1].content.decode() + answers[8].content.decode()] == []


@pytest.mark.parametrize("value", [STORED, f"Bearer {STORED}"])
def test_a_stored_secret_does_not_show_itself(value: str, key: str) -> None:
    """Fails if SecretText loses its `__repr__`."""
    row = WebhookSecret.objects.get()

    assert value not in repr(row) + repr(row.__dict__) + str(row)
