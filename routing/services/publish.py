"""Making the draft live, and an old revision the draft again."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from routing.engine.canonical import checksum_of
from routing.engine.checking import CHECKS
from routing.engine.document import read_document, write_document
from routing.engine.errors import TableErrors
from routing.engine.table import Table
from routing.models import DraftState, LiveState, Revision
from routing.models.patience import unhurried
from routing.services.draft import Sight, check_sight
from routing.snapshot import store
from routing.snapshot.changes import changes_between
from routing.snapshot.load import drop, let_go, load_ruleset, uncollected
from routing.snapshot.rows import rows_from_table, table_from_rows


def publish(*, author: User | None, note: str, now: datetime, seen: Sight | None = None) -> Revision:
    """Make the draft live as a new revision.

    A draft that equals the live revision makes none: that one comes back, with ``is_new`` false. Raises TableErrors
    with everything that is wrong with the draft, or DraftChanged if it is not what was ``seen``; then nothing goes
    live.
    """
    with uncollected(), transaction.atomic():
        return _publish(author, note, now, seen)


def _publish(author: User | None, note: str, now: datetime, seen: Sight | None) -> Revision:
    DraftState.lock()  # nobody's edit may be half in the revision
    state = LiveState.lock()  # two publishers at once would choose the same number
    check_sight(seen)
    with unhurried():
        return _publish_draft(state, author, note, now)


def _publish_draft(state: LiveState, author: User | None, note: str, now: datetime) -> Revision:
    live = Revision.objects.defer("document", "changes").filter(pk=state.revision_id or 0).first()
    table = table_from_rows()
    document = write_document(table)
    checksum = checksum_of(document)
    if live is not None and live.checksum == checksum:
        live.is_new = False
        return live
    number = (Revision.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    drop(list(load_ruleset(document, number).rules))  # exactly what a process is going to do that starts
    revision = state.revision = Revision.objects.create(
        number=number,
        author=author,
        note=note,
        published_at=now,
        document=document,
        checksum=checksum,
        checks=CHECKS,
        changes=None if live is None else _changes_since(live, table, checksum),
    )
    state.save(update_fields=["revision"])
    revision.is_new = True
    del revision.document  # read again by who asks for it
    rules = list(table.rules)
    del table
    drop(rules)
    let_go(document)
    return revision


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
        with unhurried():
            load_ruleset(revision.document, revision.number)
            rows_from_table(read_document(revision.document))
        return publish(author=author, note=f"Back to revision {revision.number}", now=now)


def _changes_since(live: Revision, table: Table, checksum: str) -> dict[str, Any] | None:
    """Return what a process needs that holds the live revision; None where that one does not compile any more."""
    held = live.number, live.checksum
    try:
        before = store.ruleset_of(held) or load_ruleset(live.document, live.number)
    except TableErrors:
        return None
    return changes_between(held, before, table, checksum)
