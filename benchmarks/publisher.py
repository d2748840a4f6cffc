"""A process that prepares a table and then changes it, once for each line it is sent; `benchmarks.publish` starts it.

It answers each line with one of JSON: what the calls of PROBE are told from then on, when the change was committed (by
the monotonic clock, which all processes share) and how many seconds the change took. On the word `nothing` it computes
instead, which tells what calls suffer from a busy machine alone. It gives way to the server
(`nice`): on a machine with two cores it would else take one of them from it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import django
from django.core.management import call_command

django.setup()

from django.db import transaction  # noqa: E402 - after the set-up
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.long_list import fill  # noqa: E402
from benchmarks.tables import make_table  # noqa: E402
from routing.engine.table import Arm, ListSpec, Purpose, RuleSpec, When  # noqa: E402
from routing.models import NumberList, NumberListEntry, Rule, WebhookSecret  # noqa: E402
from routing.services.publish import publish  # noqa: E402
from routing.snapshot import store  # noqa: E402
from routing.snapshot.rows import rows_from_table  # noqa: E402

SECRET = "for-benchmarks-only"
PROBE = "+12025550100"
COMPUTING = 5.0  # seconds


def main(rules: int, entries: int) -> None:
    """Prepare the rules, change them as told; on the word `entries` fill the list, and change that from then on."""
    os.nice(10)
    connection_created.connect(let_take_its_time)
    call_command("migrate", verbosity=0)
    WebhookSecret.objects.create(name="Benchmark", kind="hmac", secret=SECRET)
    prepare(rules)
    tell(turn=0)
    change: Callable[[int], object] = change_rule
    for turn, line in enumerate(sys.stdin, 1):
        if line.strip() == "entries":
            fill(NumberList.objects.get(key="long"), 0, entries)
            change = change_entry
        store.refresh()  # a process of the server holds the live table too
        began = time.monotonic()
        if line.strip() == "nothing":
            compute()
        else:
            change(turn)
        tell(turn=turn, committed_at=time.monotonic(), seconds=time.monotonic() - began)


def compute() -> None:
    """Use the processor as a publish does, and memory as well, without touching the database."""
    end = time.monotonic() + COMPUTING
    while time.monotonic() < end:
        sorted({place: str(place) for place in range(100_000)}.values())


def let_take_its_time(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Lift the server's limit of a statement: a long list is written by one. Connections come and go."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")


def tell(**values: float) -> None:
    """Write a line to the benchmark."""
    print(json.dumps(values), flush=True)


def prepare(rules: int) -> None:
    """Publish a table whose middle rule takes the calls of PROBE."""
    table = make_table(rules)
    probe = RuleSpec(key="probe", name="Probe", when=When(customer=(PROBE,)), then=(Arm(target="t"),))
    middle = rules // 2
    ordered = (*table.rules[:middle], probe, *table.rules[middle:])
    rows_from_table(replace(table, rules=ordered, lists=(ListSpec(key="long", name="Long", purpose=Purpose.SEGMENT),)))
    change_rule(0)


def change_rule(turn: int) -> None:
    """Edit one rule as staff do, and publish."""
    Rule.objects.filter(key="probe").update(overrides={"variableValues": {"turn": turn}})
    publish(author=None, note=f"Turn {turn}", now=timezone.now())


def change_entry(turn: int) -> None:
    """Change one entry of the list: its variables stand above those of the rule."""
    with transaction.atomic():
        NumberListEntry.objects.update_or_create(
            number_list=NumberList.objects.get(key="long"), number=PROBE, defaults={"variables": {"turn": turn}}
        )


if __name__ == "__main__":
    main(int(os.environ["RULES"]), int(os.environ["ENTRIES"]))
