"""Stored secrets follow the first of the encryption keys."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db.models import TextField
from django.db.models.functions import Cast

from routing.models import WebhookSecret
from routing.services.rotate_secrets import rotate_secrets
from routing.snapshot import store

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PLAIN = "planted-webhook-secret"

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(settings: Any) -> WebhookSecret:
    settings.ENCRYPTION_KEYS = [OLD]
    row = WebhookSecret.objects.create(name="Production", secret=PLAIN)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    return row


def stored(secret: WebhookSecret) -> str:
    return str(WebhookSecret.objects.annotate(token=Cast("secret", TextField())).values_list("token", flat=True).get())


def test_the_old_key_can_be_thrown_away_afterwards(secret: WebhookSecret, settings: Any) -> None:
    """Fails if rotate_secrets does not save."""
    assert rotate_secrets().count == 1

    settings.ENCRYPTION_KEYS = [NEW]
    assert WebhookSecret.objects.get().plan()["token"] == PLAIN
    assert PLAIN not in stored(secret)
    assert store.current().plans[0]["token"] == PLAIN


def test_a_dry_run_changes_nothing(secret: WebhookSecret) -> None:
    """Fails if the dry run saves."""
    before = stored(secret)

    assert rotate_secrets(dry_run=True).count == 1
    assert stored(secret) == before


def test_what_no_key_opens_is_named_and_kept(secret: WebhookSecret, settings: Any) -> None:
    """Fails if the empty text that stands for a locked secret is encrypted in its place."""
    before = stored(secret)
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match="Production"):
        call_command("rotate_secrets")

    assert stored(secret) == before
