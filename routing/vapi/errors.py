"""What can go wrong between us and Vapi."""

from __future__ import annotations

from typing import Any


class VapiError(Exception):
    """Vapi refused a request or could not be asked.

    ``status`` is None when there was no answer; ``body`` has Vapi's shape in any case. ``retryable`` means that the
    same request may succeed later and cannot have had an effect. ``ambiguous`` means that a call may have been placed.
    ``retry_after`` is for how many seconds Vapi wants to be left alone, if it said so.
    """

    def __init__(
        self,
        status: int | None,
        body: dict[str, Any],
        *,
        retryable: bool,
        ambiguous: bool,
        retry_after: float | None = None,
    ) -> None:
        """Keep the facts; the text names status and message."""
        super().__init__(f"Vapi: {status or 'no answer'}: {body.get('message')}")
        self.status = status
        self.body = body
        self.retryable = retryable
        self.ambiguous = ambiguous
        self.retry_after = retry_after
