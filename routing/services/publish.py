"""Making the draft live, and an old revision the draft again."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from routing.engine.document import read_document, write_document
from routing.models import DraftState, LiveState, Revision
from routing.services.draft import Sight, check_sight
from routing.snapshot.load import load_ruleset
from routing.snapshot.rows import rows_from_table, table_from_rows


def publish(*, author: User | None, note: str, now: datetime, seen: Sight | None = None) -> Revision:
    """Make the draft live as a new revision.

    A draft that equals the live revision makes none: that one comes back, with ``is_new`` false. Raises TableErrors
    with everything that is wrong with the draft, or DraftChanged if it is not what was ``seen``; then nothing goes
    live.
    """
    with transaction.atomic():
        DraftState.lock()  # nobody's edit may be half in the revision
        live = LiveState.lock()  # two publishers at once would choose the same number
        check_sight(seen)
        document = write_document(table_from_rows())
        checksum = checksum_of(document)
        if live.revision is not None and live.revision.checksum == checksum:
            live.revision.is_new = False
            return live.revision
        number = (Revision.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        load_ruleset(document, number)  # exactly what every process is going to do
        live.revision = Revision.objects.create(
            number=number, author=author, note=note, published_at=now, document=document, checksum=checksum
        )
        live.save(update_fields=["revision"])
        live.revision.is_new = True
        return live.revision


def restore(revision: Revision, *, author: User | None, now: datetime, seen: Sight | None = None) -> Revision:
    """Make an old revision live again, as a new one, and the draft with it.

    Live data stays: entries of lists, the emergency switch, secrets and keys. Raises TableErrors if the old table does
    not compile any more, or if a running emergency switch needs a target or number that it does not have; DraftChanged
    if draft and live revision are not what was ``seen``.
    """
    with transaction.atomic():
        DraftState.lock()
        LiveState.lock()
        check_sight(seen)
        load_ruleset(revision.document, revision.number)
        rows_from_table(read_document(revision.document))
        return publish(author=author, note=f"Back to revision {revision.number}", now=now)


def checksum_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical JSON, in hexadecimal."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
