"""What staff wait for when the call log is long: `make bench PART=call_log`, ROWS=1000000 for a million calls.

A million takes about two minutes, ten million, as by default, about ten.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.call_log_rows import RULES, count_anew, fill
from benchmarks.report import goal, table
from benchmarks.timing import milliseconds
from routing.models import Call, CallCount, Rule, Target
from routing.services.connection import read_connection
from routing.services.count_calls import count_calls
from routing.services.count_hits import last_hits, read_hits
from routing.services.list_calls import CallFilter, Place, list_calls

GOAL_MS = 300
EXPORTED, EXPLAINED = 100_000, 1_000_000  # rows of a CSV file at most; calls that the planner is asked about
LIST = "/admin/routing/call/"
PAGES = {
    "first page": "",
    "one state": "state__exact=ended",
    "a rare state": "state__exact=failed",
    "a state that never was": "state__exact=refused",
    "one reason": "reason__exact=DEFAULT",
    "a rare reason": "reason__exact=ERROR",
    "a reason that never was": "reason__exact=BLOCKED",
    "inbound": "channel__exact=inbound",
    "a rare channel": "channel__exact=web",
    "one target": "target_key=target-3",
    "a target that never was": "target_key=none",
    "one rule": "rule_key=rule-400",
    "one campaign": "campaign=campaign-1",
    "a rare campaign": "campaign=campaign-49",
    "a campaign that never was": "campaign=none",
    "one of our numbers": "our_number=%2B12025550003",
    "a number of ours that never was": "our_number=%2B12025559999",
    "sandbox": "sandbox__exact=1",
    "reason + campaign": "reason__exact=ERROR&campaign=campaign-2",
    "reason + campaign + our number": "reason__exact=ERROR&campaign=campaign-49&our_number=%2B12025550039",
    "state + target": "state__exact=failed&target_key=target-19",
    "two that never meet": "channel__exact=inbound&state__exact=refused&reason__exact=DEFAULT",
    "sandbox + campaign": "sandbox__exact=1&campaign=campaign-49",
    "search by number": "q=%2B14152000007",
    "search by an id": "q=call-500",
    "search in vain": "q=%2B14159999999",
}


def main() -> None:
    """Fill the log, then print what each page and figure takes, and whether the planner knows its indexes."""
    size, now = int(os.environ.get("ROWS", 10_000_000)), timezone.now()
    _write_rules()
    seconds = milliseconds(lambda: fill(size, now), rounds=1) / 1000
    counting = milliseconds(count_anew, rounds=1) / 1000
    print(f"{size:,} calls written by SQL in {seconds:.0f} s: {_size('routing_call')} with indexes.")
    counts = f"{CallCount.objects.count():,} counts, {_size('routing_callcount')}"
    print(f"They were counted by hour in {counting:.0f} s: {counts}.")
    taken = {name: milliseconds(action) for name, action in _actions(now)}
    table(("page or figure", "ms"), [(name, f"{one:.1f}") for name, one in taken.items()])
    whole = milliseconds(_page(_client(), f"{LIST}export/"), rounds=1)
    rows = min(size, EXPORTED)
    print(f"The whole CSV: {rows:,} calls in {whole / 1000:.1f} s, {rows / whole * 1000:,.0f} rows/s.\n")
    for group in dict.fromkeys(name.partition(":")[0] for name in taken):
        slowest, name = max((one, name) for name, one in taken.items() if name.partition(":")[0] == group)
        words = f"call log of {size:,}: {group}" + (f", slowest ({name.partition(': ')[2]})" if name != group else "")
        goal(words, slowest, "ms", at_most=GOAL_MS)
    _explain(min(size, EXPLAINED))


def _explain(size: int) -> None:
    """Run the test that asks the planner for its indexes, with a log so long."""
    test = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/models/test_call_indexes.py"]
    environment = os.environ | {"CALL_LOG_ROWS": str(size)}
    ran = subprocess.run([sys.executable, *test], env=environment, check=False, capture_output=True, text=True)
    words = ran.stdout.strip().rpartition("\n")[2].strip("= ")
    print(f"\nPlans of the pages' queries over {size:,} calls (tests/models/test_call_indexes.py): {words}.")
    if ran.returncode:
        raise RuntimeError(ran.stdout + ran.stderr)


def _client() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get_or_create(username="bench", is_superuser=True, is_staff=True)[0])
    return client


def _actions(now: datetime) -> Iterator[tuple[str, Callable[[], object]]]:
    client, zone = _client(), ZoneInfo("Europe/Berlin")
    yield from ((f"list: {name}", _page(client, f"{LIST}?{query}")) for name, query in PAGES.items())
    day = timezone.localdate(now - timedelta(days=3))
    call = Call.objects.filter(reason="TARGETING_MATCH").order_by("-decided_at")[5_000]
    deep = Place(decided_at=call.decided_at - timedelta(days=20), id=call.pk)
    after = urlencode({"after": f"{deep.decided_at.isoformat()}_{deep.id}"})
    for name, query in {
        "": "",
        ", one rule": "&rule_key=rule-400",
        ", our number": "&our_number=%2B12025550003",
    }.items():
        yield f"list: 600,000 calls down{name}", _page(client, f"{LIST}?{after}{query}")
    yield "list: one day", _page(client, f"{LIST}?day={day}")
    yield "list: one day + rare campaign", _page(client, f"{LIST}?day={day}&campaign=campaign-49")
    yield "explain page", _page(client, f"{LIST}{call.pk}/change/")
    logging.disable(logging.INFO)
    yield "CSV: first row", _first_row(client, f"{LIST}export/")
    yield "CSV: first row of a rare reason", _first_row(client, f"{LIST}export/?reason__exact=ERROR")
    yield "front page", _page(client, "/admin/")
    yield "dashboard: a day", _page(client, f"{reverse('admin:dashboard')}?day={day}")
    yield "dashboard: a week", _page(client, f"{reverse('admin:dashboard')}?day=week")
    yield "figures: a day", lambda: _cold(lambda: count_calls(now - timedelta(days=1), now, zone))
    yield "figures: a week", lambda: _cold(lambda: count_calls(now - timedelta(days=7), now, zone))
    yield "figures: hits of a week", lambda: read_hits(now - timedelta(days=7), now)
    keys = [f"rule-{place}" for place in range(100)]
    yield "figures: last hits of 100 rules", lambda: last_hits(keys)
    yield "rules list with hit counts", _page(client, "/admin/routing/rule/")
    yield "figures: connection page", lambda: read_connection(since=now - timedelta(days=1), now=now)
    yield "API: a deep page", lambda: list_calls(CallFilter(), limit=100, after=deep)
    yield "API: a rare reason", lambda: list_calls(CallFilter(reason="ERROR"), limit=100)


def _page(client: Client, address: str) -> Callable[[], object]:
    def read() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answers {answer.status_code}")
        # A file is written while it is read.
        _ = b"".join(answer) if answer.streaming else answer.content

    return lambda: _cold(read)


def _first_row(client: Client, address: str) -> Callable[[], object]:
    def read() -> None:
        answer = client.get(address)
        first = b"".join(islice(answer, 3)).decode("utf-8-sig")  # the mark, the row of names, a call
        if not first.startswith("id,") or first.count("\n") != 2:
            raise RuntimeError(f"{address} does not begin with a row of names, then a call")
        answer.close()

    return lambda: _cold(read)


def _cold(action: Callable[[], object]) -> object:
    cache.clear()
    return action()


def _write_rules() -> None:
    Target.objects.get_or_create(
        key="target-0", defaults={"name": "Target 0", "kind": "assistant", "vapi_id": "asst_0"}
    )
    for place in range(RULES):
        Rule.objects.create(key=f"rule-{place}", name=f"Rule {place}", position=place + 1)


def _size(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_total_relation_size(%s))", [table])
        return str(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
