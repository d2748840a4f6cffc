"""The row of one synchronisation: one runs at a time, and one whose process died does not block the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from routing.models import SyncRun, SyncState

SILENT = timedelta(minutes=2)  # without progress for so long, the process of a run has died
KEPT_RUNS = 100


class SyncBusy(Exception):
    """A synchronisation runs already; its text says whose, and since when."""

    def __init__(self, run: SyncRun) -> None:
        """Keep the run."""
        since = timezone.localtime(run.started_at)
        zone = timezone.get_current_timezone_name()
        super().__init__(
            f"A synchronisation started by {started_by(run)} has been running since {since:%H:%M:%S} ({zone}): wait "
            "for its end. If its process died, another can start two minutes after its last progress."
        )
        self.run = run


class SyncLost(Exception):
    """Another run took the place of this one, which had been silent for too long."""


def started_by(run: SyncRun) -> str:
    """Return who started it: a person, or a command."""
    return str(run.author) if run.author_id else "the command line"


def begin_run(*, author: Any, full: bool, now: datetime) -> SyncRun:
    """Return a new run; raises SyncBusy while another makes progress. The database holds that there is only one."""
    stopped = "It stopped without an end: its process died or was restarted. Nothing was marked missing."
    dead = SyncRun.objects.filter(state=SyncState.RUNNING, touched_at__lt=now - SILENT)
    dead.update(state=SyncState.FAILED, finished_at=now, message=stopped)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(author=author, is_full=full, started_at=now, touched_at=now)
    except IntegrityError:
        running = SyncRun.objects.select_related("author").filter(state=SyncState.RUNNING).first()
        if running is None:  # it ended in this very instant
            return begin_run(author=author, full=full, now=now)
        raise SyncBusy(running) from None
    newest = SyncRun.objects.values_list("pk", flat=True)[:KEPT_RUNS]
    SyncRun.objects.exclude(pk__in=list(newest)).delete()
    return run


def touch_run(run: SyncRun, *, seen: int, message: str, now: datetime) -> None:
    """Note progress; raises SyncLost if the run is not the one that counts any more."""
    run.seen, run.message, run.touched_at = seen, message, now
    _write(run)


def end_run(run: SyncRun, state: SyncState, message: str, *, now: datetime, missing: int = 0) -> SyncRun:
    """Close the run and return it; raises SyncLost if it is closed already."""
    run.state, run.message, run.missing = state, message, missing
    run.touched_at = run.finished_at = now
    _write(run)
    return run


def _write(run: SyncRun) -> None:
    columns = ("state", "seen", "missing", "message", "touched_at", "finished_at")
    still_ours = SyncRun.objects.filter(pk=run.pk, state=SyncState.RUNNING)
    if not still_ours.update(**{column: getattr(run, column) for column in columns}):
        raise SyncLost
