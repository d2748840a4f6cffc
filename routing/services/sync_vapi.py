"""Brings home what there is at Vapi, so that staff choose by name and rules skip what is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from routing.models import SyncRun, SyncState, VapiKind
from routing.services.sync_objects import Ids, keep_page, known_ids, mark_gone, newest_change, refresh_users
from routing.services.sync_run import SyncLost, begin_run, end_run, touch_run
from routing.vapi.errors import VapiError
from routing.vapi.listing import ObjectLister, list_objects

OVERLAP = timedelta(minutes=5)  # read again before the newest known change: clocks differ, and changes share instants
MANY = 5  # so many things of one kind do not vanish by chance
NAMED = 10  # things that a message names
LONGEST_MESSAGE = 1000  # characters
WORDS = {
    VapiKind.ASSISTANT: ("assistant", "assistants"),
    VapiKind.SQUAD: ("squad", "squads"),
    VapiKind.PHONE_NUMBER: ("phone number", "phone numbers"),
}
UNTOUCHED = "Nothing was marked missing."
SANDBOX = "Sandbox: this is made up, because VAPI_API_KEY is not set."
NO_KEY = (
    "VAPI_API_KEY is not set, so the sandbox's made-up things would stand over what was read from Vapi. "
    "Nothing was read. Set the key, also for a command that a timer starts, and try again."
)
# The beginning of what a run says that waits for a confirmation.
DOUBT = "Everything seems gone:"
Progress = Callable[[SyncRun], object]


@dataclass(kw_only=True)
class _Sweep:
    """One run, as far as it got."""

    run: SyncRun
    lister: ObjectLister
    clock: Callable[[], datetime]
    progress: Progress | None
    seen: dict[str, set[str]] = field(default_factory=dict)

    def read(self, kind: VapiKind) -> None:
        """Keep all things of this kind; pages are kept as they come, so that a fault later loses none."""
        self.seen[kind] = set()
        self._note(f"Reading {WORDS[kind][1]} …")
        known = None if self.run.is_full else newest_change(kind)
        since = known - OVERLAP if known else None
        for page in list_objects(self.lister, kind, updated_since=since):
            keep_page(kind, page)
            self.seen[kind] |= {one.vapi_id for one in page}
            self._note(f"Reading {WORDS[kind][1]}: {len(self.seen[kind]):,} so far …")

    def _note(self, message: str) -> None:
        touch_run(self.run, seen=sum(map(len, self.seen.values())), message=message, now=self.clock())
        if self.progress:
            self.progress(self.run)


def sync_vapi(
    *,
    lister: ObjectLister,
    author: Any,
    full: bool,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    confirm_empty: bool = False,
) -> SyncRun:
    """Synchronise and return the finished run, DONE or FAILED, with what it says. Raises SyncBusy if another runs."""
    run = begin_run(author=author, full=full, now=clock())
    return run_sync(run, lister=lister, clock=clock, progress=progress, confirm_empty=confirm_empty)


def run_sync(
    run: SyncRun,
    *,
    lister: ObjectLister,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    confirm_empty: bool = False,
) -> SyncRun:
    """Do what a run that has begun is for, and return it finished; ``progress`` gets it after each page.

    Only a full run that read every list to its end marks anything missing. ``confirm_empty`` says that it is right if
    nothing that we know is there any more; without it such a run fails, because the wrong key looks the same.
    """
    if lister.sandbox and _has_read_vapi():
        return end_run(run, SyncState.FAILED, NO_KEY, now=clock())
    sweep = _Sweep(run=run, lister=lister, clock=clock, progress=progress)
    try:
        return _finish(sweep, confirm_empty=confirm_empty)
    except VapiError as error:
        refresh_users({}, now=run.started_at)
        return end_run(run, SyncState.FAILED, f"{_say(error)} {UNTOUCHED}", now=clock())
    except SyncLost:
        run.refresh_from_db()
        return run
    except BaseException as error:
        fault = f"It was broken off by a fault here ({type(error).__name__}); the log says more. {UNTOUCHED}"
        end_run(run, SyncState.FAILED, fault, now=clock())
        raise


def is_doubted(run: SyncRun) -> bool:
    """Tell whether the run failed because everything seemed gone, which a person can confirm."""
    return run.state == SyncState.FAILED and run.message.startswith(DOUBT)


def _has_read_vapi() -> bool:
    """Tell whether a run read a real organisation, and not the sandbox."""
    return SyncRun.objects.filter(state=SyncState.DONE).exclude(message__startswith=SANDBOX).exists()


def _finish(sweep: _Sweep, *, confirm_empty: bool) -> SyncRun:
    run, known = sweep.run, known_ids()
    for kind in VapiKind:
        sweep.read(kind)
    gone = {kind: known[kind] - sweep.seen[kind] for kind in known} if run.is_full else {}
    if doubtful := _doubtful(known, sweep.seen) if gone and not confirm_empty else "":
        refresh_users({}, now=run.started_at)
        return end_run(run, SyncState.FAILED, doubtful, now=sweep.clock())
    names = mark_gone(gone, now=run.started_at)
    refresh_users(gone, now=run.started_at)
    message = _summary(sweep, names)
    return end_run(run, SyncState.DONE, message, now=sweep.clock(), missing=sum(map(len, gone.values())))


def _doubtful(known: Ids, seen: Ids) -> str:
    """Return why nothing should be marked missing, or "". Another organisation's list would bear no known id."""
    vanished = {kind: ids for kind, ids in known.items() if ids and not ids & seen[kind]}
    vouched = any(known[kind] & seen[kind] for kind in known)
    doubted = [kind for kind, ids in vanished.items() if len(ids) >= MANY or not vouched]
    if not doubted:
        return ""
    lost = " and ".join(_count(VapiKind(kind), len(known[kind])) for kind in doubted)
    return (
        f"{DOUBT} Vapi lists nothing of {lost} that we know. Is VAPI_API_KEY the key of the right organisation and "
        f"region? {UNTOUCHED} If they really are gone, confirm it: with the button on the page, or --confirm-empty."
    )


def _summary(sweep: _Sweep, names: list[str]) -> str:
    counts = ", ".join(_count(VapiKind(kind), len(ids)) for kind, ids in sweep.seen.items())
    parts = [SANDBOX] if sweep.lister.sandbox else []
    parts.append(f"{'There are' if sweep.run.is_full else 'Changed since last time'}: {counts}.")
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        parts.append(f"Gone: {', '.join(names[:NAMED])}{more}.")
    return " ".join(parts)


def _count(kind: VapiKind, count: int) -> str:
    return f"{count:,} {WORDS[kind][count != 1]}"


def _say(error: VapiError) -> str:
    said = error.body.get("message") or f"Vapi answered {error.status} and gave no reason"
    text = " ".join(map(str, said)) if isinstance(said, list) else str(said)
    return text[:LONGEST_MESSAGE].rstrip(".") + "."
