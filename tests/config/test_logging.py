"""Log lines in both formats, written by a real handler."""

import io
import json
import logging
from collections.abc import Iterator
from logging.config import dictConfig

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import read_choice
from config.logging import LOG_FORMATS, make_logging
from routing.telemetry.call_id import handling_call


@pytest.fixture
def said(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What is written to the standard error stream in the format that the test names."""
    before = logging.root.handlers[:], logging.root.level
    dictConfig(make_logging(request.param))
    stream = io.StringIO()
    (handler,) = logging.root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    logging.root.handlers[:], level = before
    logging.root.setLevel(level)


@pytest.mark.parametrize("said", ["plain"], indirect=True)
def test_a_plain_line_names_the_call_in_hand(said: io.StringIO) -> None:
    with handling_call("call-1"):
        logging.getLogger("routing.x").warning("Odd: %s", 3)
    logging.getLogger("routing.x").info("Between calls")

    first, second = said.getvalue().splitlines()

    assert first.endswith("WARNING routing.x [call call-1]: Odd: 3")
    assert second.endswith("INFO routing.x: Between calls")


@pytest.mark.parametrize("said", ["json"], indirect=True)
def test_a_json_line_is_one_object_even_with_a_traceback(said: io.StringIO) -> None:
    with handling_call("call-1"):
        try:
            raise ValueError("broken\nin two lines")
        except ValueError:
            logging.getLogger("routing.x").exception("It broke", extra={"request": "GET /?customer=%2B12025550155"})
    logging.getLogger("routing.x").info("Between calls")

    first, second = map(json.loads, said.getvalue().splitlines())

    assert {key: first[key] for key in ("level", "logger", "call", "message")} == {
        "level": "ERROR",
        "logger": "routing.x",
        "call": "call-1",
        "message": "It broke",
    }
    assert "ValueError: broken" in first["exception"]
    assert set(first) == {"level", "logger", "call", "message", "exception", "time"}
    assert second["call"] is None


@pytest.mark.parametrize("said", LOG_FORMATS, indirect=True)
def test_no_format_tells_a_whole_number(said: io.StringIO) -> None:
    with handling_call("+12025550155"):
        try:
            raise ValueError("odd: +12025550155")
        except ValueError:
            logging.getLogger("routing.x").exception("%s called", "+12025550155")

    assert "12025550155" not in said.getvalue()
    assert said.getvalue().count("+1***0155") >= 3  # call, words and traceback


@pytest.mark.parametrize("log_format", LOG_FORMATS)
def test_every_format_has_a_formatter(log_format: str) -> None:
    assert log_format in make_logging(log_format)["formatters"]


def test_another_word_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")

    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT is 'xml': write plain or json"):
        read_choice("LOG_FORMAT", "plain", LOG_FORMATS)


@pytest.mark.parametrize("said", LOG_FORMATS, indirect=True)
def test_half_a_character_is_written_and_breaks_nothing(said: io.StringIO) -> None:
    """Straight to the handler: the test runner itself cannot pass on such a text."""
    (handler,) = [it for it in logging.root.handlers if getattr(it, "stream", None) is said]
    handler.handle(
        logging.makeLogRecord({"name": "routing.x", "levelname": "INFO", "msg": "Between \u00e4 and \ud800"})
    )

    assert "Between" in said.getvalue()
    said.getvalue().encode("utf-8", "surrogatepass")
