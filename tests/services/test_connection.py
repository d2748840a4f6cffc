"""What the Connection page may tell, and what it must not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from routing.models import Call, WebhookCount, WebhookOutcome, WebhookSecret
from routing.recorder import spool
from routing.recorder.drain import drain
from routing.recorder.files import writer
from routing.services.connection import read_connection, read_spool, webhook_address
from routing.services.count_messages import count_messages, last_message, was_ever_accepted
from tests.recorder.records import call

HOUR = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("public_url", "url", "fault"),
    [
        ("", "http://127.0.0.1:8000/vapi/webhook", "PUBLIC_URL is not set"),
        ("https://calls.example.com", "https://calls.example.com/vapi/webhook", ""),
        ("https://example.com/calls", "https://example.com/calls/vapi/webhook", ""),
        ("http://calls.example.com", "http://calls.example.com/vapi/webhook", "begins with http:"),
        ("https://localhost:8000", "https://localhost:8000/vapi/webhook", "this machine itself"),
    ],
)
def test_the_address_to_enter_at_vapi(settings: Settings, public_url: str, url: str, fault: str) -> None:
    settings.PUBLIC_URL, settings.HOST, settings.PORT = public_url, "127.0.0.1", 8000

    address = webhook_address()

    assert address.url == url
    assert len(address.faults) == bool(fault)
    assert fault in "".join(address.faults)


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "ending"), [("", ""), ("short-key", ""), ("0123456789abcdef", "cdef")])
def test_of_a_key_only_the_end_is_told_and_of_a_short_one_nothing(settings: Settings, key: str, ending: str) -> None:
    settings.VAPI_API_KEY = key

    shown = read_connection(since=HOUR, now=HOUR).keys[0]

    assert (shown.name, shown.is_set, shown.ending) == ("VAPI_API_KEY", bool(key), ending)


@pytest.mark.django_db
def test_no_secret_is_among_what_is_told(settings: Settings) -> None:
    settings.VAPI_WEBHOOK_SECRET = "from-the-environment"
    settings.VAPI_API_KEY = "private-key-0123456789"
    WebhookSecret.objects.create(name="Production", secret="open sesame")
    WebhookSecret.objects.create(name="Signed", kind="hmac", secret="open sesame", enabled=False)

    connection = read_connection(since=HOUR, now=HOUR)

    assert [(it.name, it.header, it.enabled) for it in connection.secrets] == [
        ("Production", "Authorization", True),
        ("Signed", "x-signature", False),
        ("VAPI_WEBHOOK_SECRET", "Authorization or X-Vapi-Secret", True),
    ]
    for secret in ("from-the-environment", "private-key", "open sesame"):
        assert secret not in repr(connection)


@pytest.mark.django_db
def test_the_last_outbound_call_is_told_and_inbound_ones_are_not() -> None:
    now = timezone.now()
    assert read_connection(since=now, now=now).outbound is None
    Call.objects.create(channel="outbound", state="failed", error="Vapi said no", decided_at=now - timedelta(hours=2))
    Call.objects.create(channel="inbound", decided_at=now)

    outbound = read_connection(since=now, now=now).outbound

    assert outbound is not None
    assert outbound.error == "Vapi said no"


@pytest.mark.django_db
def test_messages_are_counted_by_the_hour_and_the_newest_is_found() -> None:
    for hour, outcome, count, minute, detail in (
        (HOUR - timedelta(hours=1), "answered", 5, 59, "assistant-request"),
        (HOUR, "answered", 2, 10, "campaign.predial"),
        (HOUR, "noted", 7, 30, "end-of-call-report"),
        (HOUR, "unauthorized", 3, 20, "clock: +400"),
    ):
        last_at = hour + timedelta(minutes=minute)
        WebhookCount.objects.create(hour=hour, outcome=outcome, count=count, last_at=last_at, detail=detail)

    today = count_messages(HOUR, HOUR + timedelta(hours=1))
    accepted = last_message(WebhookOutcome.ANSWERED, WebhookOutcome.NOTED)

    assert {outcome: count for outcome, count in today.items() if count} == {
        "answered": 2, "noted": 7, "unauthorized": 3,
    }  # fmt: skip
    assert accepted is not None
    assert (accepted.at, accepted.detail) == (HOUR + timedelta(minutes=30), "end-of-call-report")


@pytest.mark.django_db
def test_a_refused_message_is_no_accepted_one() -> None:
    WebhookCount.objects.create(hour=HOUR, outcome="unauthorized", count=3, last_at=HOUR)
    assert not was_ever_accepted()

    WebhookCount.objects.create(hour=HOUR, outcome="noted", count=1, last_at=HOUR)
    assert was_ever_accepted()


@pytest.mark.django_db
def test_the_spool_tells_what_waits(settings: Settings, tmp_path: Path) -> None:
    settings.ROUTING_DATA_DIR = tmp_path
    writer.forget()
    assert read_spool().files == 0
    spool.append(call())

    waiting = read_spool()
    drain()

    assert (waiting.files, waiting.size_bytes > 100, waiting.oldest_seconds < 60) == (1, True, True)
    assert read_spool().files == 0
    writer.forget()
