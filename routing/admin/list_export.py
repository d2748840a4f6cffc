"""The numbers of a list as a file that can be imported again."""

import json
from io import BytesIO
from itertools import chain
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from openpyxl import Workbook

from routing.admin.call_export import csv_lines, safe_cell
from routing.models import NumberList

COLUMNS = ("number", "label", "expires", "variables")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export_list(number_list: NumberList, *, as_excel: bool) -> HttpResponseBase:
    """Return the list as an Excel sheet or as CSV; texts are guarded against being run as formulas."""
    columns = ("number", "label", "expires_at", "variables")
    rows = (_cells(row) for row in number_list.entries.order_by("number").values_list(*columns).iterator())
    if as_excel:
        return HttpResponse(_workbook(rows), content_type=XLSX, headers=_attached(f"{number_list.key}.xlsx"))
    lines = csv_lines(chain([COLUMNS], rows))
    headers = _attached(f"{number_list.key}.csv")
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _cells(row: tuple[Any, ...]) -> list[str]:
    number, label, expires_at, variables = row
    written = json.dumps(variables, ensure_ascii=False) if variables else ""
    return [safe_cell(number), safe_cell(label), expires_at.isoformat() if expires_at else "", written]


def _workbook(rows: Any) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Numbers")
    for row in chain([COLUMNS], rows):
        sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
