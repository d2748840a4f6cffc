"""Two installations on one PostgreSQL, with data directories of their own: one idempotency, one throttle, one table."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import TABLE, Deployment
from tests.faults.load import ANYBODY, Caller, wait_for
from tests.faults.report import Promise, report
from tests.faults.test_slow_vapi import answer, broken_vapi, make_key, place, slowly

pytestmark = pytest.mark.faults

EVENING = "a0000000-0000-4000-8000-000000000002"
CREATED = answer("201 Created", b'{"id": "vapi-1", "status": "queued"}')


def test_two_installations_share_idempotency_and_throttles_and_see_a_publish(
    on_postgres: Deploy, tmp_path: Path
) -> None:
    """Sabotage seen to fail: keep claims or rates in a process, or look at the database every 10 seconds."""
    with broken_vapi(slowly(0.3, CREATED)) as vapi:
        options = {"VAPI_API_KEY": "private", "VAPI_BASE_URL": vapi.address}
        one = on_postgres("one", extra=options)
        other = on_postgres("other", database=one.database, extra=options)
        key, browser = make_key(one), make_publishable_key(one)
        with one.running(), other.running(), ThreadPoolExecutor(20) as pool:
            placed = [pool.submit(place, (one, other)[turn % 2], key, 7) for turn in range(20)]
            statuses = Counter(answered.result()[0] for answered in placed)
            creates, vapi.behave = len(vapi.taken), CREATED
            wait_for(lambda: time.time() % 60 < 45, 60, "a minute with time left in it")
            web = [open_room((one, other)[turn % 2], browser) for turn in range(RATE_TRIED)]
            one.publish(TABLE | {"default": "evening"}, tmp_path)
            wait_for(lambda: all_answer(EVENING, one, other), 20, "both see it")
            seconds = time.time() - one.database.instant("SELECT max(published_at) FROM routing_revision")

    assert creates == 1
    assert set(statuses) <= {201, 409}
    assert set(web) == {201, 429}
    allowed = web.count(201)
    report(
        Promise.TWO_INSTALLATIONS,
        "with data directories of their own",
        f"20 identical requests: 1 create; {allowed} of {RATE_TRIED} web calls allowed by both together; "
        f"a publish seen by both within {seconds:.2f} s",
    )
    assert allowed == RATE
    assert seconds < 1.0 * 4  # the promise, and room for a busy machine


RATE, RATE_TRIED = 30, 70  # a minute; each installation is asked more often than that


def make_publishable_key(deployment: Deployment) -> str:
    code = (
        "from routing.models import ApiKey; "
        "print('KEY', ApiKey.objects.create_key('page', 'publishable', allowed_origins=['https://a.example'], "
        f"requests_per_minute={RATE})[1])"
    )
    return deployment.manage("shell", "-c", code).partition("KEY ")[2].split()[0]


def open_room(deployment: Deployment, key: str) -> int:
    """Ask for a web call as a page does."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Origin": "https://a.example"}
    url = f"http://127.0.0.1:{deployment.port}/api/v1/call/web"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, json.dumps({}).encode(), headers), timeout=30
        ) as response:
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def all_answer(target: str, *deployments: Deployment) -> bool:
    """Ask each so often that every process has its turn."""
    callers = [Caller(port=deployment.port, keeps=False) for deployment in deployments for _ in range(8)]
    return all(caller.call(ANYBODY).target == target for caller in callers)
