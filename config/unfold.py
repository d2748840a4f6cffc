"""Looks of the admin: the settings of django-unfold."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Switchboard",
    "SITE_HEADER": "Switchboard",
    "SITE_SYMBOL": "call_split",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
