"""System checks: mistakes of a deployment, each with an id and a hint."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks


def check_shared_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
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
