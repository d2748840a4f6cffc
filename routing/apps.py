"""The Django application of Switchboard."""

from django.apps import AppConfig
from django.core.checks import register

from routing.checks import check_shared_secrets


class RoutingConfig(AppConfig):
    """Registers the models, the admin and the system checks."""

    name = "routing"
    label = "routing"
    verbose_name = "Switchboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        register(check_shared_secrets)
