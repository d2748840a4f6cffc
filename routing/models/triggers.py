"""Database triggers that count changes of the live data, so that every process notices them, of the draft, and calls.

They sit in the database because `bulk_create`, `queryset.update()` and SQL typed by hand pass by `save()` and signals.
"""

from typing import Any

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from routing.models.access import WebhookSecret
from routing.models.call_counts import CALLS, CallCount, count_triggers
from routing.models.campaigns import Campaign
from routing.models.list_changes import ListChange, list_triggers
from routing.models.numbers import NumberList, NumberListEntry, OurNumber
from routing.models.revisions import DraftState, LiveState
from routing.models.rules import Rule, RuleAttribute, RuleTarget
from routing.models.schedules import Schedule, ScheduleException
from routing.models.settings import TableSettings
from routing.models.switch import EmergencySwitch
from routing.models.targets import Target

ALL_EVENTS = ("INSERT", "UPDATE", "DELETE")
# Table -> what happens to it that processes must notice. A column means: its updates only.
WATCHED: dict[str, tuple[str, ...]] = {
    NumberList._meta.db_table: ("UPDATE OF purpose", "DELETE"),
    EmergencySwitch._meta.db_table: ALL_EVENTS,
    EmergencySwitch.our_numbers.through._meta.db_table: ALL_EVENTS,
    WebhookSecret._meta.db_table: ALL_EVENTS,
    Target._meta.db_table: ("UPDATE OF missing_since",),
    OurNumber._meta.db_table: ("UPDATE OF missing_since",),
}
# Whatever a revision is made of.
DRAFT_TABLES = tuple(
    model._meta.db_table
    for model in (
        Target,
        Rule,
        Rule.lists_any.through,
        Rule.lists_none.through,
        Rule.numbers.through,
        Rule.campaigns.through,
        RuleTarget,
        RuleAttribute,
        Schedule,
        ScheduleException,
        OurNumber,
        Campaign,
        Campaign.numbers.through,
        NumberList,
        TableSettings,
    )
)
COUNT_UP = f"UPDATE {LiveState._meta.db_table} SET live_version = live_version + 1"  # noqa: S608 - names of our own
COUNT_DRAFT = f"UPDATE {DraftState._meta.db_table} SET version = version + 1"  # noqa: S608 - names of our own
FUNCTION = "routing_count_live_change"
DRAFT_FUNCTION = "routing_count_draft_change"
TELL_FUNCTION = "routing_tell_live_change"
CHANNEL = "routing_live"  # what PostgreSQL tells processes on: another live revision, or changed live data


def prepare_database(using: str, **kwargs: Any) -> None:
    """Install the triggers and the single rows; a receiver of `post_migrate`.

    It runs after each `migrate`, not in one migration: SQLite changes a table by rebuilding it, and the rebuilt table
    has lost its triggers.
    """
    connection = connections[using]
    # A migration may also stop halfway (`migrate routing 0001`), before all of the tables are there.
    if not router.allow_migrate_model(using, LiveState) or not _needed_tables() <= _tables(connection):
        return
    install_triggers(connection)
    for single in (LiveState, DraftState, TableSettings):
        single._default_manager.using(using).get_or_create(pk=1)


def install_triggers(connection: BaseDatabaseWrapper) -> None:
    """Replace the triggers by those that belong to this version of the program."""
    _execute(connection, _for_postgresql() if connection.vendor == "postgresql" else _for_sqlite())
    _execute(connection, list_triggers(connection.vendor))
    install_count_triggers(connection)


def install_count_triggers(connection: BaseDatabaseWrapper) -> None:
    """Replace the triggers that count calls; the migration that counts those of an older version needs them first."""
    _execute(connection, count_triggers(connection.vendor))


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _needed_tables() -> set[str]:
    models = (LiveState, DraftState, CallCount, ListChange, NumberListEntry)
    return {model._meta.db_table for model in models} | {CALLS, *WATCHED, *DRAFT_TABLES}


def _tables(connection: BaseDatabaseWrapper) -> set[str]:
    return set(connection.introspection.table_names())


def _for_sqlite() -> list[str]:
    counted = [(_trigger_name(table, event), table, event, COUNT_UP) for table, of in WATCHED.items() for event in of]
    counted += [
        (_trigger_name(table, event, "draft"), table, event, COUNT_DRAFT)
        for table in DRAFT_TABLES
        for event in ALL_EVENTS
    ]
    statements = []
    for name, table, event, count_up in counted:
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} {_changed(event)} BEGIN {count_up}; END",
        ]
    return statements


def _changed(event: str) -> str:
    """Return the condition that the column has another value: `save()` writes all columns, changed or not."""
    column = event.partition(" OF ")[2]
    return f"WHEN OLD.{column} IS NOT NEW.{column}" if column else ""


def _for_postgresql() -> list[str]:
    # Once a statement, not once a row: an import of 100,000 entries counts as one change.
    statements = [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {does}; RETURN NULL; END $$"
        for function, does in (
            (FUNCTION, COUNT_UP),
            (DRAFT_FUNCTION, COUNT_DRAFT),
            (TELL_FUNCTION, f"NOTIFY {CHANNEL}"),
        )
    ]
    # The draft's row is taken before the edited rows: in the other order, editors and publishers could wait for each
    # other.
    counted = [
        (_trigger_name(table, ""), f"AFTER {' OR '.join(events)}", table, FUNCTION) for table, events in WATCHED.items()
    ]
    counted += [
        (_trigger_name(table, "", "draft"), f"BEFORE {' OR '.join(ALL_EVENTS)}", table, DRAFT_FUNCTION)
        for table in DRAFT_TABLES
    ]
    counted.append(("tell_routing_livestate", "AFTER INSERT OR UPDATE", LiveState._meta.db_table, TELL_FUNCTION))
    for name, when, table, function in counted:
        statements += [
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        ]
    return statements


def _trigger_name(table: str, event: str, counts: str = "live") -> str:
    return f"{counts}_{table}_{event.partition(' ')[0].lower()}".rstrip("_")
