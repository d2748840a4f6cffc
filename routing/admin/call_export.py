"""The call log as a CSV file: the rows that the list shows, its filters applied."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from routing.admin.masking import DOTS, shown_number, shown_text
from routing.models import Call

LIMIT = 100_000
COLUMNS = (
    "id",
    "vapi_call_id",
    "decided_at",
    "channel",
    "customer_number",
    "our_number",
    "campaign",
    "external_id",
    "target_key",
    "target_name",
    "reason",
    "rule_position",
    "rule_name",
    "revision",
    "state",
    "ended_reason",
    "started_at",
    "ended_at",
    "cost",
    "sandbox",
    "stale",
    "error",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Line:
    """What `csv` writes into: it hands each line on."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def export_calls(calls: QuerySet[Call], user: Any) -> StreamingHttpResponse:
    """Return the newest calls as a file that is written while it is sent; times are in the zone of the pages.

    Customers' numbers are whole only for those who may see them.
    """
    rows = calls.order_by("-decided_at", "-id").values_list(*COLUMNS)[:LIMIT].iterator(chunk_size=2000)
    cells = ([_cell(name, value, user) for name, value in zip(COLUMNS, row, strict=True)] for row in rows)
    return StreamingHttpResponse(
        csv_lines(chain([COLUMNS], cells)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="calls-{timezone.localdate()}.csv"'},
    )


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a CSV file line by line; Excel takes it for UTF-8 only if it begins with this mark."""
    writer = csv.writer(Line())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}"
    for row in rows:
        yield writer.writerow(row)  # what Line.write returns


def _cell(name: str, value: Any, user: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if name == "customer_number":
        value = shown_number(value, user)
    if name == "error":
        value = shown_text(value, user)
    return safe_cell(str(value))


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula; a telephone number, masked or not, stays as it is."""
    is_number = text[:1] == "+" and text[1:].replace(DOTS, "").isdigit()
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not is_number else text
