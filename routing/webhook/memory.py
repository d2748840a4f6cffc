"""The latest answers of this process, so that a question asked twice is answered alike."""

from __future__ import annotations

import threading

CAPACITY = 5_000


class LatestAnswers:
    """Answers by call id: the latest ``capacity`` of them, and up to as many before these. Threads may share it.

    They are forgotten by halves: the oldest one, forgotten for each new one, lies where no cache reaches any more.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Start with none."""
        self._capacity = capacity
        self._lock = threading.Lock()
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}

    def find(self, call_id: str | None) -> bytes | None:
        """Return the answer given to this call, None when there is none (any more)."""
        if call_id is None:
            return None
        return self._young.get(call_id) or self._old.get(call_id)

    def keep(self, call_id: str | None, answer: bytes) -> tuple[bytes, bool]:
        """Return the answer that stands for this call and whether it is this one: of two threads the first wins."""
        if call_id is None:
            return answer, True
        with self._lock:
            if (earlier := self.find(call_id)) is not None:
                return earlier, False
            self._young[call_id] = answer
            if len(self._young) == self._capacity:
                self._old, self._young = self._young, {}
            return answer, True

    def forget(self) -> None:
        """Start anew."""
        self._young, self._old = {}, {}
