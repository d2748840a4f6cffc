"""The live preview of a schedule's form: what its values, not saved yet, would do."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.forms import modelform_factory
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST

from routing.admin.schedule_exceptions import ExceptionForm, ExceptionInline, mark_overlaps
from routing.admin.schedule_words import preview_context, standing_words
from routing.admin.schedules import ScheduleForm, described_week
from routing.engine.schedule import is_timezone
from routing.engine.table import ScheduleSpec
from routing.models import Schedule, ScheduleException
from routing.services.preview_schedule import preview_schedule

PREFIX = "exceptions"
MOST_EXCEPTIONS = 1_000
MONTH = "%Y-%m"

HoursForm: Any = modelform_factory(Schedule, form=ScheduleForm, fields=("opening_hours", "timezone", "country"))
LineForm: Any = modelform_factory(ScheduleException, form=ExceptionForm, fields=ExceptionInline.fields)


@require_POST
def schedule_preview(request: HttpRequest) -> JsonResponse:
    """Answer the values of a schedule's form with its pictures, its faults by field, and what the grid shows."""
    user = request.user
    if not (user.has_perm("routing.view_schedule") or user.has_perm("routing.change_schedule")):
        raise PermissionDenied
    form = HoursForm(request.POST)
    lines = _lines(request.POST)
    form.is_valid()
    mark_overlaps([line for line in lines if line.is_valid()])
    spec = form.instance.spec(line.instance for line in lines if line.is_valid())
    now = timezone.now()
    preview = preview_schedule(spec, now=now, month=_month(request.POST.get("month", "")))
    context = preview_context(preview, _today(spec, now))
    return JsonResponse({
        "html": render_to_string("admin/routing/schedule/preview.html", context),
        "status": standing_words(preview.standings[0]) if preview.standings else "",
        "errors": _errors(form, *lines),
        **described_week(spec.opening_hours),
    })  # fmt: skip


def _lines(data: Mapping[str, str]) -> list[Any]:
    """Return a form for each exception that has a first day and is not to be removed."""
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "")
    count = min(int(total), MOST_EXCEPTIONS) if total.isdecimal() else 0
    prefixes = [f"{PREFIX}-{number}" for number in range(count)]
    return [
        LineForm(data, prefix=prefix)
        for prefix in prefixes
        if data.get(f"{prefix}-starts_on") and not data.get(f"{prefix}-DELETE")
    ]


def _errors(*forms: Any) -> dict[str, list[str]]:
    """Return the messages by the name of the input; what is only not filled in yet is no fault."""
    return {
        form.add_prefix(field): [error["message"] for error in errors]
        for form in forms
        for field, errors in form.errors.get_json_data().items()
        if not (form.fields[field].required and not form[field].value())
    }


def _month(text: str) -> date | None:
    try:
        return datetime.strptime(text, MONTH).replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _today(spec: ScheduleSpec, now: datetime) -> date:
    return localdate(now, ZoneInfo(spec.timezone)) if is_timezone(spec.timezone) else localdate(now)
