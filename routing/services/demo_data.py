"""The demo world: a small company whose table, keys and log-in a newcomer can play with."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import models, transaction

from routing.engine.table import Table
from routing.models import (
    ApiKey,
    Campaign,
    EmergencySwitch,
    NumberList,
    NumberListEntry,
    OurNumber,
    Rule,
    Schedule,
    Target,
    WebhookSecret,
)
from routing.models.access import ApiKeyKind
from routing.services.import_table import import_table, read_table
from routing.services.publish import publish

DEMO_TABLE = Path(__file__).with_name("demo_table.yaml")
ADMIN_USER = "admin"
SECRET_KEY_NAME = "Demo server"  # noqa: S105 - the name of a key, not a key
PUBLISHABLE_KEY_NAME = "Demo web page"
WEBHOOK_SECRETS = {"Demo bearer token": ("Authorization", True), "Demo X-Vapi-Secret": ("X-Vapi-Secret", False)}


class NotADemoDatabase(Exception):
    """The database holds something that is not the demo's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoCredentials:
    """What opens the demo; shown once, because only hashes of the keys and the password are kept."""

    admin_user: str
    admin_password: str
    secret_key: str
    publishable_key: str
    webhook_secret: str

    def as_dict(self) -> dict[str, str]:
        """Return the credentials under their names."""
        return asdict(self)


def load_demo(*, now: datetime) -> DemoCredentials:
    """Load and publish the demo's table, and make its log-in and keys anew.

    Raises NotADemoDatabase, and changes nothing, if the database holds anything else.
    """
    text = DEMO_TABLE.read_text(encoding="utf-8")
    with transaction.atomic():
        _refuse_other_data(read_table(text))
        import_table(text)
        publish(author=None, note="The demo's table", now=now)
        return DemoCredentials(
            admin_user=ADMIN_USER,
            admin_password=_renew_admin(),
            secret_key=_renew_key(SECRET_KEY_NAME, ApiKeyKind.SECRET),
            publishable_key=_renew_key(PUBLISHABLE_KEY_NAME, ApiKeyKind.PUBLISHABLE, allowed_origins=["*"]),
            webhook_secret=_keep_webhook_secret(),
        )


def _refuse_other_data(demo: Table) -> None:
    allowed: tuple[tuple[type[models.Model], str, set[str]], ...] = (
        (Target, "key", {target.key for target in demo.targets}),
        (Schedule, "key", {schedule.key for schedule in demo.schedules}),
        (OurNumber, "vapi_id", {number.vapi_id for number in demo.numbers}),
        (Campaign, "slug", {campaign.slug for campaign in demo.campaigns}),
        (NumberList, "key", {spec.key for spec in demo.lists}),
        (NumberListEntry, "number", {entry.number for spec in demo.lists for entry in spec.entries or ()}),
        (Rule, "key", {rule.key for rule in demo.rules}),
        (EmergencySwitch, "reason", set()),
        (ApiKey, "name", {SECRET_KEY_NAME, PUBLISHABLE_KEY_NAME}),
        (WebhookSecret, "name", set(WEBHOOK_SECRETS)),
        (get_user_model(), "username", {ADMIN_USER}),
    )
    for model, field, ours in allowed:
        stranger = model._default_manager.exclude(**{f"{field}__in": ours}).first()
        if stranger is not None:
            raise NotADemoDatabase(
                f"This database holds {model._meta.verbose_name} “{stranger}”, which is not the demo's. "
                "The demo would overwrite your table: load it into an empty database instead."
            )


def _renew_admin() -> str:
    password = secrets.token_urlsafe(12)
    users = get_user_model()._default_manager
    user, _ = users.update_or_create(username=ADMIN_USER, defaults={"is_staff": True, "is_superuser": True})
    user.set_password(password)
    user.save()
    return password


def _renew_key(name: str, kind: ApiKeyKind, **fields: object) -> str:
    ApiKey.objects.filter(name=name).delete()
    _, plain_text = ApiKey.objects.create_key(name, kind, **fields)
    return plain_text


def _keep_webhook_secret() -> str:
    """Vapi may already know the secret, so it stays; both rows carry the same one."""
    first = WebhookSecret.objects.filter(name__in=WEBHOOK_SECRETS).first()
    secret = first.secret if first else secrets.token_urlsafe(24)
    for name, (header, with_prefix) in WEBHOOK_SECRETS.items():
        WebhookSecret.objects.update_or_create(
            name=name,
            defaults={"kind": "bearer", "secret": secret, "header_name": header, "with_prefix": with_prefix},
        )
    return secret
