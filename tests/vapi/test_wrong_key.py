"""A key that Vapi refuses is explained, and nothing of Vapi's own answer is lost."""

from __future__ import annotations

from typing import Any

import pytest

from routing.vapi.errors import VapiError
from routing.vapi.wrong_key import explain_wrong_key


@pytest.mark.parametrize(
    ("request_line", "public_key", "explanation"),
    [
        ("POST /call", "public", "POST /call needs the organisation's private key"),
        ("POST /call", "", "POST /call needs the organisation's private key"),
        ("GET /call", "public", "GET /call needs the organisation's private key"),
        ("POST /call", "private", "this is a public key; POST /call needs the private one"),
        ("POST /call/web", "public", "POST /call/web needs the organisation's public key"),
        ("POST /call/web", "", "VAPI_PUBLIC_KEY is not set"),
    ],
)
@pytest.mark.parametrize("said", ["Invalid Key.", ["Invalid Key."], None])
def test_a_wrong_key_is_explained(request_line: str, public_key: str, explanation: str, said: Any) -> None:
    error = VapiError(401, {"message": said, "more": [1]}, retryable=False, ambiguous=False)

    explained = explain_wrong_key(error, request_line, api_key="private", public_key=public_key)

    message = explained.body["message"]
    assert explanation in (message[-1] if isinstance(said, list) else message)
    assert message[0] == said[0] if isinstance(said, list) else message.startswith(said or "VAPI_")
    assert explained.body["more"] == [1]
    assert explanation in str(explained)


@pytest.mark.parametrize("status", [None, 400, 403, 429, 500])
def test_other_errors_stay_as_they_are(status: int | None) -> None:
    error = VapiError(status, {"message": "No."}, retryable=True, ambiguous=True)

    assert explain_wrong_key(error, "POST /call", api_key="a", public_key="b") is error
