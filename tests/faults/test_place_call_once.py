"""Two hundred identical requests at once, at real processes: one call."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import requests

from routing.models import Call, RequestClaim
from tests.api.world import ANYBODY
from tests.faults.program import StubVapi, run_program
from tests.faults.report import Promise, report

REQUESTS = 200


def test_identical_requests_at_once_place_one_call(secret: str, stub: StubVapi, tmp_path: Path) -> None:
    """Sabotage seen to fail: let each process claim requests for itself."""
    stub.before_answer = lambda: time.sleep(0.2)  # long enough for others to come while it is under way
    with run_program(stub.address, tmp_path, workers=2, threads=16) as program:
        for round_, headers in enumerate([{"Idempotency-Key": "order-1"}, {}], 1):
            start = Barrier(REQUESTS)

            def ask(_: int, start: Barrier = start, headers: dict[str, str] = headers) -> requests.Response:
                start.wait()
                return requests.post(
                    f"{program.url}/api/v1/call",
                    json={"customer": {"number": ANYBODY}},
                    headers={"Authorization": f"Bearer {secret}"} | headers,
                    timeout=30,
                )

            with ThreadPoolExecutor(REQUESTS) as pool:
                answers = list(pool.map(ask, range(REQUESTS)))

            statuses = Counter(answer.status_code for answer in answers)
            placed = [answer for answer in answers if answer.status_code == 201]
            assert set(statuses) <= {201, 409}, statuses
            assert {answer.json()["id"] for answer in placed} == {f"vapi-{round_}"}
            assert [answer.headers.get("Idempotent-Replayed") for answer in placed].count(None) == 1
            assert (len(stub.created), Call.objects.count(), RequestClaim.objects.count()) == (round_, round_, round_)
    report(Promise.PLACED_ONCE, f"{REQUESTS} identical requests at once, by key and by body", "one call each")
