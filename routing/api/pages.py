"""Cursors of the list of calls: where a page ended, as an opaque text."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from routing.api.fields import read_instant
from routing.services.list_calls import Place


def read_cursor(text: str | None) -> Place | None:
    """Return the place that ``write_cursor`` wrote; raises ValidationError for anything else."""
    if text is None:
        return None
    try:
        instant, _, call_id = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
        decided_at = read_instant(instant)
        if decided_at is not None:
            return Place(decided_at=decided_at, id=UUID(call_id))
    except (ValueError, binascii.Error):
        pass
    raise ValidationError({"cursor": "is none of ours: take it from the `next` of a page."})


def write_cursor(place: Place) -> str:
    """Return a text without characters that mean something in a URL."""
    return base64.urlsafe_b64encode(f"{place.decided_at.isoformat()} {place.id}".encode()).decode()


def next_address(request: Request, place: Place | None) -> str | None:
    """Return the address of the next page, with the filters of this one."""
    if place is None:
        return None
    return replace_query_param(request.build_absolute_uri(), "cursor", write_cursor(place))
