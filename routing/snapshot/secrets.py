"""How Vapi may prove itself: stored secrets, which stay encrypted until a plan is made of them."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast

from routing.models import SecretLocked, WebhookSecret
from routing.models.encrypted import DUMPED

logger = logging.getLogger(__name__)

Plan = Mapping[str, Any]
Secret = Mapping[str, Any]  # the columns of a WebhookSecret as JSON values, `secret` still encrypted

COLUMNS = tuple(field.attname for field in WebhookSecret._meta.concrete_fields if field.attname not in {"id", "secret"})


def load_secrets() -> tuple[Secret, ...]:
    """Return the secrets in use, as the database holds them: encrypted."""
    # The cast hides the column's type, which would decrypt it.
    rows = WebhookSecret.objects.filter(enabled=True).annotate(token=Cast("secret", TextField()))
    return tuple(
        {**row, "expires_at": row["expires_at"].isoformat() if row["expires_at"] else None}
        for row in rows.values("token", *COLUMNS)
    )


def make_plans(secrets: Iterable[Secret]) -> tuple[Plan, ...]:
    """Return the authentication plans of the secrets and of VAPI_WEBHOOK_SECRET, decrypted.

    Expired ones stay in: each plan carries its end, which is judged when a request comes.
    """
    plans = []
    for secret in secrets:
        try:
            plans.append(_plan(secret))
        except SecretLocked as error:
            logger.error("Webhook secret %r is not used: %s", secret["name"], error)
    return (*plans, *_plans_of_settings())


def _plan(secret: Secret) -> Plan:
    columns = {name: secret[name] for name in COLUMNS}
    if columns["expires_at"]:
        columns["expires_at"] = datetime.fromisoformat(columns["expires_at"])
    decrypted = WebhookSecret._meta.get_field("secret").to_python(DUMPED + secret["token"])
    return WebhookSecret(**columns, secret=decrypted).plan()


def _plans_of_settings() -> tuple[Plan, ...]:
    """Accept the one secret in each place where Vapi may put it."""
    token = settings.VAPI_WEBHOOK_SECRET
    if not token:
        return ()
    return (
        {"type": "bearer", "token": token, "headerName": "Authorization", "bearerPrefixEnabled": True},
        {"type": "bearer", "token": token, "headerName": "Authorization", "bearerPrefixEnabled": False},
        {"type": "bearer", "token": token, "headerName": "X-Vapi-Secret", "bearerPrefixEnabled": False},
    )
