"""Live data from the rows: what takes effect without being published."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Aggregate, TextField, Value

from routing.engine.live import EmergencySwitch, LiveData
from routing.engine.ruleset import RuleSet
from routing.engine.table import Purpose, Target, TargetKind
from routing.models import EmergencySwitch as EmergencySwitchRow
from routing.models import NumberListEntry
from routing.models import Target as TargetRow
from routing.snapshot.livefile import Entries, Hits, build_entries

PIECE = 100_000  # characters
BETWEEN = "\x1f"  # numbers; stands in none of them
TARGET_COLUMNS = "key name vapi_id version number sip_uri message extension caller_id enabled overrides".split()


def load_live(ruleset: RuleSet, now: datetime, entries: Hits | None = None) -> LiveData:
    """Return the live data as it belongs to these rules; expiry is judged again at each decision.

    Which lists there are, and what for, is published with the rules; who is on them is not. ``entries`` are not read
    where they are known.
    """
    if entries is None:
        with _unhurried():
            entries = build_entries(entry_rows(), list_purposes(ruleset))
    return LiveData(
        entries=entries,
        switches=tuple(_switches(ruleset, now)),
        unavailable=frozenset(TargetRow.objects.filter(missing_since__isnull=False).values_list("key", flat=True)),
    )


def list_purposes(ruleset: RuleSet) -> Mapping[str, Purpose]:
    """Return the published number lists and what each is for."""
    return {spec.key: spec.purpose for spec in ruleset.table.lists}


@contextmanager
def _unhurried() -> Iterator[None]:
    """Let PostgreSQL take longer than the limit that is meant for pages, as long as anybody waits for it.

    A million entries are joined for a second, by several processes at once for several.
    """
    if connection.vendor != "postgresql":  # a transaction of SQLite would keep all others from writing
        yield
        return
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '5s'")
        yield


class _Joined(Aggregate):
    """The texts of a group as one."""

    function = "STRING_AGG"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Name it as SQLite does."""
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **extra_context)


def entry_rows(numbers: Collection[str] | None = None) -> Iterator[Entries]:
    """Yield the entries of these numbers, or all.

    Those that are alike but for the number come together: one by one, a million takes seconds.
    """
    rows = NumberListEntry.objects.all() if numbers is None else NumberListEntry.objects.filter(number__in=numbers)
    alike = rows.values("number_list_id", "number_list__key", "variables", "expires_at")
    joined = alike.annotate(joined=_Joined("number", Value(BETWEEN)))
    # Ordered by list, so that a number on several lists gets its hits in the same order in every process.
    groups = joined.order_by("number_list_id").values_list("joined", "number_list__key", "variables", "expires_at")
    for numbers, key, variables, expires_at in groups.iterator():
        for piece in _pieces(numbers):
            yield piece, key, variables, expires_at


def _pieces(joined: str) -> Iterator[list[str]]:
    """Split piece by piece: a long list as a whole would hold up the requests of other threads."""
    start = 0
    while start < len(joined):
        end = joined.find(BETWEEN, start + PIECE)
        end = len(joined) if end < 0 else end
        yield joined[start:end].split(BETWEEN)
        start = end + 1


def _switches(ruleset: RuleSet, now: datetime) -> Iterator[EmergencySwitch]:
    rows = EmergencySwitchRow.objects.filter(ended_at__isnull=True, until__gt=now)
    for row in rows.select_related("target").prefetch_related("our_numbers").order_by("-started_at", "-pk"):
        yield EmergencySwitch(
            until=row.until,
            target=_target(ruleset, row.target) if row.target else None,
            our_numbers=frozenset(number.key for number in row.our_numbers.all()),
            pauses_outbound=row.pauses_outbound,
            reason=row.reason,
        )


def _target(ruleset: RuleSet, row: TargetRow) -> Target:
    """The published target where there is one: unpublished changes of it must not answer calls."""
    columns: dict[str, Any] = {name: getattr(row, name) for name in TARGET_COLUMNS}
    return ruleset.targets.get(row.key) or Target(kind=TargetKind(row.kind), **columns)
