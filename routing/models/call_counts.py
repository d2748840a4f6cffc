"""How many calls there were, hour by hour: what dashboard and rules list read instead of a long call log.

Triggers write a line for whatever a statement does to calls, so no way of writing them can forget it. Lines are only
added, never changed: writers of calls do not wait for each other. The drain merges them now and then.
"""

from django.db import models

from routing.models.calls import Call


class CallCount(models.Model):
    """So many calls more, or fewer, with one value. The calls with a value are the sum of its lines.

    Channels are counted by quarters of an hour, so that there are hours in every time zone; the others by hours of UTC.
    """

    at = models.DateTimeField("from")
    dimension = models.CharField("counted by", max_length=16)
    key = models.CharField("value", max_length=100, blank=True)
    calls = models.BigIntegerField("calls")
    merged = models.BooleanField("merged", default=False)

    class Meta:
        ordering = ["at", "dimension", "key"]
        verbose_name = "count of calls"
        verbose_name_plural = "counts of calls"
        indexes = [
            models.Index(fields=["dimension", "at", "key"], include=["calls"], name="callcount_read"),
            models.Index(fields=["at"], name="callcount_unmerged", condition=models.Q(merged=False)),
        ]

    def __str__(self) -> str:
        return f"{self.calls} by {self.dimension} {self.key} at {self.at:%Y-%m-%d %H:%M}"


TABLE, CALLS = CallCount._meta.db_table, Call._meta.db_table
HOUR, QUARTER = 3600, 900
# Name -> length of the span in seconds, the counted text, and which calls are counted.
DIMENSIONS: dict[str, tuple[int, str, str]] = {
    "channel": (QUARTER, "channel", "1 = 1"),
    "reason": (HOUR, "reason", "1 = 1"),
    "state": (HOUR, "state", "1 = 1"),
    "target": (HOUR, "target_key", "1 = 1"),
    "rule": (HOUR, "rule_key", "rule_key <> ''"),
    "no-rule": (HOUR, "reason", "rule_key = ''"),
    "stale": (HOUR, "''", "stale"),
    "sandbox": (HOUR, "''", "sandbox"),
}
SOURCES = ("decided_at", "channel", "reason", "state", "target_key", "rule_key", "stale", "sandbox")
FUNCTION = "routing_count_calls"


def count_lines(rows: str, vendor: str, sign: int = 1) -> str:
    """Return the query for the lines that these calls make, each worth one call; `rows` is a table or a query."""
    if vendor == "postgresql":
        return _lines_in_one_pass(rows, sign)
    return " UNION ALL ".join(
        f"SELECT {_start(vendor, seconds)} AS at, '{name}' AS dimension, {key} AS key, {sign} AS calls"  # noqa: S608 - our own names
        f" FROM {rows} AS counted WHERE {condition}"
        for name, (seconds, key, condition) in DIMENSIONS.items()
    )


def _lines_in_one_pass(rows: str, sign: int) -> str:
    """Return the same query without reading the rows once for each dimension, which SQLite has no words for."""
    values = ", ".join(
        f"({_start('postgresql', seconds)}, '{name}', {key}, {condition})"
        for name, (seconds, key, condition) in DIMENSIONS.items()
    )
    return (
        f"SELECT at, dimension, key, {sign} AS calls FROM {rows} AS counted"  # noqa: S608 - our own names
        f" CROSS JOIN LATERAL (VALUES {values}) AS line (at, dimension, key, is_counted) WHERE is_counted"
    )


def summed(lines: str) -> str:
    """Return the query for the lines added up; what comes to nothing is left out."""
    return (
        f"SELECT at, dimension, key, SUM(calls) AS calls FROM ({lines}) AS lines"  # noqa: S608 - our own names
        " GROUP BY at, dimension, key HAVING SUM(calls) <> 0"
    )


def added(lines: str, *, merged: bool = False) -> str:
    """Return the statement that stores the sums of lines."""
    return (
        f"INSERT INTO {TABLE} (at, dimension, key, calls, merged)"  # noqa: S608 - our own names
        f" SELECT at, dimension, key, calls, {str(merged).lower()} FROM ({summed(lines)}) AS sums"
    )


def count_triggers(vendor: str) -> list[str]:
    """Return the statements that install the triggers anew."""
    return _for_postgresql() if vendor == "postgresql" else _for_sqlite()


def _for_postgresql() -> list[str]:
    new, old = count_lines("new_calls", "postgresql"), count_lines("old_calls", "postgresql", -1)
    new_row, old_row = (count_lines(_row(name), "postgresql", sign) for name, sign in (("NEW", 1), ("OLD", -1)))
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in SOURCES)
    # Updates are of one call nearly always, and most change nothing that is counted: only a trigger of rows sees that.
    events = {
        "insert": ("REFERENCING NEW TABLE AS new_calls FOR EACH STATEMENT", added(new)),
        "update": (f"FOR EACH ROW WHEN ({changed})", added(f"{new_row} UNION ALL {old_row}")),
        "delete": ("REFERENCING OLD TABLE AS old_calls FOR EACH STATEMENT", added(old)),
        "truncate": ("FOR EACH STATEMENT", f"DELETE FROM {TABLE}"),  # noqa: S608 - our own names
    }
    statements = []
    for event, (condition, does) in events.items():
        function, name = f"{FUNCTION}_{event}", f"count_calls_{event}"
        statements += [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {does}; RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS {name} ON {CALLS}",
            f"CREATE TRIGGER {name} AFTER {event.upper()} ON {CALLS} {condition} EXECUTE FUNCTION {function}()",
        ]
    return [*statements, f"DROP FUNCTION IF EXISTS {FUNCTION}()"]


def _for_sqlite() -> list[str]:
    new, old = (count_lines(_row(name), "sqlite", sign) for name, sign in (("NEW", 1), ("OLD", -1)))
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in SOURCES)
    # Emptying all tables may empty the counts first: a call that is not counted is not taken off.
    at = _start("sqlite", QUARTER, "OLD.")
    is_counted = f"EXISTS (SELECT 1 FROM {TABLE} WHERE dimension = 'channel' AND at = {at})"  # noqa: S608 - our own names
    events = {
        "INSERT": ("", new),
        "UPDATE": (f"WHEN {changed}", f"{new} UNION ALL {old}"),
        "DELETE": (f"WHEN {is_counted}", old),
    }
    statements = []
    for event, (condition, lines) in events.items():
        name = f"count_calls_{event.lower()}"
        statements += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {event} ON {CALLS} {condition} BEGIN {added(lines)}; END",
        ]
    return statements


def _row(name: str) -> str:
    return f"(SELECT {', '.join(f'{name}.{column} AS {column}' for column in SOURCES)})"


def _start(vendor: str, seconds: int, row: str = "") -> str:
    """Return the expression for when the span began in which a call was decided; no session's time zone matters."""
    if vendor == "postgresql":
        return f"date_bin('{seconds} seconds', {row}decided_at, 'epoch')"
    minutes = seconds // 60
    minute = f"(CAST(substr({row}decided_at, 15, 2) AS integer) / {minutes} * {minutes})"
    return f"substr({row}decided_at, 1, 14) || substr('0' || {minute}, -2) || ':00'"
