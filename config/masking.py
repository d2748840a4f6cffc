"""Telephone numbers in log lines, of which only the last four digits stay."""

import logging
import re
from collections.abc import Mapping
from typing import Any

# E.164 has up to 15 digits. Fewer than seven are an extension or a count; ids are no run of digits after a +.
NUMBER = re.compile(r"(\+|%2[Bb])([1-9])[0-9]{2,13}([0-9]{4})(?![0-9])")
DOTS = "***"


def mask_numbers(text: str) -> str:
    """Return the text with each number in E.164 as `+1***0100`, also where an address has it as `%2B1…`."""
    return NUMBER.sub(rf"\1\2{DOTS}\3", text)


class MaskNumbers(logging.Filter):
    """Masks telephone numbers in every record, in its words, its arguments and its traceback; it drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask in place, so that every format gives the same away: nothing."""
        if isinstance(record.msg, str):
            record.msg = mask_numbers(record.msg)
        record.args = _mask_arguments(record.args)
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            # The exception itself cannot be changed: without it, every format takes the text.
            record.exc_info = None
            record.exc_text = mask_numbers(record.exc_text)
        return True


def _mask_arguments(arguments: Any) -> Any:
    if isinstance(arguments, Mapping):
        return {name: _mask(value) for name, value in arguments.items()}
    return tuple(_mask(value) for value in arguments) if isinstance(arguments, tuple) else arguments


def _mask(value: object) -> object:
    """Numbers and None keep their type for formats such as %d; everything else is asked for its text now."""
    return value if value is None or isinstance(value, int | float) else mask_numbers(str(value))
