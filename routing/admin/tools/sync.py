"""The page that synchronises with Vapi: what the last run did, a button, and what is missing there."""

from threading import Thread
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.vapi_picker import find_choices
from routing.models import OurNumber, SyncRun, SyncState, Target, VapiKind, VapiObject
from routing.services.add_from_vapi import Added, add_numbers
from routing.services.sync_run import SILENT, SyncBusy, begin_run, started_by
from routing.services.sync_vapi import is_doubted, run_sync
from routing.vapi.client import client_from_settings

NAMED = 5  # refusals that a message tells
CHOOSERS = tuple(f"routing.{verb}" for verb in ("view_vapiobject", "add_target", "change_target", "change_ournumber"))


def sync_page(request: HttpRequest) -> HttpResponse:
    """Show the last run; start one, or add the numbers that are not ours yet, on POST."""
    if not request.user.has_perm("routing.sync_target"):
        raise PermissionDenied
    if request.method == "POST" and "add_numbers" in request.POST:
        return _add_numbers(request)
    if request.method == "POST":
        return _start(request, confirm_empty="confirm" in request.POST)
    run = SyncRun.objects.select_related("author").first()
    kinds = [(kind.label, kind.value, *_counts(kind)) for kind in VapiKind]
    context = {
        **admin.site.each_context(request),
        "title": "Synchronise with Vapi",
        "run": run,
        "running": run is not None and _is_running(run),
        "who": started_by(run) if run else "",
        "doubted": run is not None and is_doubted(run),
        "kinds": kinds,
        "targets": Target.objects.exclude(missing_since=None).annotate(rules=Count("arms__rule", distinct=True)),
        "numbers": OurNumber.objects.exclude(missing_since=None),
        "new_numbers": _new_numbers().count() if request.user.has_perm("routing.add_ournumber") else 0,
        "may_add_targets": request.user.has_perm("routing.add_target"),
        "zone": timezone.get_current_timezone_name(),
    }
    return TemplateResponse(request, "admin/tools/sync.html", context)


def sync_state(request: HttpRequest) -> HttpResponse:
    """Answer how far the latest run got, for the page that shows its progress."""
    if not request.user.has_perm("routing.sync_target"):
        raise PermissionDenied
    run = SyncRun.objects.first()
    if run is None:
        return JsonResponse({"state": "none", "running": False, "seen": 0, "message": ""})
    return JsonResponse(
        {"state": run.state, "running": _is_running(run), "seen": run.seen, "message": run.message},
        headers={"Cache-Control": "no-store"},
    )


def vapi_choices(request: HttpRequest) -> HttpResponse:
    """Answer what a form's list offers for a kind and a typed text."""
    if not any(request.user.has_perm(permission) for permission in CHOOSERS):
        raise PermissionDenied
    return JsonResponse(find_choices(request.GET.get("kind", ""), request.GET.get("q", "")))


def tell_added(request: HttpRequest, added: Added, word: str) -> None:
    """Write the new rows into the history, and tell what was added and what was not."""
    user: Any = request.user
    if added.rows:
        LogEntry.objects.log_actions(user.pk, added.rows, ADDITION, change_message="Added from Vapi.")
        live = " They answer calls once you publish."
        messages.success(request, f"Added {word}: {', '.join(map(str, added.rows[:20]))}.{live}")
    elif not added.refused:
        messages.info(request, f"Nothing to add: {added.known} of them are here already.")
    for refusal in added.refused[:NAMED]:
        messages.warning(request, f"Not added: {refusal}")
    if len(added.refused) > NAMED:
        messages.warning(request, f"Not added: {len(added.refused) - NAMED} more.")


def _start(request: HttpRequest, *, confirm_empty: bool) -> HttpResponse:
    try:
        run = begin_run(author=request.user, full=True, now=timezone.now())
    except SyncBusy as busy:
        messages.warning(request, str(busy))
        return redirect("admin:vapi_sync")
    Thread(target=_work, args=(run,), kwargs={"confirm_empty": confirm_empty}, name="sync-vapi", daemon=True).start()
    return redirect("admin:vapi_sync")


def _work(run: SyncRun, *, confirm_empty: bool) -> None:
    """Run in a thread of its own: a large organisation takes longer than a browser waits."""
    try:
        run_sync(run, lister=client_from_settings(), clock=timezone.now, confirm_empty=confirm_empty)
    finally:
        connections.close_all()


def _add_numbers(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("routing.add_ournumber"):
        raise PermissionDenied
    tell_added(request, add_numbers(_new_numbers()), "numbers")
    return redirect("admin:vapi_sync")


def _new_numbers() -> Any:
    ours = OurNumber.objects.values("vapi_id")
    return VapiObject.objects.filter(kind=VapiKind.PHONE_NUMBER, missing_since=None).exclude(vapi_id__in=ours)


def _counts(kind: str) -> tuple[int, int]:
    """Return how many of a kind are at Vapi, and how many no longer are."""
    found = VapiObject.objects.filter(kind=kind).aggregate(
        there=Count("pk", filter=Q(missing_since=None)), gone=Count("pk", filter=Q(missing_since__isnull=False))
    )
    return found["there"], found["gone"]


def _is_running(run: SyncRun) -> bool:
    return run.state == SyncState.RUNNING and timezone.now() - run.touched_at < SILENT
