"""From a revision's document to the rules that decide, with what the settings add."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from routing.engine.compile import compile_table, empty_ruleset
from routing.engine.document import read_document, read_document_text
from routing.engine.ruleset import RuleSet
from routing.engine.table import Target

MANY = 50_000  # new objects: then a look at them takes some milliseconds


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the search for unused cycles away from a large table, while it is made and ever after.

    Each search walks through every object while all threads wait: 200 ms with 100,000 rules, several times a load.
    Tables hold no cycles. Frozen objects are freed as always when nothing refers to them; only the few cycles that are
    unused at this moment stay for good.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > MANY:
            gc.freeze()
        if was_on:
            gc.enable()


def load_ruleset(document: object, revision: int | None) -> RuleSet:
    """Return the compiled rules of a table document; raises TableErrors with everything that is wrong in it."""
    region = settings.ROUTING_DEFAULT_REGION
    table = read_document(document, default_region=region)
    return compile_table(table, revision=revision, default_region=region, last_resort=last_resort())


def load_text(text: str | bytes, revision: int | None, *, is_checked: bool) -> RuleSet:
    """Return the compiled rules of a document's JSON text; ``is_checked`` says that it passed the checks of today.

    Raises TableErrors, and ValueError where it is not JSON.
    """
    region = settings.ROUTING_DEFAULT_REGION
    table = read_document_text(text, default_region=region)
    return compile_table(
        table, revision=revision, default_region=region, last_resort=last_resort(), is_checked=is_checked
    )


def let_go(document: dict[str, Any]) -> None:
    """Empty a document rule by rule."""
    drop(document.get("rules", []))


def drop(values: list[Any]) -> None:
    """Empty a list value by value: freed as a whole, 100,000 rules would hold up every call for 100 ms."""
    while values:
        values.pop()


def load_nothing() -> RuleSet:
    """Return the rules of an installation that has published nothing: the last resort takes every call."""
    return empty_ruleset(default_region=settings.ROUTING_DEFAULT_REGION, last_resort=last_resort())


def last_resort() -> Target:
    """Return the target of ROUTING_LAST_RESORT; raises TableErrors where it is none."""
    return read_target(settings.ROUTING_LAST_RESORT)


def read_target(raw: object) -> Target:
    """Return a target written as in a table file; raises TableErrors."""
    return read_document({"targets": [raw]}).targets[0]
