"""The thread that writes down what this process has counted, once a second and before every look at the sums."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from django.conf import settings

from routing.telemetry.counting import report_counts
from routing.telemetry.files import Collected, ProcessFile, collect
from routing.telemetry.report import Key, Report

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0

Gauges = Callable[[], Mapping[Key, float]]


class Reporter:
    """Starts its thread at need, at most one in a process; a forked child starts its own."""

    def __init__(self) -> None:
        self._gauges: list[Gauges] = []
        self._file = ProcessFile()
        self.forget()

    def forget(self) -> None:
        """Begin anew: threads do not survive a fork."""
        self._file.forget()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failing = False

    def watch(self, gauges: Gauges) -> None:
        """Ask this function, which must not wait for anything, for the state of the process at every writing."""
        self._gauges.append(gauges)

    def start(self) -> None:
        """Start the thread unless it runs, or background threads are switched off."""
        if self._thread is not None or settings.ROUTING_POLL_SECONDS == 0:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="report-counts", daemon=True)
                self._thread.start()
                atexit.register(self._attempt)

    def write(self) -> None:
        """Write down what was counted so far; raises OSError."""
        with self._lock:
            self._file.write(self._report())

    def collect(self) -> Collected:
        """Return the counts of all processes. This one's are up to date; the others' may be a second old.

        Without a disk to write to, or to read from, this process still tells its own.
        """
        collected, own = Collected(), str(os.getpid())
        try:
            self.write()  # first, and read from the file then: else the next one asked might know less, and counts fall
            return collect()
        except OSError:
            with suppress(OSError):
                collected = collect()
        collected.living[own] = self._report()
        return collected

    def _report(self) -> Report:
        report = report_counts()
        for gauges in self._gauges:
            report.gauges |= gauges()
        return report

    def _run(self) -> None:
        wait = threading.Event().wait
        while settings.ROUTING_POLL_SECONDS:
            self._attempt()
            wait(INTERVAL_SECONDS)

    def _attempt(self) -> None:
        try:
            self.write()
        except OSError as error:
            if not self._failing:
                logger.warning("Metrics stand still, the data directory cannot be written: %s", error)
            self._failing = True
        except Exception:  # whatever it was, the next second tries again
            logger.exception("Metrics could not be written")
        else:
            self._failing = False


_reporter = Reporter()
os.register_at_fork(after_in_child=_reporter.forget)
watch = _reporter.watch
start = _reporter.start
write = _reporter.write
collect_all = _reporter.collect
