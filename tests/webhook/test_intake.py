"""How a WSGI request becomes the values that the webhook takes."""

import io
from typing import Any

import pytest
from django.test import override_settings

from routing.webhook.intake import LONGEST_BODY, read_intake


class CountedInput(io.BytesIO):
    """A request body that knows how much of it was asked for."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        assert size is not None
        assert size > 0, "a server may block here"
        piece = super().read(size)
        self.asked += len(piece)
        return piece


class Dripping(io.BytesIO):
    """A request body that arrives in small pieces."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read seven bytes at most."""
        return super().read(min(size or 0, 7))


def make_environ(body: bytes = b"", **environ: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "wsgi.url_scheme": "http",
        "wsgi.input": CountedInput(body),
        "HTTP_HOST": "127.0.0.1:8000",
        "PATH_INFO": "/vapi/webhook",
    } | environ


@pytest.mark.parametrize(
    ("environ", "body", "read"),
    [
        ({"CONTENT_LENGTH": "5"}, b"hello", b"hello"),
        ({"CONTENT_LENGTH": "3"}, b"hello", b"hel"),
        ({"CONTENT_LENGTH": "9"}, b"hello", b"hello"),
        ({"CONTENT_LENGTH": ""}, b"hello", b""),
        ({"CONTENT_LENGTH": "-1"}, b"hello", b""),
        ({"CONTENT_LENGTH": "²"}, b"hello", b""),
        ({"CONTENT_LENGTH": "many"}, b"hello", b""),
        ({}, b"hello", b""),
        ({"wsgi.input_terminated": True}, b"hello", b"hello"),
        ({"wsgi.input_terminated": True, "CONTENT_LENGTH": "3"}, b"hello", b"hel"),
    ],
    ids=str,
)
def test_a_body_is_read_as_far_as_it_goes(environ: dict[str, Any], body: bytes, read: bytes) -> None:
    assert read_intake(make_environ(body, **environ)).body == read


def test_a_body_in_pieces_is_put_together() -> None:
    environ = make_environ(CONTENT_LENGTH="30") | {"wsgi.input": Dripping(b"x" * 30)}

    assert read_intake(environ).body == b"x" * 30


@pytest.mark.parametrize(
    "environ",
    [{"CONTENT_LENGTH": str(LONGEST_BODY * 2)}, {"wsgi.input_terminated": True}],
    ids=["declared", "chunked"],
)
def test_no_more_is_read_than_tells_that_it_is_too_much(environ: dict[str, Any]) -> None:
    request = make_environ(b" " * (LONGEST_BODY * 2), **environ)

    assert len(read_intake(request).body) == LONGEST_BODY + 1
    assert request["wsgi.input"].asked == LONGEST_BODY + 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-vapi-secret", "s"), ("host", "127.0.0.1:8000"), ("x-other", ""), ("content-type", ""), ("wsgi.input", "")],
)
def test_headers_are_asked_for_by_lower_case_names(name: str, value: str) -> None:
    intake = read_intake(make_environ(HTTP_X_VAPI_SECRET=" s ", CONTENT_TYPE="application/json"))

    assert intake.header(name) == value


@pytest.mark.parametrize(
    ("public_url", "environ", "url"),
    [
        ("", {}, "http://127.0.0.1:8000/vapi/webhook"),
        ("", {"QUERY_STRING": "a=b"}, "http://127.0.0.1:8000/vapi/webhook?a=b"),
        ("https://calls.example.com", {}, "https://calls.example.com/vapi/webhook"),
        ("https://calls.example.com", {"PATH_INFO": "/vapi/webhook/"}, "https://calls.example.com/vapi/webhook/"),
        ("https://calls.example.com", {"QUERY_STRING": "a=b"}, "https://calls.example.com/vapi/webhook?a=b"),
        ("https://example.com/x", {"SCRIPT_NAME": "/y"}, "https://example.com/x/y/vapi/webhook"),
    ],
)
def test_the_address_is_the_one_that_vapi_was_given(public_url: str, environ: dict[str, Any], url: str) -> None:
    with override_settings(PUBLIC_URL=public_url):
        assert read_intake(make_environ(**environ)).url == url
