"""The thread that moves the spool into the database, one in each process that records calls."""

import logging
import os
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from routing.recorder.call_counts import merge_counts
from routing.recorder.drain import drain
from routing.recorder.webhook_counts import counter

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 0.5
ROUNDS_BETWEEN_COUNTS = 10  # server messages are counted in memory meanwhile
ROUNDS_BETWEEN_MERGES = 600
PATIENCE_SECONDS = 5.0


class Drainer:
    """Starts the thread at need, at most one in a process; a forked child starts its own."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: threads do not survive a fork."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_running = False  # asked for at every message: cheaper than asking the thread
        self._stopped = threading.Event()
        self._round_lock = threading.Lock()
        self._is_paused = False
        self._failing = False
        self._rounds = 0

    def start(self) -> None:
        """Start the thread unless it runs, or background threads are switched off."""
        if self._is_running or settings.ROUTING_POLL_SECONDS == 0:
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._is_running = True
                self._stopped.clear()
                self._thread = threading.Thread(target=self._run, name="drain-spool", daemon=True)
                self._thread.start()

    def pause(self) -> None:
        """Wait for the end of the thread's round before a fork: SQLite's locks are not made anew in a child."""
        self._is_paused = self._round_lock.acquire(timeout=PATIENCE_SECONDS)

    def go_on(self) -> None:
        """Let the thread go on in the parent."""
        if self._is_paused:
            self._is_paused = False
            self._round_lock.release()

    def stop(self) -> None:
        """Stop the thread and wait for the end of its round."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        try:
            while settings.ROUTING_POLL_SECONDS and not self._stopped.wait(INTERVAL_SECONDS):
                with self._round_lock:
                    self._round()
        finally:
            self._is_running = False
        with self._round_lock:
            self._attempt(counter.store)
        connections.close_all()

    def _round(self) -> None:
        self._attempt(drain)
        self._rounds += 1
        if self._rounds % ROUNDS_BETWEEN_COUNTS == 0 and not self._failing:
            self._attempt(counter.store)
        if self._rounds % ROUNDS_BETWEEN_MERGES == 0 and not self._failing:
            self._attempt(merge_counts)

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
            close_old_connections()
        except (DatabaseError, OSError) as error:
            connections.close_all()
            self._tell(error)
        except Exception:  # whatever it was, the records are still in the spool and the next round tries again
            connections.close_all()
            logger.exception("The spool could not be drained")
        else:
            self._failing = False

    def _tell(self, error: Exception) -> None:
        if not self._failing:
            logger.warning("Records wait on the local disk or in memory: %s", str(error).partition("\n")[0])
        self._failing = True


_drainer = Drainer()
os.register_at_fork(before=_drainer.pause, after_in_parent=_drainer.go_on, after_in_child=_drainer.forget)
start = _drainer.start
stop = _drainer.stop
