"""From a revision's document to the rules that decide, with what the settings add."""

from django.conf import settings

from routing.engine.compile import compile_table, empty_ruleset
from routing.engine.document import read_document
from routing.engine.ruleset import RuleSet
from routing.engine.table import Target


def load_ruleset(document: object, revision: int | None) -> RuleSet:
    """Return the compiled rules of a table document; raises TableErrors with everything that is wrong in it."""
    region = settings.ROUTING_DEFAULT_REGION
    table = read_document(document, default_region=region)
    return compile_table(table, revision=revision, default_region=region, last_resort=last_resort())


def load_nothing() -> RuleSet:
    """Return the rules of an installation that has published nothing: the last resort takes every call."""
    return empty_ruleset(default_region=settings.ROUTING_DEFAULT_REGION, last_resort=last_resort())


def last_resort() -> Target:
    """Return the target of ROUTING_LAST_RESORT; raises TableErrors where it is none."""
    return read_target(settings.ROUTING_LAST_RESORT)


def read_target(raw: object) -> Target:
    """Return a target written as in a table file; raises TableErrors."""
    return read_document({"targets": [raw]}).targets[0]
