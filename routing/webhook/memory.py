"""The latest answers of this process, so that a question asked twice is answered alike."""

from __future__ import annotations

import threading
from collections import OrderedDict

CAPACITY = 10_000


class LatestAnswers:
    """Answers by call id, the longest unused forgotten first. Threads may share it."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Start with none; ``capacity`` is how many are kept."""
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._capacity = capacity
        self._lock = threading.Lock()

    def find(self, call_id: str | None) -> bytes | None:
        """Return the answer given to this call, None when there is none (any more)."""
        if call_id is None:
            return None
        with self._lock:
            answer = self._answers.get(call_id)
            if answer is not None:
                self._answers.move_to_end(call_id)
            return answer

    def keep(self, call_id: str | None, answer: bytes) -> tuple[bytes, bool]:
        """Return the answer that stands for this call and whether it is this one: of two threads the first wins."""
        if call_id is None:
            return answer, True
        with self._lock:
            if (earlier := self._answers.get(call_id)) is not None:
                return earlier, False
            self._answers[call_id] = answer
            if len(self._answers) > self._capacity:
                self._answers.popitem(last=False)
            return answer, True

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._answers.clear()
