"""Calls that Vapi is to start later, each with how it would be decided today."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from routing.admin.base import ChangeList, InfinitePaginator, display
from routing.admin.call_pages import CallList
from routing.admin.calls import CallAdmin
from routing.engine.explain import decision_sentence
from routing.models import ScheduledCall
from routing.services.recheck_scheduled import Rechecked, recheck, recheck_scheduled


class DifferenceFilter(admin.SimpleListFilter):
    """Calls that would be decided differently today."""

    title = "decided today"
    parameter_name = "today"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("differently", "Differently"), ("the-same", "The same")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Decide every scheduled call once more; there are far fewer of them than calls."""
        if self.value() not in {"differently", "the-same"}:
            return queryset
        differing = [one.call.pk for one in recheck_scheduled(now=timezone.now()) if one.differences]
        return (
            queryset.filter(pk__in=differing) if self.value() == "differently" else queryset.exclude(pk__in=differing)
        )


class RecheckedList(CallList):
    """A page of calls that are decided once more, all together."""

    def get_results(self, request: HttpRequest) -> None:
        """Put the new decision beside each call."""
        super().get_results(request)
        rows = list(self.result_list)
        for row, checked in zip(rows, recheck(rows), strict=True):
            row.checked = checked
        self.result_list = rows


@admin.register(ScheduledCall)
class ScheduledCallAdmin(CallAdmin):
    """Scheduled calls, the next one first. They are only shown: to create one anew could call somebody twice."""

    empty_hint = "Calls that the API is asked to start later (schedulePlan) wait here until their time."
    list_display: Any = ("scheduled_for", "decided_at", "customer", "shown_target", "why", "today", "differs")
    list_filter: ClassVar[tuple[Any, ...]] = (DifferenceFilter, "state", "sandbox")
    ordering = ("scheduled_for", "id")
    paginator = InfinitePaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what is still to be started."""
        return ScheduledCall.due_after(timezone.now())

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that decides again."""
        return RecheckedList

    @display(description="Today")
    def today(self, call: ScheduledCall) -> str:
        """Return how the live revision would decide."""
        checked: Rechecked = call.checked  # type: ignore[attr-defined]  # RecheckedList puts it there
        return decision_sentence(checked.today) if checked.today else "Cannot be decided any more"

    @display(description="Differs", label={"same": "success", "differs": "danger"})
    def differs(self, call: ScheduledCall) -> tuple[str, str]:
        """Return what would be different."""
        checked: Rechecked = call.checked  # type: ignore[attr-defined]  # as above
        return ("differs", ", ".join(checked.differences).capitalize()) if checked.differences else ("same", "No")
