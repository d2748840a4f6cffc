"""Every error of the API in Vapi's shape: ``{"message", "error", "statusCode"}``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from routing.api.idempotency import REPLAYED
from routing.api.page_request import WhitelistError
from routing.api.throttle import TooOften
from routing.services.explain_call import CannotExplain
from routing.services.idempotency import KeyReused, RequestRunning
from routing.services.place_call import CallRefused, OutcomeUnknown, TargetCannotBeCalled
from routing.services.prepare_call import InvalidCall
from routing.vapi.errors import VapiError

logger = logging.getLogger(__name__)

# 424, because Vapi's SDKs repeat a request by themselves after 408, 409, 429 and 5xx, and this one must not be.
STATUSES: dict[type[Exception], HTTPStatus] = {
    InvalidCall: HTTPStatus.BAD_REQUEST,
    CallRefused: HTTPStatus.FORBIDDEN,
    CannotExplain: HTTPStatus.NOT_FOUND,
    TargetCannotBeCalled: HTTPStatus.UNPROCESSABLE_ENTITY,
    OutcomeUnknown: HTTPStatus.FAILED_DEPENDENCY,
    RequestRunning: HTTPStatus.CONFLICT,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
}
# Vapi's Python SDK asks twice more after a 409, and waits for as long as it is told.
ASK_AGAIN = {"Retry-After": "2"}
UNAVAILABLE = "The database cannot be reached; nothing was sent. Try again."
TOO_DEEP = "The body is nested too deeply."
OURS = "Something broke on our side; it is in the log."


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to anything that a view raised."""
    match error:
        case VapiError():
            return _pass_on(error)
        case APIException():
            return _answer_framework(error)
        case OperationalError() | InterfaceError():
            logger.error("The database cannot be reached: %s", str(error).partition("\n")[0])
            return _shape(HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE)
        case RecursionError():
            return _shape(HTTPStatus.BAD_REQUEST, TOO_DEEP)
    status = STATUSES.get(type(error))
    if status is not None:
        return _shape(status, str(error), _headers(error))
    logger.error("The API could not answer", exc_info=error)
    return _shape(HTTPStatus.INTERNAL_SERVER_ERROR, OURS)


def _headers(error: Exception) -> Mapping[str, str] | None:
    if isinstance(error, OutcomeUnknown) and error.replayed:
        return REPLAYED
    return ASK_AGAIN if isinstance(error, RequestRunning) else None


def _pass_on(error: VapiError) -> Response:
    """Vapi's own refusal goes out as it came. Other faults of Vapi, after which nothing was placed, are 503."""
    if error.status == HTTPStatus.UNAUTHORIZED:
        logger.error("Vapi refuses our key (VAPI_API_KEY, for web calls VAPI_PUBLIC_KEY): %s", error)
    if error.status is not None and 400 <= error.status < 500:
        return Response(error.body, status=error.status)
    return _shape(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}; no call was placed.")


def _answer_framework(error: APIException) -> Response:
    messages = list(_sentences(error.detail)) if isinstance(error, ValidationError) else [str(error.detail)]
    headers = {"WWW-Authenticate": error.auth_header} if hasattr(error, "auth_header") else {}
    if isinstance(error, TooOften):
        headers["Retry-After"] = str(error.wait)
    alone = len(messages) == 1 and not isinstance(error, WhitelistError)
    return _shape(HTTPStatus(error.status_code), messages[0] if alone else messages, headers)


def _sentences(detail: Any, path: str = "") -> Iterator[str]:
    """Write the complaints of a serializer as sentences that begin with the path of the field."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = name == "non_field_errors"
            yield from _sentences(inner, path if own else f"{path}.{name}".lstrip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _sentences(inner, path)
    else:
        yield f"{path}: {detail}" if path else str(detail)


def _shape(status: HTTPStatus, message: str | list[str], headers: Mapping[str, str] | None = None) -> Response:
    body = {"message": message, "error": status.phrase, "statusCode": status.value}
    return Response(body, status=status, headers=dict(headers or {}))
