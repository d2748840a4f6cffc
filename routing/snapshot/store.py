"""The live snapshot of this process: one reference to a frozen value, swapped when something changed.

``current`` does not ask the database once there is a snapshot; a background thread does, twice a second, and at once
when PostgreSQL tells of a change.
"""

import logging
import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from routing.engine.errors import TableErrors
from routing.engine.live import LiveData
from routing.engine.ruleset import RuleSet
from routing.models import LiveState
from routing.snapshot.changes import Published, follow, load_whole
from routing.snapshot.copy import Contents, read_copy
from routing.snapshot.copying import Copier
from routing.snapshot.entries import change_entries
from routing.snapshot.live import list_purposes, load_live
from routing.snapshot.livefile import Hits
from routing.snapshot.load import load_nothing
from routing.snapshot.secrets import Plan, Secret, load_secrets, make_plans
from routing.snapshot.waking import Waker

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All that a decision and a webhook request need. ``stale``: from the last-known-good copy."""

    ruleset: RuleSet
    live: LiveData = field(default_factory=LiveData)
    plans: tuple[Plan, ...] = ()
    stale: bool = False

    @property
    def revision(self) -> int | None:
        """The number of the revision; None before anything was published."""
        return self.ruleset.revision


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A snapshot with what tells whether it is still up to date.

    ``published`` are number and checksum of the live revision, also when it does not compile and an older one decides
    (a restored backup may give a number to another table).
    ``compiled`` are those of the revision that the rules were made of; None for the local copy's and for no rules.
    ``live_version`` is None while the live data were never read from the database.
    """

    snapshot: Snapshot
    published: Published | None = None
    compiled: Published | None = None
    live_version: int | None = None
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is known without asking anybody: the snapshot, if there is one yet, and how the database did.

    ``trouble`` is what the last look at it ran into. ``read_at`` is when it could be read last, in seconds of the
    monotonic clock.
    """

    snapshot: Snapshot | None
    trouble: str
    read_at: float | None


class Store:
    """Keeps the snapshot of one process."""

    def __init__(self) -> None:
        self._held: Held | None = None
        self.renew()

    def renew(self) -> None:
        """Make locks and thread anew in a forked child, where threads are gone; the snapshot is kept."""
        self._lock = threading.Lock()
        self._start_lock = threading.Lock()
        self._round = threading.Lock()
        self._is_paused = False
        self._thread: threading.Thread | None = None
        self._is_looking = False  # asked for at every message: cheaper than asking the thread
        self._stopped = threading.Event()
        self._trouble = ""
        self._read_at: float | None = None
        self._copier = Copier()

    def pause(self) -> None:
        """Wait for the end of the thread's round before a fork.

        SQLite's locks are not made anew in a child: those held by a thread at that moment stay locked there for ever.
        """
        self._is_paused = self._round.acquire(timeout=PATIENCE_SECONDS)
        self._copier.wait(PATIENCE_SECONDS)  # a child would hold the lock on the copy's file too

    def go_on(self) -> None:
        """Let the thread go on in the parent."""
        if self._is_paused:
            self._is_paused = False
            self._round.release()

    def current(self) -> Snapshot:
        """Return the live snapshot; only the first call of a process waits for the database."""
        if (held := self._held) is not None and self._is_looking:
            return held.snapshot
        if settings.ROUTING_POLL_SECONDS == 0:
            return self.refresh()
        held = held or self._load_first()
        self._start()
        return held.snapshot

    def standing(self) -> Standing:
        """Return what is known, at once. A process that never looked starts to, in its thread."""
        if settings.ROUTING_POLL_SECONDS and not self._is_looking:
            self._start()
        held = self._held
        return Standing(snapshot=held.snapshot if held else None, trouble=self._trouble, read_at=self._read_at)

    def ruleset_of(self, published: Published) -> RuleSet | None:
        """Return the rules of that very revision, if this process holds them."""
        held = self._held
        return held.snapshot.ruleset if held is not None and held.compiled == published else None

    def refresh(self) -> Snapshot:
        """Look at the database now and return what is live; in trouble that is what was live before."""
        with self._lock:
            return self._attempt().snapshot

    def stop(self) -> None:
        """Stop the thread and wait for the end of its round, and for the copy."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._copier.wait()

    def reset(self) -> None:
        """Forget everything, as in a new process."""
        self.stop()
        self._held = None
        self.renew()

    def _load_first(self) -> Held:
        with self._lock:
            return self._held or self._attempt()

    def _attempt(self) -> Held:
        """Bring what is held up to date; whatever goes wrong, something to decide with is held afterwards."""
        try:
            self._held = _update(self._held)
            self._read_at = time.monotonic()
            self._tell("")
        except DatabaseError as error:
            self._tell(str(error).partition("\n")[0])
        except Exception as error:  # calls must go on with the last good one, whatever the mistake is
            if self._trouble != repr(error):
                logger.exception("The routing table could not be read")
            self._trouble = repr(error)
        if self._held is None:
            self._held = _from_copy()
        return self._held

    def _tell(self, trouble: str) -> None:
        """Log a change of state once, not twice a second."""
        if trouble and not self._trouble:
            logger.warning("The database cannot be read, calls go on with what is known: %s", trouble)
        if self._trouble and not trouble:
            logger.info("The database can be read again")
        self._trouble = trouble

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None or not self._thread.is_alive():
                self._is_looking = True
                self._stopped.clear()
                self._thread = threading.Thread(target=self._poll, name="poll-routing-table", daemon=True)
                self._thread.start()

    def _poll(self) -> None:
        try:
            with closing(Waker()) as waker:
                while not self._look(waker):
                    pass
        finally:
            self._is_looking = False
        connections.close_all()

    def _look(self, waker: Waker) -> bool:
        """Look once and wait for the next time; return whether the thread is to end."""
        began = time.monotonic()
        with self._round:
            self.refresh()
            self._copy()
            if self._trouble:
                waker.close()
                connections.close_all()
            else:
                close_old_connections()
        seconds = settings.ROUTING_POLL_SECONDS
        # Never more than half of the time is spent on looking, however often PostgreSQL tells of changes.
        if not seconds or self._stopped.wait(min(time.monotonic() - began, seconds)):
            return True
        if self._trouble:
            return self._stopped.wait(seconds)
        waker.wait(seconds, self._stopped)
        return self._stopped.is_set()

    def _copy(self) -> None:
        held = self._held
        if held is None or held.live_version is None or held.snapshot.stale:
            return
        ruleset, live = held.snapshot.ruleset, held.snapshot.live
        self._copier.keep(Contents(ruleset=ruleset, live=live, live_version=held.live_version, secrets=held.secrets))


