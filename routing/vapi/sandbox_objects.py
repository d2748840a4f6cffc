"""What the sandbox has: everything that the draft names, and a few more things to choose from, all made up."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from routing.models import OurNumber, Target
from routing.models.vapi_objects import VapiKind

# Every row says so in its name, which staff read wherever they choose from.
MARK = "(sandbox)"
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = 365 * 24 * 3600  # seconds
MADE_UP: dict[str, tuple[dict[str, Any], ...]] = {
    VapiKind.ASSISTANT: tuple(
        {"id": f"5a000000-0000-4000-8000-00000000000{place}", "name": name}
        for place, name in enumerate(("Billing", "Booking", "Technical support", "Survey"), start=1)
    ),
    VapiKind.SQUAD: ({"id": "5b000000-0000-4000-8000-000000000001", "name": "Sales team"},),
    VapiKind.PHONE_NUMBER: (
        {"id": "5c000000-0000-4000-8000-000000000001", "name": "Support line", "number": "+12025550171"},
        {"id": "5c000000-0000-4000-8000-000000000002", "name": "Web phone", "sipUri": "sip:sandbox@sip.vapi.ai"},
    ),
}
FILTERS = ("createdAtGt", "createdAtGe", "createdAtLt", "createdAtLe", "updatedAtGt", "updatedAtGe")


def list_made_up(kind: str, query: Mapping[str, str], *, org_id: str) -> list[dict[str, Any]]:
    """Return one page, as Vapi answers to `limit` and its filters by time: the newest first."""
    rows = {row["id"]: row for row in (*_named_in_draft(kind), *MADE_UP.get(kind, ()))}
    dated = (_date(row, org_id) for row in rows.values())
    fitting = [row for row in dated if all(_fits(row, name, query[name]) for name in FILTERS if name in query)]
    fitting.sort(key=lambda row: (row["createdAt"], row["id"]), reverse=True)
    return fitting[: int(query.get("limit", "100"))]


def _named_in_draft(kind: str) -> Iterator[dict[str, Any]]:
    if kind == VapiKind.PHONE_NUMBER:
        for number in OurNumber.objects.all():
            yield {
                "id": number.vapi_id,
                "name": number.name or number.key,
                "number": number.number,
                "sipUri": number.sip_uri,
            }
        return
    for vapi_id, name in Target.objects.filter(kind=kind).values_list("vapi_id", "name"):
        yield {"id": vapi_id, "name": name}


def _date(row: dict[str, Any], org_id: str) -> dict[str, Any]:
    """Complete a row. Its time of creation follows from its id, so that the order is always the same."""
    created_at = FIRST_DAY + timedelta(seconds=zlib.crc32(row["id"].encode()) % YEAR)
    text = created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    name = f"{row['name']} {MARK}"
    present = {key: value for key, value in row.items() if value is not None}
    return present | {"name": name, "orgId": org_id, "createdAt": text, "updatedAt": text}


def _fits(row: Mapping[str, Any], name: str, text: str) -> bool:
    """Tell whether a row passes a filter such as `createdAtLe`."""
    has = datetime.fromisoformat(row[name[:-2]])
    edge = datetime.fromisoformat(text)
    match name[-2:]:
        case "Gt":
            return has > edge
        case "Ge":
            return has >= edge
        case "Lt":
            return has < edge
    return has <= edge
