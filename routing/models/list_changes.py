"""Which numbers changed on the lists lately, so that processes which hold a million entries read only those anew.

Triggers write a line for each number and forget old lines, so no way of writing entries can pass by them.
"""

from django.db import models

from routing.models.numbers import NumberListEntry
from routing.models.revisions import LiveState

KEPT = 1_000  # versions of the live data
MOST = 100  # numbers of one statement; a longer one is one line, which says to read everything


class ListChange(models.Model):
    """A number whose entries changed with this version of the live data; empty: too many to name."""

    live_version = models.BigIntegerField("version of the live data", db_index=True)
    number = models.CharField("number", max_length=255, blank=True)

    class Meta:
        verbose_name = "change of a list"
        verbose_name_plural = "changes of lists"

    def __str__(self) -> str:
        return f"{self.number or 'many numbers'} with live data {self.live_version}"


TABLE, ENTRIES, STATE = (model._meta.db_table for model in (ListChange, NumberListEntry, LiveState))
FUNCTION = "routing_log_list_change"
COUNT_UP = f"UPDATE {STATE} SET live_version = live_version + 1"  # noqa: S608 - names of our own, here and below
LOG = f"INSERT INTO {TABLE} (live_version, number)"


def list_triggers(vendor: str) -> list[str]:
    """Return the statements that install the triggers of the entries anew; they count the live version too."""
    return _for_postgresql() if vendor == "postgresql" else _for_sqlite()


def _for_postgresql() -> list[str]:
    # Once a statement, not once a row: an import of 100,000 entries counts as one change.
    changed = {
        "INSERT": "SELECT number FROM new_entries",
        "DELETE": "SELECT number FROM old_entries",
        "UPDATE": "SELECT number FROM new_entries UNION SELECT number FROM old_entries",
    }
    branches = " ELSIF ".join(f"TG_OP = '{event}' THEN {_log_few(rows)}" for event, rows in changed.items())
    statements = [
        f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$"  # noqa: S608
        f" DECLARE version bigint; BEGIN {COUNT_UP} RETURNING live_version INTO version;"
        " IF version IS NULL THEN RETURN NULL; END IF;"
        f" DELETE FROM {TABLE} WHERE live_version <= version - {KEPT};"
        f" IF {branches} END IF; RETURN NULL; END $$",
        f"DROP TRIGGER IF EXISTS live_{ENTRIES} ON {ENTRIES}",  # of the versions before
    ]
    seen = {"INSERT": "NEW TABLE AS new_entries", "DELETE": "OLD TABLE AS old_entries"}
    seen["UPDATE"] = " ".join(seen.values())
    for event, tables in seen.items():
        name = _name(event)
        statements += [
            f"DROP TRIGGER IF EXISTS {name} ON {ENTRIES}",
            f"CREATE TRIGGER {name} AFTER {event} ON {ENTRIES} REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()",
        ]
    return statements


def _log_few(numbers: str) -> str:
    seen = "old_entries" if "new_entries" not in numbers else "new_entries"
    many = f"(SELECT count(*) FROM (SELECT 1 FROM {seen} LIMIT {MOST + 1}) AS few) > {MOST}"  # noqa: S608
    logged = f"SELECT version, number FROM ({numbers}) AS changed"  # noqa: S608
    return f"IF {many} THEN {LOG} VALUES (version, ''); ELSE {LOG} {logged}; END IF;"


def _for_sqlite() -> list[str]:
    forget = f"DELETE FROM {TABLE} WHERE live_version <= (SELECT live_version FROM {STATE}) - {KEPT}"  # noqa: S608
    logged = f"{LOG} SELECT live_version, %s.number FROM {STATE}"  # noqa: S608
    moved = f"{logged % 'OLD'} WHERE OLD.number IS NOT NEW.number"
    changed = {"INSERT": [logged % "NEW"], "DELETE": [logged % "OLD"], "UPDATE": [logged % "NEW", moved]}
    statements = []
    for event, lines in changed.items():
        body = "; ".join([COUNT_UP, forget, *lines])
        statements += [
            f"DROP TRIGGER IF EXISTS {_name(event)}",
            f"CREATE TRIGGER {_name(event)} AFTER {event} ON {ENTRIES} BEGIN {body}; END",
        ]
    return statements


def _name(event: str) -> str:
    return f"live_{ENTRIES}_{event.lower()}"