def _update(held: Held | None) -> Held:
    """Return what is live now, and ``held`` itself if that is still it; raises DatabaseError."""
    published, live_version = _read_state()
    if held is not None and (held.published, held.live_version) == (published, live_version):
        return held
    ruleset, compiled, stale = _ruleset(held, published)
    if held is not None and held.live_version == live_version and _same_lists(held.snapshot.ruleset, ruleset):
        live, plans, secrets = held.snapshot.live, held.snapshot.plans, held.secrets
    else:
        entries = _entries(held, ruleset, live_version)
        live, secrets = load_live(ruleset, timezone.now(), entries), load_secrets()
        plans = make_plans(secrets)
    snapshot = Snapshot(ruleset=ruleset, live=live, plans=plans, stale=stale)
    return Held(snapshot=snapshot, published=published, compiled=compiled, live_version=live_version, secrets=secrets)


def _read_state() -> tuple[Published | None, int]:
    # Read before the data it counts: what changes in between is then read twice, never missed.
    row = LiveState.objects.filter(pk=1).values_list("revision_id", "revision__checksum", "live_version").first()
    if row is None:
        return None, 0
    number, checksum, live_version = row
    return (None if number is None else (number, checksum or "")), live_version


def _same_lists(before: RuleSet, after: RuleSet) -> bool:
    """Live data are read for the published lists and targets, so they are read again when these change."""
    return before is after or (list_purposes(before), before.targets) == (list_purposes(after), after.targets)


def _entries(held: Held | None, ruleset: RuleSet, live_version: int) -> Hits | None:
    """Return the list entries held with their changes since, or None where they must be read anew."""
    purposes = list_purposes(ruleset)
    if held is None or held.live_version is None or purposes != list_purposes(held.snapshot.ruleset):
        return None
    return change_entries(held.snapshot.live.entries, purposes, held.live_version, live_version)


def _ruleset(held: Held | None, published: Published | None) -> tuple[RuleSet, Published | None, bool]:
    """Return rules, what they were made of, and whether they are stale.

    A revision that does not compile leaves the rules before it.
    """
    if held is not None and held.live_version is not None and held.published == published:
        return held.snapshot.ruleset, held.compiled, held.snapshot.stale
    if published is None:
        return load_nothing(), None, False
    try:
        followed = follow(held.compiled, held.snapshot.ruleset, published) if held and held.compiled else None
        return followed or load_whole(published), published, False
    except TableErrors as error:
        logger.error("Revision %s cannot be used, calls go on with the one before: %s", published[0], error)
        before = held or _from_copy()
        return before.snapshot.ruleset, before.compiled, before.snapshot.stale


def _from_copy() -> Held:
    contents = read_copy()
    if contents is None:
        return Held(snapshot=Snapshot(ruleset=load_nothing(), plans=make_plans(())))
    logger.warning("Calls are decided with the local copy of revision %s", contents.ruleset.revision)
    snapshot = Snapshot(ruleset=contents.ruleset, live=contents.live, plans=make_plans(contents.secrets), stale=True)
    return Held(snapshot=snapshot, secrets=contents.secrets)


_store = Store()
os.register_at_fork(before=_store.pause, after_in_parent=_store.go_on, after_in_child=_store.renew)
current = _store.current
refresh = _store.refresh
standing = _store.standing
reset = _store.reset
ruleset_of = _store.ruleset_of
