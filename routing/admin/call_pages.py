"""Pages of the call log. A page begins beside a call, not after so many: page 10,000 costs what page 2 does."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from routing.admin.base import ChangeList, InfinitePaginator
from routing.models import Call
from routing.services.list_calls import Place, calls_after, calls_before

AFTER, BEFORE = "after", "before"


class CallList(ChangeList):
    """A page of calls, each knowing who looks at it."""

    def get_results(self, request: HttpRequest) -> None:
        """Tell each row whether its number may be shown."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        for call in self.result_list:
            call.viewer = request.user


class PlacePaginator(InfinitePaginator):  # type: ignore[misc]  # the theme has no types
    """Counts nothing; the list itself knows its neighbours."""

    template_name = "admin/routing/call/pages.html"

    def page(self, number: Any) -> Any:
        """Return the first calls: the list asks for those of its place and one more, whatever the number."""
        return super().page(1)


class NewestCalls(CallList):
    """Calls newest first; ``older`` and ``newer`` are the addresses of the pages beside this one, if there are any."""

    older = newer = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """Begin where the address says; a place that cannot be read is the beginning of the list."""
        places = {name: _read_place(request.GET.get(name, "")) for name in (AFTER, BEFORE)}
        for name in places:
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        calls = super().get_queryset(request, exclude_parameters)
        self.after, self.before = places[AFTER], places[BEFORE]
        return calls_after(calls, self.after)

    def get_results(self, request: HttpRequest) -> None:
        """Ask for one call more than the page shows: it tells whether there is another page."""
        size = self.list_per_page
        self.list_per_page = size + 1
        if self.before is not None:
            self.queryset = calls_before(self.queryset, self.before)
        super().get_results(request)
        self.list_per_page = size
        found, has_more = self.result_list[:size], len(self.result_list) > size
        self.result_list = found if self.before is None else found[::-1]
        self.result_count = self.full_result_count = len(found)  # the paginator's says that nobody counted
        if not self.result_list:
            return
        if has_more or self.before is not None:
            self.older = self.get_query_string({AFTER: _write_place(self.result_list[-1])})
        if self.after is not None or (self.before is not None and has_more):
            self.newer = self.get_query_string({BEFORE: _write_place(self.result_list[0])})


def without_place(request: HttpRequest) -> str:
    """Return the filters of an address, whichever page it shows."""
    asked = request.GET.copy()
    for name in (AFTER, BEFORE):
        asked.pop(name, None)
    return asked.urlencode()


def _write_place(call: Call) -> str:
    return f"{call.decided_at.isoformat()}_{call.pk}"


def _read_place(text: str) -> Place | None:
    instant, _, call_id = text.partition("_")
    try:
        decided_at = datetime.fromisoformat(instant)
        return Place(decided_at=decided_at, id=UUID(call_id)) if timezone.is_aware(decided_at) else None
    except (ValueError, OverflowError):
        return None
