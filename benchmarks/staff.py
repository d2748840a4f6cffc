"""What staff wait for on a long table: `make bench PART=staff`. RULES=10000 measures one size only.

Pages are asked for by a user who may do everything; the draft is edited by one switch of one rule. "First" is what the
first person waits after a change, "again" what everybody does until the next change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.call_log_rows import count_anew, fill
from benchmarks.postgres import patient_cursor
from benchmarks.report import goal, table
from benchmarks.tables import make_table
from benchmarks.timing import milliseconds
from config.patience import bound_waiting
from routing.engine.lint import lint
from routing.models import LiveState, Rule
from routing.services.backtest import compare
from routing.services.draft import Sight
from routing.services.lint_table import read_world
from routing.services.replay import read_recorded
from routing.services.rulesets import draft_ruleset
from routing.snapshot.row_writing import rows_from_table
from routing.snapshot.rows import table_from_rows

SIZES, CALLS = (10_000, 100_000), 20_000
LINT_SECONDS = {10_000: 3, 100_000: 60}
REVIEW_MS = {10_000: 1000}
FILTERS = "its filters offer 10,000 campaigns and 10,000 numbers; on a shared Xeon of 2.8 GHz 278 to 401 ms by the hour"
FRONT = "211 ms on AMD EPYC, on a shared Xeon of 2.8 GHz 195 to 476 by the hour"
SIMULATED = {"channel": "inbound", "customer": "+14155550100", "number": "+12025550111"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is waited for; ``first`` and ``again`` are the most milliseconds that it may take, None where no goal is.

    ``why`` is where the time goes, should it take longer.
    """

    name: str
    action: Callable[[], object]
    first: float | None = None
    again: float | None = None
    why: str = ""


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
        with _as_served():
            publishing = milliseconds(partial(_publish, client), rounds=1) / 1000
            print(f"\n{size:,} rules, written in {loading:.0f} s and published in {publishing:.1f} s; {CALLS:,} calls.")
            _measure(size, client)


@contextmanager
def _as_served() -> Iterator[None]:
    """Keep the time limits of a server: two seconds a statement, and an end to waiting."""
    connection.close()
    bound_waiting()
    yield
    connection.close()
    connection_created.disconnect(dispatch_uid="bound-waiting")


def _measure(size: int, client: Client) -> None:
    rows, goals = [], []
    for part in _parts(size, client):
        first, again = milliseconds(part.action, rounds=1), milliseconds(part.action)
        rows.append((part.name, f"{first:,.0f}", f"{again:,.0f}"))
        goals += [(part, first, part.first)] if part.first else []
        goals += [(part, again, part.again)] if part.again else []
    table(("page", "first, ms", "again, ms"), rows)
    for part, taken, most in goals:
        goal(f"{part.name}, {size:,} rules", taken, "ms", at_most=most, why_not=part.why)


def _parts(size: int, client: Client) -> Iterator[Part]:
    simulator, rules = f"{reverse('admin:simulator')}?{urlencode(SIMULATED)}", "/admin/routing/rule/"
    review = _page(client, reverse("admin:publish"))
    yield Part(name="simulator, live table", action=_page(client, simulator), again=300)
    yield Part(name="rules list with hit counts", action=_page(client, rules), again=300, why=FILTERS)
    yield Part(name="front page", action=_page(client, "/admin/"), again=300, why=FRONT)
    _edit(size // 2)
    yield Part(name="any other page after an edit: the bar of changes", action=_page(client, "/admin/routing/target/"))
    yield Part(name="review of the edit, the first since the start", action=review)
    _edit(size // 3)
    reviewing = "review after an edit, with 1,000 calls"
    yield Part(name=reviewing, action=review, first=REVIEW_MS.get(size), why="the draft is read and compiled anew")
    _edit(size // 4)
    yield Part(name="rules list after an edit", action=_page(client, rules))
    before, after, recorded = draft_ruleset(), draft_ruleset(), read_recorded()
    replay = partial(compare, before, after, recorded)
    yield Part(name=f"{len(recorded):,} calls decided by two tables", action=replay, first=1000)
    yield Part(name="publishing by the page", action=partial(_edit_and_publish, size // 5, client))
    yield Part(name="lint", action=_linter(), first=LINT_SECONDS.get(size, 60) * 1000)


def _edit(place: int) -> None:
    rule = Rule.objects.order_by("position")[place]
    Rule.objects.filter(pk=rule.pk).update(enabled=not rule.enabled)


def _edit_and_publish(place: int, client: Client) -> None:
    _edit(place)
    _publish(client)


def _publish(client: Client) -> None:
    """Press the button and follow to the page that tells what came of it."""
    before = LiveState.objects.get(pk=1).revision_id
    answer = client.post(reverse("admin:publish"), {"note": "As measured", "seen": str(Sight.present())})
    if answer.status_code != 302 or LiveState.objects.get(pk=1).revision_id == before:
        raise RuntimeError(f"Nothing was published: {answer.status_code}")


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
