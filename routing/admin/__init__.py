"""The admin: one module a subject, and tools with a page of their own. Importing it registers everything."""

from routing.admin import (
    access,
    calls,
    campaigns,
    numbers,
    our_numbers,
    people,
    revisions,
    rules,
    scheduled_calls,
    schedules,
    switch,
    table_settings,
    targets,
    vapi_objects,
)
from routing.admin.tools import urls

__all__ = [
    "access",
    "calls",
    "campaigns",
    "numbers",
    "our_numbers",
    "people",
    "revisions",
    "rules",
    "scheduled_calls",
    "schedules",
    "switch",
    "table_settings",
    "targets",
    "urls",
    "vapi_objects",
]
