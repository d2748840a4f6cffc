"""Keys and secrets: what is stored, what is shown, and what still opens."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from routing.models import ApiKey, SecretLocked, WebhookSecret

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("kind", "start"), [("secret", "sb_sk_"), ("publishable", "sb_pk_")])
def test_key_is_found_by_its_text_which_is_not_stored(kind: str, start: str) -> None:
    row, plain_text = ApiKey.objects.create_key("CRM", kind, policy="always_route")

    assert plain_text.startswith(start)
    assert len(plain_text) == len(start) + 43
    assert ApiKey.objects.find(plain_text, NOW) == row
    assert (row.prefix, row.policy) == (plain_text[:12], "always_route")
    assert plain_text not in str(ApiKey.objects.values().get())


@pytest.mark.parametrize(
    ("fields", "is_found"),
    [
        ({}, True),
        ({"expires_at": NOW + SECOND}, True),
        ({"expires_at": NOW}, False),
        ({"revoked_at": NOW - SECOND}, False),
    ],
)
def test_revoked_and_expired_keys_are_not_found(fields: dict[str, Any], is_found: bool) -> None:
    _, plain_text = ApiKey.objects.create_key("CRM", "secret", **fields)

    assert (ApiKey.objects.find(plain_text, NOW) is not None) is is_found


@pytest.mark.parametrize("text", ["", "sb_sk_", "sb_sk_wrong", "\ud800"])
def test_wrong_key_is_not_found(text: str) -> None:
    ApiKey.objects.create_key("CRM", "secret")

    assert ApiKey.objects.find(text, NOW) is None


def _stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM routing_webhooksecret")
        return str(cursor.fetchone()[0])


def test_secret_is_stored_encrypted_and_never_shown() -> None:
    WebhookSecret.objects.create(name="Main", secret="hush")

    row = WebhookSecret.objects.get()

    assert row.secret == "hush"
    assert "hush" not in _stored()
    assert "hush" not in repr([row, row.secret, vars(row)])
    assert "hush" not in serializers.serialize("json", [row])


def test_dump_can_be_loaded_again() -> None:
    row = WebhookSecret.objects.create(name="Main", secret="hush")
    dump = serializers.serialize("json", [row])
    row.delete()

    for loaded in serializers.deserialize("json", dump):
        loaded.save()

    assert WebhookSecret.objects.get().secret == "hush"


def test_keys_can_be_replaced(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    row = WebhookSecret.objects.create(name="Main", secret="hush")
    settings.ENCRYPTION_KEYS = [new, old]

    row.refresh_from_db()
    row.save()

    settings.ENCRYPTION_KEYS = [new]
    assert WebhookSecret.objects.get().plan()["token"] == "hush"


def test_secret_of_a_lost_key_says_so_and_survives_saving(settings: Settings) -> None:
    good = settings.ENCRYPTION_KEYS
    WebhookSecret.objects.create(name="Main", secret="hush")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    row = WebhookSecret.objects.get()
    with pytest.raises(SecretLocked, match="add the key"):
        row.plan()
    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    row.name = "Renamed"
    row.save()

    assert list(refusal.value.message_dict) == ["secret"]
    settings.ENCRYPTION_KEYS = good
    assert WebhookSecret.objects.get(name="Renamed").plan()["token"] == "hush"


def test_secrets_cannot_be_searched() -> None:
    with pytest.raises(FieldError):
        WebhookSecret.objects.filter(secret="hush").exists()

    assert not WebhookSecret.objects.filter(secret__isnull=True).exists()


PLANS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "bearer": (
        {},
        {"type": "bearer", "token": "hush", "headerName": "Authorization", "bearerPrefixEnabled": True},
    ),
    "plain header": (
        {"header_name": "X-Vapi-Secret", "with_prefix": False},
        {"type": "bearer", "token": "hush", "headerName": "X-Vapi-Secret", "bearerPrefixEnabled": False},
    ),
    "HMAC as Vapi does by default": (
        {"kind": "hmac"},
        {
            "type": "hmac",
            "secretKey": "hush",
            "algorithm": "sha256",
            "signatureHeader": "x-signature",
            "timestampHeader": "x-timestamp",
            "includeTimestamp": True,
            "signatureEncoding": "hex",
            "secretIsBase64": False,
        },
    ),
    "HMAC with everything": (
        {
            "kind": "hmac",
            "algorithm": "sha1",
            "signature_header": "webhook-signature",
            "timestamp_header": "webhook-timestamp",
            "include_timestamp": False,
            "payload_format": "{svix-id}.{timestamp}.{body}",
            "signature_prefix": "v1,",
            "signature_encoding": "base64",
            "message_id_header": "webhook-id",
            "secret_is_base64": True,
            "expires_at": NOW,
        },
        {
            "type": "hmac",
            "secretKey": "hush",
            "algorithm": "sha1",
            "signatureHeader": "webhook-signature",
            "timestampHeader": "webhook-timestamp",
            "includeTimestamp": False,
            "payloadFormat": "{svix-id}.{timestamp}.{body}",
            "signaturePrefix": "v1,",
            "signatureEncoding": "base64",
            "messageIdHeader": "webhook-id",
            "secretIsBase64": True,
            "expiresAt": NOW.isoformat(),
        },
    ),
}


@pytest.mark.parametrize(("fields", "plan"), PLANS.values(), ids=PLANS)
def test_plan_speaks_as_vapi_does(fields: dict[str, Any], plan: dict[str, Any]) -> None:
    WebhookSecret.objects.create(name="Main", secret="hush", **fields)

    assert WebhookSecret.objects.get().plan() == plan
    assert json.dumps(plan)
