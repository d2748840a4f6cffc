"""The draft becomes what is live again; everything unpublished is lost."""

from __future__ import annotations

from django.db import transaction

from routing.engine.document import read_document
from routing.models import DraftState, LiveState
from routing.models.patience import unhurried
from routing.services.draft import Sight, check_sight
from routing.snapshot.rows import rows_from_table


class NothingLive(Exception):
    """Nothing was published yet, so there is nothing to go back to."""


def discard_draft(*, seen: Sight | None = None) -> int:
    """Replace the draft by the live revision and return its number. Entries of lists are live data and stay.

    Raises NothingLive; DraftChanged if draft and live revision are not what was ``seen``; TableErrors if a running
    emergency switch needs a target or number that the live revision does not have. Then the draft stays.
    """
    with transaction.atomic():
        DraftState.lock()
        live = LiveState.lock()
        check_sight(seen)
        if live.revision is None:
            raise NothingLive
        with unhurried():
            rows_from_table(read_document(live.revision.document))
        return live.revision.number
