"""System checks: mistakes of a deployment, each with an id and a hint.

Those from W010 on ask the database, so only `manage.py check --deploy` runs them: no other command waits for it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import DatabaseError

Configs = Sequence[AppConfig] | None
LOCAL_HOSTS = frozenset({"localhost", ".localhost", "127.0.0.1", "[::1]", "::1", "testserver"})
SHORTEST_KEY = 32
INSECURE_START = "django-insecure-"  # of keys that Django's project template makes


def check_shared_secrets(app_configs: Configs, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn where this machine made up a secret that other machines would need too (an SQLite file has no others)."""
    is_alone = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.DEBUG or is_alone or not settings.GENERATED_SECRETS:
        return []
    names = " and ".join(settings.GENERATED_SECRETS)
    return [
        checks.Warning(
            f"{names}: generated, and kept in {settings.ROUTING_DATA_DIR / 'generated-secrets.json'}.",
            hint=f"Fine on one machine. Before a second one shares the database, give both the same {names}.",
            id="routing.W001",
        )
    ]


def check_public(app_configs: Configs, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn of what is fine on one's own machine and not on a host that others reach."""
    return list(_public_faults()) if set(settings.ALLOWED_HOSTS) - LOCAL_HOSTS else []


def check_data_directory(app_configs: Configs, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn where decisions could not be kept."""
    folder = Path(settings.ROUTING_DATA_DIR)
    nearest = next(path for path in (folder, *folder.parents) if path.exists())  # it is made at need
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        checks.Warning(
            f"ROUTING_DATA_DIR: {folder} cannot be written, so call records would be lost.",
            hint="Name a folder that the server's user may write, on a disk that outlives a restart.",
            id="routing.W004",
        )
    ]


def check_table(app_configs: Configs, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn of what keeps calls from being decided; a database that cannot be read is itself reported."""
    try:
        return list(_table_faults())
    except DatabaseError as error:
        return [
            checks.Warning(
                f"The database cannot be read: {str(error).partition(chr(10))[0]}",
                hint="Look at DATABASE_URL, and run manage.py migrate.",
                id="routing.W014",
            )
        ]


Check = Callable[..., list[checks.CheckMessage]]
ALWAYS: tuple[Check, ...] = (check_shared_secrets, check_public, check_data_directory)
BEFORE_DEPLOYMENT: tuple[Check, ...] = (check_table,)


def _public_faults() -> Iterator[checks.CheckMessage]:
    if settings.DEBUG:
        yield checks.Warning(
            "DEBUG is on, and ALLOWED_HOSTS names a host that others can reach: error pages show the code and data.",
            hint="Set DEBUG=false.",
            id="routing.W002",
        )
    # One that was made here is long, random and kept: that is as good.
    key = str(settings.SECRET_KEY)
    if "SECRET_KEY" not in settings.GENERATED_SECRETS and (len(key) < SHORTEST_KEY or key.startswith(INSECURE_START)):
        yield checks.Warning(
            "SECRET_KEY is short or an example: whoever guesses it can log in as anybody.",
            hint="Leave it out, then one is made and kept, or set the output of: openssl rand -base64 48",
            id="routing.W003",
        )
    if not settings.VAPI_API_KEY:
        yield checks.Warning(
            "VAPI_API_KEY is not set: calls that servers and pages start go to the sandbox, which calls nobody.",
            hint="Set the private key of your Vapi organisation. For a demo this is as it should be.",
            id="routing.W005",
        )
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        yield checks.Warning(
            "PUBLIC_URL is https, and TRUSTED_PROXIES is empty: plain HTTP is not redirected, HSTS not sent, and all "
            "who log in share the proxy's address.",
            hint="Set TRUSTED_PROXIES to the address of the proxy that ends TLS; it must send X-Forwarded-Proto and "
            "X-Forwarded-For.",
            id="routing.W006",
        )


def _table_faults() -> Iterator[checks.CheckMessage]:
    # Checks are loaded before the models are.
    from routing.models import TableSettings, WebhookSecret  # noqa: PLC0415
    from routing.services.draft import read_draft  # noqa: PLC0415

    if not settings.VAPI_WEBHOOK_SECRET and not WebhookSecret.objects.filter(enabled=True).exists():
        yield checks.Warning(
            "There is no webhook secret: every message of Vapi is refused.",
            hint="Add one in the admin under Webhook secrets, or set VAPI_WEBHOOK_SECRET.",
            id="routing.W010",
        )
    if not TableSettings.objects.filter(default_target__isnull=False).exists():
        yield checks.Warning(
            "The table has no default target, so it cannot be published.",
            hint="Choose one in the admin under Table settings.",
            id="routing.W011",
        )
    draft = read_draft()
    if draft.live_revision is None:
        yield checks.Warning(
            "Nothing is published: every caller hears ROUTING_LAST_RESORT.",
            hint="Run manage.py publish, or press Publish in the admin.",
            id="routing.W012",
        )
    elif draft.differs:
        yield checks.Warning(
            f"The draft differs from revision {draft.live_revision}, which answers calls.",
            hint="Review and publish it in the admin, or discard it there.",
            id="routing.W013",
        )
