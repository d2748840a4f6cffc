"""Reads JSON bodies, and no more of them than is sensible."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from math import isfinite
from typing import IO, Any, NoReturn

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

# Bytes, as many as the webhook takes. 10,000 customers, the most of one batch, have about 500 each.
LARGEST_BODY = 5 * 1024 * 1024
TOO_LARGE = "The body is larger than 5 MiB, the most that is read: send a batch of customers in several parts."


class BodyTooLarge(APIException):
    """More was sent than is read."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = TOO_LARGE


class StrictJsonParser(BaseParser):
    """JSON as RFC 8259 has it: UTF-8, and no numbers that are none."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value; raises BodyTooLarge and ParseError. Nesting without end raises RecursionError."""
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        try:
            return json.loads(body.decode(), parse_constant=_refuse_number, parse_float=_read_float)
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error


def _read_float(text: str) -> float:
    number = float(text)
    # Python reads 1e999 as infinity, which JSON cannot say: it could be stored and sent nowhere.
    return number if isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number that can be sent")
