"""The world of the webhook's tests."""

from tests.webhook.conftest import published

__all__ = ["published"]
