"""What staff wait for on a long table: `make bench PART=staff`. RULES=10000 measures one size only.

Pages are asked for by a user who may do everything; the draft is edited by one switch of one rule. "First" is what the
first person waits after a change, "again" what everybody does until the next change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.call_log_rows import count_anew, fill
from benchmarks.postgres import patient_cursor
from benchmarks.report import goal, table
from benchmarks.tables import make_table
from benchmarks.timing import milliseconds
from routing.engine.lint import lint
from routing.models import Rule
from routing.services.backtest import compare
from routing.services.lint_table import read_world
from routing.services.publish import publish
from routing.services.replay import read_recorded
from routing.services.rulesets import draft_ruleset
from routing.snapshot.row_writing import rows_from_table
from routing.snapshot.rows import table_from_rows

SIZES, CALLS = (10_000, 100_000), 20_000
LINT_SECONDS = {10_000: 3, 100_000: 60}
SIMULATED = {"channel": "inbound", "customer": "+14155550100", "number": "+12025550111"}
Part = tuple[str, Callable[[], object], float | None]


def main() -> None:
    """Print what each page takes for each number of rules."""
    sizes = [int(os.environ["RULES"])] if "RULES" in os.environ else SIZES
    fill(CALLS, timezone.now())
    count_anew()
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bench"))
    for size in sizes:
        with patient_cursor():
            loading = milliseconds(partial(rows_from_table, make_table(size)), rounds=1) / 1000
            publishing = milliseconds(lambda: publish(author=None, note="", now=timezone.now()), rounds=1) / 1000
            print(f"\n{size:,} rules, written in {loading:.0f} s and published in {publishing:.1f} s; {CALLS:,} calls.")
            _measure(size, client)


def _measure(size: int, client: Client) -> None:
    rows, goals = [], []
    for name, action, most in _parts(size, client):
        first, again = milliseconds(action, rounds=1), milliseconds(action)
        rows.append((name, f"{first:,.0f}", f"{again:,.0f}"))
        if most is not None:
            goals.append((f"{name}, {size:,} rules", again if most == 300 else first, most))
    table(("page", "first, ms", "again, ms"), rows)
    for name, taken, most in goals:
        goal(name, taken, "ms", at_most=most)


def _parts(size: int, client: Client) -> Iterator[Part]:
    simulator = f"{reverse('admin:simulator')}?{urlencode(SIMULATED)}"
    yield "simulator, live table", _page(client, simulator), 300
    yield "rules list", _page(client, "/admin/routing/rule/"), None
    yield "front page", _page(client, "/admin/"), None
    rule = Rule.objects.order_by("position")[size // 2]
    Rule.objects.filter(pk=rule.pk).update(enabled=not rule.enabled)
    yield "review after an edit", _page(client, reverse("admin:publish")), None
    yield "rules list after an edit", _page(client, "/admin/routing/rule/"), None
    before, after, recorded = draft_ruleset(), draft_ruleset(), read_recorded()
    yield f"{len(recorded):,} calls decided by two tables", lambda: compare(before, after, recorded), 1000
    yield "lint", _linter(), LINT_SECONDS.get(size, 60) * 1000


def _page(client: Client, address: str) -> Callable[[], object]:
    def read() -> None:
        cache.clear()
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answers {answer.status_code}")

    return read


def _linter() -> Callable[[], object]:
    drafted, world, now = table_from_rows(), read_world(timezone.now()), timezone.now()
    return lambda: lint(drafted, world=world, at=now)


if __name__ == "__main__":
    main()
