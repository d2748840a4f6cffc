"""The Django application of Switchboard."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from routing.checks import ALWAYS, BEFORE_DEPLOYMENT


class RoutingConfig(AppConfig):
    """Registers the system checks, and frees migrations of the time limit that requests have."""

    name = "routing"
    label = "routing"
    verbose_name = "Switchboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks and the receivers."""
        for check in ALWAYS:
            register(check)
        for check in BEFORE_DEPLOYMENT:
            register(check, deploy=True)
        pre_migrate.connect(lift_time_limit, sender=self)
        # Models cannot be imported while the application itself is being loaded.
        from routing.models.triggers import prepare_database  # noqa: PLC0415

        post_migrate.connect(prepare_database, sender=self)
        post_migrate.connect(restore_time_limit, sender=self)


def lift_time_limit(using: str, **kwargs: Any) -> None:
    """Let a migration of a large PostgreSQL table run for longer than a request may."""
    _set_time_limit(using, "SET statement_timeout = 0")


def restore_time_limit(using: str, **kwargs: Any) -> None:
    """Put the limit back to what the settings say."""
    _set_time_limit(using, "RESET statement_timeout")


def _set_time_limit(using: str, statement: str) -> None:
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)
