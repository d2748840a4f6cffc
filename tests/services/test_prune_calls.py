"""Old calls go, and only those."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from routing.models import ApiKey, Call, RequestClaim
from routing.recorder.files import put_aside, spool_folder
from routing.services import prune_calls as module
from routing.services.prune_calls import prune_calls

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def add(*, days: float, **columns: Any) -> Call:
    return Call.objects.create(channel="inbound", decided_at=NOW - timedelta(days=days), **columns)


@pytest.mark.parametrize(
    ("days", "later", "stays"),
    [
        pytest.param(31, None, False, id="older"),
        pytest.param(30, None, True, id="exactly as old"),
        pytest.param(1, None, True, id="younger"),
        pytest.param(31, 1, True, id="old, and still to be started"),
        pytest.param(31, -1, False, id="old, and started yesterday"),
    ],
)
def test_only_old_calls_that_are_over_go(days: float, later: float | None, stays: bool) -> None:
    """Fails if `decided_at__lt` is made `lte`, or the condition on `scheduled_for` is left out."""
    call = add(days=days, scheduled_for=NOW + timedelta(days=later) if later else None)

    removed = prune_calls(days=30, now=NOW)

    assert Call.objects.filter(pk=call.pk).exists() is stays
    assert removed == (not stays)


def test_batches_reach_the_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if the loop ends after its first batch."""
    monkeypatch.setattr(module, "BATCH", 2)
    for days in range(31, 36):
        add(days=days)

    assert prune_calls(days=30, now=NOW) == 5
    assert not Call.objects.exists()


def test_a_dry_run_counts_and_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if the dry run deletes."""
    Call.objects.create(channel="inbound", decided_at=datetime.now(UTC) - timedelta(days=31))

    call_command("prune_calls", "--days", "30", "--dry-run")

    assert capsys.readouterr().out == "1 call would be deleted\n"
    assert Call.objects.count() == 1


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999999999"])
def test_senseless_days_are_refused(days: str) -> None:
    with pytest.raises(CommandError, match="days"):
        call_command("prune_calls", f"--days={days}")


def test_answers_that_are_kept_no_longer_go() -> None:
    """They hold numbers, and their requests may never come again.

    Sabotage seen to fail: leave them to `reconcile_calls`.
    """
    key, _ = ApiKey.objects.create_key("CRM", "secret")
    for place, hours in enumerate((-1, 1)):
        times = {"started_at": NOW - timedelta(days=1), "expires_at": NOW + timedelta(hours=hours)}
        RequestClaim.objects.create(api_key=key, kind="key", digest=str(place), answer="{}", **times)

    prune_calls(days=30, now=NOW)

    assert [claim.digest for claim in RequestClaim.objects.all()] == ["1"]


@pytest.mark.parametrize(("age", "stays"), [(29, True), (31, False)])
def test_records_set_aside_go_when_the_last_is_old(age: int, stays: bool) -> None:
    """Fails if the file is never looked at: it holds whole numbers for ever."""
    spool_folder().mkdir(parents=True, exist_ok=True)
    put_aside(b"{}\n")
    path = spool_folder() / "rejected.jsonl"
    os.utime(path, ((NOW - timedelta(days=age)).timestamp(),) * 2)

    prune_calls(days=30, now=NOW)

    assert path.exists() is stays
    path.unlink(missing_ok=True)
