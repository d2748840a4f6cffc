"""Reads what an organisation has at Vapi to the end: assistants, squads, phone numbers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from routing.models.vapi_objects import VapiKind
from routing.vapi.errors import VapiError

PAGE = 1000  # the most that Vapi lists at once
WITHOUT_LIMIT = 100  # what it lists at once when it is told no limit
BUDGET_SECONDS = 300.0  # for all pages of one kind
LONGEST = 255  # characters that are kept of a name or an address


class ObjectLister(Protocol):
    """Whatever lists: Vapi itself, or the sandbox."""

    @property
    def sandbox(self) -> bool:
        """True when the list is made up."""

    def list_page(self, kind: str, query: Mapping[str, str]) -> list[Any]:
        """Return one page of this kind as Vapi wrote it, secrets included. Raises VapiError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """All that is kept of a row of a list. Vapi's rows also carry credentials of providers and servers."""

    vapi_id: str
    name: str = ""
    number: str = ""
    sip_uri: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


def list_assistants(lister: ObjectLister, *, updated_since: datetime | None = None) -> Iterator[tuple[Listed, ...]]:
    """Yield the assistants in pages; with ``updated_since`` only those changed after it. Raises VapiError."""
    return list_objects(lister, VapiKind.ASSISTANT, updated_since=updated_since)


def list_squads(lister: ObjectLister, *, updated_since: datetime | None = None) -> Iterator[tuple[Listed, ...]]:
    """Yield the squads in pages; with ``updated_since`` only those changed after it. Raises VapiError."""
    return list_objects(lister, VapiKind.SQUAD, updated_since=updated_since)


def list_phone_numbers(lister: ObjectLister, *, updated_since: datetime | None = None) -> Iterator[tuple[Listed, ...]]:
    """Yield the phone numbers in pages; with ``updated_since`` only those changed after it. Raises VapiError."""
    return list_objects(lister, VapiKind.PHONE_NUMBER, updated_since=updated_since)


def list_objects(
    lister: ObjectLister, kind: str, *, updated_since: datetime | None = None
) -> Iterator[tuple[Listed, ...]]:
    """Yield what is of this kind in pages, each row once; raises VapiError, also when the list cannot be complete.

    Vapi has no page numbers: the last row of a page says where to go on. A page is the last one when it brings
    nothing new, and not when it is short: Vapi may list fewer at once than it was asked for.
    """
    deadline = time.monotonic() + BUDGET_SECONDS
    query = {"limit": str(PAGE)}
    if updated_since is not None:
        query["updatedAtGt"] = write_instant(updated_since)
    seen: set[str] = set()
    while True:
        page = [row for row in _read_page(lister, kind, query) if isinstance(row, dict) and row.get("id")]
        new = {str(row["id"]): row for row in page if str(row["id"]) not in seen}
        seen |= new.keys()
        if new:
            yield tuple(_keep(vapi_id, row) for vapi_id, row in new.items())
        where = _next_window(page) if new else None
        if where is None and len(page) not in (PAGE, WITHOUT_LIMIT):
            return
        if where is None:
            raise _incomplete(kind, f"a page of {len(page)} rows does not tell where the next one begins")
        if time.monotonic() > deadline:
            raise _incomplete(kind, f"the list took longer than {BUDGET_SECONDS:.0f} seconds")
        query |= where


def _read_page(lister: ObjectLister, kind: str, query: Mapping[str, str]) -> list[Any]:
    """Return a page. An answer that cannot be read may hold secrets, so the error does not quote it."""
    try:
        return lister.list_page(kind, dict(query))
    except VapiError as error:
        if error.status is None or error.status >= 300:
            raise
    raise _incomplete(kind, "the answer is no list")


def _next_window(page: list[dict[str, Any]]) -> dict[str, str] | None:
    """Return the filter of the next page, or None where the order of this one does not tell.

    Vapi lists the newest first. The edge is included, because rows may share an instant, and what is known is dropped.
    """
    texts = [str(row.get("createdAt") or "") for row in page]
    instants = [read_instant(text) for text in texts]
    known = [instant for instant in instants if instant is not None]
    if len(known) < len(instants):
        return None
    if known == sorted(known, reverse=True):
        return {"createdAtLe": texts[-1]}
    return {"createdAtGe": texts[-1]} if known == sorted(known) else None


def _keep(vapi_id: str, row: Mapping[str, Any]) -> Listed:
    return Listed(
        vapi_id=vapi_id,
        name=_text(row.get("name")),
        number=_text(row.get("number"))[:64],
        sip_uri=_text(row.get("sipUri")),
        created_at=read_instant(row.get("createdAt")),
        updated_at=read_instant(row.get("updatedAt")),
    )


def _text(value: object) -> str:
    """Return readable text; a zero byte is something that PostgreSQL refuses."""
    return value.replace("\x00", "").strip()[:LONGEST] if isinstance(value, str) else ""


def read_instant(value: object) -> datetime | None:
    """Return the instant that Vapi wrote, or None for what is none."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)


def write_instant(instant: datetime) -> str:
    """Return the instant as Vapi writes it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _incomplete(kind: str, why: str) -> VapiError:
    message = f"Vapi's list of {kind}s could not be read to its end: {why}."
    return VapiError(None, {"message": message}, retryable=True, ambiguous=False)
