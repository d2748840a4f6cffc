"""The rules of a revision: from what changed since the one before, or from its whole document."""

import logging
from typing import Any

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from routing.engine.canonical import checksum_of
from routing.engine.changes import apply_changes, find_changes, read_changes, write_changes
from routing.engine.checking import CHECKS
from routing.engine.document import write_document
from routing.engine.errors import TableErrors
from routing.engine.ruleset import RuleSet
from routing.engine.table import Table
from routing.models import Revision
from routing.snapshot.load import let_go, load_text, uncollected

logger = logging.getLogger(__name__)

MOST_STEPS = 20  # revisions followed at once; a process that is further behind reads the whole document

Published = tuple[int, str]  # number and checksum: a restored backup may give a number to another table


def changes_between(held: Published, before: RuleSet, after: Table, checksum: str) -> dict[str, Any] | None:
    """Return what leads from one revision to a table with that checksum, None where the whole document has to do.

    It is tried here, once: applied, it must give a table whose document has the very checksum. So the processes that
    follow need not compute it, they trust the row as they trust a document.
    """
    changes = find_changes(before.table, after)
    if changes is None:
        return None
    tried = write_document(apply_changes(before, changes, revision=held[0] + 1).table)
    is_right = checksum_of(tried) == checksum
    let_go(tried)
    if not is_right:
        logger.error("The changes since revision %s do not give the new table; it is read as a whole", held[0])
        return None
    return {"before": list(held), **write_changes(changes)}


def follow(held: Published, ruleset: RuleSet, published: Published) -> RuleSet | None:
    """Return the rules of the published revision, made of those held; None where no changes lead from one to the other.

    Raises DatabaseError.
    """
    if not held[0] < published[0] <= held[0] + MOST_STEPS:
        return None
    steps = Revision.objects.filter(number__gt=held[0], number__lte=published[0]).order_by("number")
    for number, checksum, changes in steps.values_list("number", "checksum", "changes"):
        if changes is None or tuple(changes["before"]) != held:
            return None
        try:
            ruleset = apply_changes(ruleset, read_changes(changes), revision=number)
        except (LookupError, TypeError, ValueError, TableErrors) as error:
            logger.warning("The changes of revision %s cannot be applied, it is read as a whole: %s", number, error)
            return None
        held = number, checksum
    return ruleset if held == published else None


def load_whole(published: Published) -> RuleSet:
    """Return the rules of the published revision, from its document; raises DatabaseError and TableErrors."""
    number, checksum = published
    with uncollected():
        row = Revision.objects.annotate(text=Cast("document", TextField())).filter(pk=number, checksum=checksum)
        text, checks = row.values_list("text", "checks").get()
        if not connection.in_atomic_block:
            connection.close()  # it would keep the memory of its longest answer: 20 MB with 100,000 rules
        return load_text(text, number, is_checked=checks == CHECKS)
