"""Revisions go live one after another while four processes answer: no mixture, and every process within a second."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.conftest import Deploy
from tests.faults.databases import Database
from tests.faults.deployment import TABLE, Deployment
from tests.faults.load import ANYBODY, VIP, Answered, Caller, under_load, wait_for
from tests.faults.report import report

pytestmark = pytest.mark.faults

PUBLISHED = 3
PREFIX = "c0000000-0000-4000-8000-000000000"


def table(number: int) -> dict[str, Any]:
    """Return a table all of whose targets bear its number: an answer of another one beside it would be a mixture."""
    ids = {"reception": f"{PREFIX}{number}1", "concierge": f"{PREFIX}{number}2", "evening": f"{PREFIX}{number}3"}
    targets = [target | {"vapi_id": ids[target["key"]], "overrides": marked(number)} for target in TABLE["targets"]]
    rules = [TABLE["rules"][0] | {"overrides": {"variableValues": {"rule": str(number)}}}]
    return TABLE | {"targets": targets, "rules": rules, "overrides": {"variableValues": {"table": str(number)}}}


def marked(number: int) -> dict[str, Any]:
    return {"variableValues": {"target": str(number)}}


def number_of(answered: Answered) -> str:
    """Return the table that every part of the answer is of; "mixed" if there are two, or the target is another's."""
    answer = json.loads(answered.body)
    if answer["assistantId"][-1] != ("2" if answered.customer == VIP else "1"):
        return "mixed"
    values = answer["assistantOverrides"]["variableValues"]
    parts = {answer["assistantId"][len(PREFIX) : -1], *(values.get(name) for name in ("rule", "target", "table"))}
    parts.discard(None)
    return parts.pop() if len(parts) == 1 else "mixed"


def test_every_process_answers_by_a_new_revision_within_a_second(on_postgres: Deploy, tmp_path: Path) -> None:
    """Sabotage: let `Store` look at the database every 3 seconds."""
    deployment = on_postgres(workers=4)
    took = []
    with deployment.running(), under_load(deployment.port, 100) as load:
        wait_for(lambda: len(load.answered) > 200, 30, "callers call")
        for number in range(10, 10 + PUBLISHED):
            live_at = publish(deployment, table(number), tmp_path)
            time.sleep(2.5)
            of_other = [one.at for one in load.answered if one.at > live_at and f"{PREFIX}{number}" not in one.target]
            took.append(max(of_other, default=live_at) - live_at)
        load.stopped.set()

    assert all(one.status == 200 for one in load.answered)
    numbers = Counter(number_of(one) for one in load.answered if one.target.startswith(PREFIX))
    assert set(numbers) == {str(number) for number in range(10, 10 + PUBLISHED)}
    report(
        f"{PUBLISHED} revisions published while 4 processes answer 100 calls/s",
        f"{len(load.answered)} answers, no mixture; live everywhere {max(took):.2f} s after at most",
    )
    assert max(took) < 1.0 * 4  # the promise, and room for a busy machine


def publish(deployment: Deployment, wanted: dict[str, Any], folder: Path) -> float:
    """Publish and return when that was, by the clock of the answers; the commit came a little later."""
    deployment.publish(wanted, folder)
    with psycopg.connect(deployment.database.url) as connection:
        row = connection.execute("SELECT extract(epoch FROM max(published_at)) FROM routing_revision").fetchone()
    assert row is not None
    return float(row[0]) - time.time() + time.monotonic()


def live_state(database: Database, revision: int) -> None:
    database.execute(f"UPDATE routing_livestate SET revision_id = {revision}")


def test_a_revision_that_does_not_compile_never_decides(on_postgres: Deploy) -> None:
    """Sabotage: let `_ruleset` answer with `load_nothing` for a revision that does not compile."""
    deployment = on_postgres()
    database = deployment.database
    with deployment.running(), under_load(deployment.port) as load:
        time.sleep(1)
        database.execute(
            "INSERT INTO routing_revision (number, note, published_at, document, checksum) SELECT number + 100, note, "
            "published_at, jsonb_set(document, '{default}', '\"nobody\"'), 'x' FROM routing_revision"
        )
        live_state(database, 101)
        time.sleep(2)
        with _another(deployment) as other:
            fresh = Caller(port=other.port, keeps=False).call(ANYBODY)
        load.stopped.set()

    answers = Counter(one.is_right for one in load.answered)
    assert set(answers) == {True}
    assert fresh.is_right, fresh
    assert "Revision 101 cannot be used" in deployment.log
    report("a revision that does not compile", f"{answers[True]} calls decided by the one before, by a new process too")


def _another(deployment: Deployment) -> Any:
    """A process started in the middle, on the same data directory."""
    port = deployment.port + 15 if deployment.port < 8215 else deployment.port - 15
    return Deployment(database=deployment.database, folder=deployment.folder, port=port, workers=1).running()
