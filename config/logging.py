"""What log lines look like: plain or JSON; each names the call that it is about, and no telephone number."""

import logging
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS

from config.masking import mask_numbers
from routing.telemetry.call_id import call_in_hand

LOG_FORMATS = ("plain", "json")


class NameCall(logging.Filter):
    """Writes the id of the call in hand into each record; it drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add ``call``, which is None between calls, and ``call_words`` for plain lines."""
        call_id = mask_numbers(call_in_hand())
        record.call = call_id or None
        record.call_words = f" [call {call_id}]" if call_id else ""
        return True


def make_logging(log_format: str) -> dict[str, Any]:
    """Return Django's setting: everything goes to the standard error stream, in one of the two formats."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"call": {"()": "config.logging.NameCall"}, "mask": {"()": "config.masking.MaskNumbers"}},
        "formatters": {
            "plain": {"format": "{asctime} {levelname} {name}{call_words}: {message}", "style": "{"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "{levelname}{name}{call}{message}",
                "style": "{",
                "timestamp": "time",
                "rename_fields": {"levelname": "level", "name": "logger", "exc_info": "exception"},
                # A request's address may hold a telephone number, and the plain words stand in `call` already.
                "reserved_attrs": [*RESERVED_ATTRS, "call_words", "request"],
            },
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "filters": ["call", "mask"], "formatter": log_format}
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        # Django's own handlers would say everything twice.
        "loggers": {"django": {"handlers": [], "propagate": True}, "axes": {"level": "WARNING"}},
    }
