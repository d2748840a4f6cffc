"""Tell of every rule why it took a recorded call or not."""

from __future__ import annotations

from routing.engine.context import context_from_dict
from routing.engine.errors import TableErrors
from routing.engine.explain import Explanation, explain
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.models import Call, Revision
from routing.snapshot import store
from routing.snapshot.livefile import read_facts
from routing.snapshot.load import load_nothing, load_ruleset


class CannotExplain(ValueError):
    """A recorded call whose revision or context is no longer there."""


def explain_call(call: Call) -> Explanation:
    """Explain a recorded call by its own revision and the facts it saw then; raises CannotExplain."""
    ruleset = ruleset_of(call.revision)
    try:
        context, facts = context_from_dict(call.context), read_facts(call.facts)
    except (KeyError, ValueError, TypeError) as error:
        raise CannotExplain(f"Call {call.pk} was recorded without what was known about it.") from error
    return explain(ruleset, situate(ruleset, context), facts)


def ruleset_of(revision: int | None) -> RuleSet:
    """Return the rules of a revision, None for what was before the first; raises CannotExplain."""
    live = store.current().ruleset
    if live.revision == revision:
        return live
    if revision is None:
        return load_nothing()
    row = Revision.objects.filter(number=revision).first()
    if row is None:
        raise CannotExplain(f"Revision {revision}, which decided this call, is not there.")
    try:
        return load_ruleset(row.document, row.number)
    except TableErrors as error:
        raise CannotExplain(f"Revision {revision} can no longer be read: {error}") from error
