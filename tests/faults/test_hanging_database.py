"""PostgreSQL hangs while servers and staff ask for something: they are told so in time, and callers notice nothing."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import Deploy
from tests.faults.databases import PostgresDatabase
from tests.faults.deployment import Deployment, assert_each_once
from tests.faults.load import ANYBODY, percentile, under_load, wait_for, wrong
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

AT_ONCE = 20  # more than the places of one worker
PROMISED_SECONDS = 12.0
PATIENCE = 40.0

Answer = tuple[int, str, float]


def ask(deployment: Deployment, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
    """Return status, body and how many seconds that took; status 0 stands for none in time."""
    request = urllib.request.Request(f"http://127.0.0.1:{deployment.port}{path}", body, headers)
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            status, text = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    except OSError as error:
        status, text = 0, repr(error)
    return status, text, time.monotonic() - started


def make_key(deployment: Deployment) -> str:
    code = "from routing.models import ApiKey; print('KEY', ApiKey.objects.create_key('faults', 'secret')[1])"
    return deployment.manage("shell", "-c", code).partition("KEY ")[2].split()[0]


def log_in(deployment: Deployment) -> dict[str, str]:
    """Return the header of somebody who may see everything in admin."""
    code = (
        "from django.test import Client; from django.contrib.auth.models import User;"
        "user = User.objects.create_superuser('faults', password='x'); client = Client(); client.force_login(user);"
        "print('COOKIE', client.cookies['sessionid'].value)"
    )
    return {"Cookie": "sessionid=" + deployment.manage("shell", "-c", code).partition("COOKIE ")[2].split()[0]}


def test_nobody_waits_for_ever_for_a_database_that_hangs(on_postgres: Deploy) -> None:
    """Sabotage seen to fail: take `bound_waiting()` out of config/wsgi.py."""
    deployment = on_postgres(workers=1)
    database = deployment.database
    assert isinstance(database, PostgresDatabase)
    key, cookie = (
        {"Authorization": f"Bearer {make_key(deployment)}", "Content-Type": "application/json"},
        log_in(deployment),
    )
    body = json.dumps({"customer": {"number": ANYBODY}}).encode()
    api: Callable[[int], Answer] = lambda _: ask(deployment, "/api/v1/call", key, body)  # noqa: E731
    admin: Callable[[int], Answer] = lambda _: ask(deployment, "/admin/", cookie)  # noqa: E731
    with deployment.running(), under_load(deployment.port) as load, ThreadPoolExecutor(2 * AT_ONCE) as pool:
        assert ask(deployment, "/api/v1/calls", key)[0] == 200
        assert admin(0)[0] == 200
        with database.server.frozen():
            placed, pages = pool.map(api, range(AT_ONCE)), pool.map(admin, range(4))
            refused, shown = list(placed), list(pages)
            second = api(0)
        wait_for(lambda: ask(deployment, "/api/v1/calls", key)[0] == 200, 20, "the API answers again")
        load.stopped.set()
        assert_each_once(deployment, [one.call_id for one in load.answered])

    for status, text, _ in [*refused, second]:
        assert (status, json.loads(text)["statusCode"]) == (503, 503), text
    assert {status for status, *_ in shown} <= {500, 503}
    longest = max(seconds for *_, seconds in [*refused, *shown, second])
    assert longest < PROMISED_SECONDS
    assert wrong(load.answered) == []
    report(
        Promise.DATABASE_FAILS,
        f"PostgreSQL hangs while {AT_ONCE} requests of the API and 4 of admin wait for it",
        f"all told so after {longest:.1f} s at most, the API's with 503 in Vapi's form; meanwhile {len(load.answered)} "
        f"calls answered right, p99 {percentile(load.answered):.1f} ms",
    )
