"""A small table, and ways to make it live without the services that do so in earnest."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from routing.engine.document import read_document, write_document
from routing.models import LiveState, NumberList, Revision

LINE = "+12025550111"
ADA = "+12025550100"


def document(default: str = "reception") -> dict[str, Any]:
    """Return a table of two assistants, of which one takes the VIP callers, with the other as default."""
    ids = {"reception": 1, "evening": 2, "concierge": 3}
    return write_document(
        read_document(
            {
                "default": default,
                "targets": [
                    {"key": key, "kind": "assistant", "vapi_id": f"a0000000-0000-4000-8000-00000000000{number}"}
                    for key, number in ids.items()
                ],
                "numbers": [{"vapi_id": "33333333-3333-4333-8333-333333333333", "number": LINE}],
                "campaigns": [{"slug": "spring"}],
                "lists": [{"key": "vip"}, {"key": "blocked", "purpose": "blocked"}],
                "rules": [
                    {
                        "key": "vip",
                        "name": "VIP",
                        "when": {"lists": {"any_of": ["vip"]}},
                        "then": [{"target": "concierge"}],
                    }
                ],
            }
        )
    )


def go_live(number: int, table: Any) -> None:
    """Make a revision and let it be the live one."""
    text = json.dumps(table, sort_keys=True)
    Revision.objects.create(
        number=number,
        document=table,
        published_at=timezone.now(),
        checksum=hashlib.sha256(text.encode()).hexdigest(),
    )
    LiveState.objects.update_or_create(pk=1, defaults={"revision_id": number})


def add_entry(key: str, number: str, **columns: Any) -> None:
    """Put a number on a list."""
    number_list, _ = NumberList.objects.get_or_create(key=key, defaults={"name": key})
    number_list.entries.create(number=number, **columns)


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until something holds that another thread brings about; tell whether it came to hold."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
