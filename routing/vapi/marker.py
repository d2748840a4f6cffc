"""The text that Vapi keeps as a call's `name`, by which a call whose answer was lost is found again."""

from __future__ import annotations

import re
from uuid import UUID

MARKER = re.compile(r"sb-[0-9a-f]{32}")


def make_marker(call_id: UUID) -> str:
    """Return the marker of one of our ids; Vapi takes 40 characters."""
    return f"sb-{call_id.hex}"


def is_marker(name: object) -> bool:
    """Tell whether a call's name was made here."""
    return isinstance(name, str) and MARKER.fullmatch(name) is not None
