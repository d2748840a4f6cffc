"""A secret that cannot be used must not lock out the others."""

import logging

import pytest

from routing.models import WebhookSecret
from routing.snapshot import store
from tests.webhook.adapters import Send
from tests.webhook.world import KNOWN


def test_a_secret_that_cannot_be_used_is_left_out_and_named_in_the_log(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    WebhookSecret.objects.create(name="odd", kind="hmac", secret="%%% no base64", secret_is_base64=True)
    WebhookSecret.objects.create(name="fine", kind="bearer", secret="fine")
    store.reset()

    with caplog.at_level(logging.ERROR):
        assert send(b"{}", {"Authorization": "Bearer fine"})[0] == 200
        assert send(b"{}", KNOWN)[0] == 200

    assert "secretKey is not base64" in caplog.text
    assert "%%%" not in caplog.text
