"""The worlds of the webhook's and the API's tests."""

from tests.webhook.conftest import published

__all__ = ["published"]
