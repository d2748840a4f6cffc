"""Revisions go live one after another while four processes answer: no mixture, and every process within a second."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import TABLE, Deployment, assert_each_once
from tests.faults.load import ANYBODY, VIP, Answered, Caller, under_load, wait_for
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

PUBLISHED = 3
RATE = 200
SECONDS_BETWEEN = 2.5
LIMIT_SECONDS = 1.0 * 3  # the promise, and room for a busy machine
PREFIX = "c0000000-0000-4000-8000-000000000"


def table(number: int) -> dict[str, Any]:
    """Return a table all of whose targets bear its number: an answer of another one beside it would be a mixture."""
    targets = [
        target | {"vapi_id": f"{PREFIX}{number}{target['vapi_id'][-1]}", "overrides": marked(number)}
        for target in TABLE["targets"]
    ]
    rules = [TABLE["rules"][0] | {"overrides": {"variableValues": {"rule": str(number)}}}]
    return TABLE | {"targets": targets, "rules": rules, "overrides": {"variableValues": {"table": str(number)}}}


def marked(number: int) -> dict[str, Any]:
    return {"variableValues": {"target": str(number)}}


def number_of(answered: Answered) -> int:
    """Return the table that every part of the answer is of; the first one marks nothing, so it is of number 0.

    It is -1 if the parts are of two tables, or the target is another caller's.
    """
    answer = json.loads(answered.body)
    values = answer.get("assistantOverrides", {}).get("variableValues", {})
    marks, whose = (("table", "target", "rule"), "3") if answered.customer == VIP else (("table", "target"), "1")
    parts = {int(answer["assistantId"][-3:-1]), *(int(values.get(mark, 0)) for mark in marks)}
    return parts.pop() if len(parts) == 1 and answer["assistantId"][-1] == whose else -1


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_every_process_answers_by_a_new_revision_within_a_second(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Sabotage seen to fail: let `Store` look at the database every 6 seconds, or keep the first table's overrides."""
    deploy: Deploy = request.getfixturevalue(f"on_{kind}")
    deployment, numbers = deploy(workers=4), range(10, 10 + PUBLISHED)
    with deployment.running(), under_load(deployment.port, RATE) as load:
        wait_for(lambda: len(load.answered) > RATE, 30, "callers call")
        live_at = {}
        for number in numbers:
            live_at[number] = publish(deployment, table(number), tmp_path)
            time.sleep(SECONDS_BETWEEN)
        load.stopped.set()
        assert_each_once(deployment, [one.call_id for one in load.answered])

    assert {one.status for one in load.answered} == {200}
    tables = [number_of(one) for one in load.answered]
    assert set(tables) == {0, *numbers}
    took = max(
        one.at - live_at[number]
        for one, answered_by in zip(load.answered, tables, strict=True)
        for number in numbers
        if answered_by < number
    )
    report(
        Promise.PUBLISHED,
        f"{PUBLISHED} revisions published ({kind}) while 4 processes answer {RATE} calls/s",
        f"{len(load.answered)} answers, no mixture; live everywhere {max(took, 0):.2f} s after at most",
    )
    assert took < LIMIT_SECONDS


def publish(deployment: Deployment, wanted: dict[str, Any], folder: Path) -> float:
    """Publish and return when that was, by the clock of the answers; the commit came a little later."""
    deployment.publish(wanted, folder)
    published_at = deployment.database.instant("SELECT max(published_at) FROM routing_revision")
    return published_at - time.time() + time.monotonic()


WITHOUT_DEFAULT = {
    "postgres": "jsonb_set(document, '{default}', '\"nobody\"')",
    "sqlite": "json_set(document, '$.default', 'nobody')",
}


@pytest.mark.parametrize("kind", WITHOUT_DEFAULT)
def test_a_revision_that_does_not_compile_never_decides(kind: str, request: pytest.FixtureRequest) -> None:
    """Sabotage seen to fail: let `_ruleset` answer with `load_nothing` for a revision that does not compile."""
    deploy: Deploy = request.getfixturevalue(f"on_{kind}")
    deployment = deploy()
    database = deployment.database
    with deployment.running(), under_load(deployment.port) as load:
        time.sleep(1)
        database.execute(
            "INSERT INTO routing_revision (number, note, published_at, document, checksum) SELECT number + 100, note, "
            f"published_at, {WITHOUT_DEFAULT[kind]}, 'x' FROM routing_revision"
        )
        database.execute("UPDATE routing_livestate SET revision_id = 101")
        time.sleep(2)
        with _another(deployment) as other:
            fresh = Caller(port=other.port, keeps=False).call(ANYBODY)
        load.stopped.set()

    answers = Counter(one.is_right for one in load.answered)
    assert set(answers) == {True}
    assert fresh.is_right, fresh
    assert "Revision 101 cannot be used" in deployment.log
    report(
        Promise.PUBLISHED,
        f"a revision that does not compile ({kind})",
        f"{answers[True]} calls decided by the one before, by a new process too",
    )


def _another(deployment: Deployment) -> Any:
    """A process started in the middle, on the same data directory."""
    place = {"database": deployment.database, "folder": deployment.folder, "port": deployment.port + 15}
    return Deployment(**place, workers=1).running()  # type: ignore[arg-type]
