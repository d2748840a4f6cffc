"""The migration that encrypts answers which were stored in clear."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from routing.models import RequestClaim

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANSWER = {"id": "c", "customer": {"number": "+12025550177"}}


def migrate(name: str) -> Apps:
    executor = MigrationExecutor(connection)
    executor.migrate([("routing", name)])
    return executor.loader.project_state([("routing", name)]).apps


@pytest.mark.django_db(transaction=True)
def test_answers_of_the_last_day_are_kept() -> None:
    """Sabotage seen to fail: the migration without its `RunPython`."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("routing")[0][1]
    try:
        before = migrate("0011_fewer_call_indexes")
        key = before.get_model("routing", "ApiKey").objects.create(name="CRM", kind="secret")
        known: dict[str, Any] = {"api_key": key, "kind": "key", "started_at": NOW, "expires_at": NOW}
        claims: Any = before.get_model("routing", "RequestClaim").objects
        claims.create(digest="answered", answer=ANSWER, **known)
        claims.create(digest="running", answer=None, **known)
    finally:
        migrate(latest)

    answers = dict(RequestClaim.objects.values_list("digest", "answer"))
    assert answers["running"] is None
    assert json.loads(answers["answered"] or "") == ANSWER
