"""The page for 3 a.m. names every metric there is and no other, and log lines that the code really writes."""

import re
from pathlib import Path

import granian.server.common
import pytest
from django.conf import settings

from routing.engine.decision import Reason
from routing.models import WebhookOutcome
from routing.recorder.depth import Depth
from routing.status.disk import Disk
from routing.status.exposition import Exposition
from routing.telemetry.files import Collected
from routing.vapi.refusal import RefusalKind

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
# Ours, and those of the server that watches over the workers.
WRITERS = [*sorted((ROOT / "routing").rglob("*.py")), Path(granian.server.common.__file__)]
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in WRITERS)
FAILURES = PAGE.partition("## What each failure looks like")[2].partition("## Back up")[0]
LOG_LINES = re.findall(
    r"`([^`]+)`", " ".join(row.split("|")[3] for row in FAILURES.splitlines() if row.count("|") == 6)
)


def test_every_metric_is_explained_and_no_other_named() -> None:
    disk = Disk(spool=Depth(records=0, size=0, oldest_seconds=0, rejected=0), fault="")
    metrics = list(Exposition(Collected(), disk).collect())
    real = {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in metrics}

    named = set(re.findall(r"switchboard_\w+", PAGE)) - {"switchboard_"}

    assert {name.removesuffix("_bucket") for name in named} == real


@pytest.mark.parametrize("line", [line for line in LOG_LINES if line.count(" ") > 1])
def test_a_log_line_is_one_that_is_written(line: str) -> None:
    assert line in SOURCE


def test_the_last_resort_raises_an_alarm_whichever_way_it_came_about() -> None:
    """Something broke, or there is no table: then the message counts as answered, and the decision tells.

    Sabotage seen to fail: an alert for the message's outcome alone.
    """
    alert = next(line for line in PAGE.splitlines() if "alert: CallersGetLastResort" in line)

    assert f'switchboard_webhook_messages_total{{outcome="{WebhookOutcome.LAST_RESORT}"}}' in alert
    assert f'switchboard_decisions_total{{reason="{Reason.ERROR}"}}' in alert


def test_there_are_log_lines() -> None:
    assert len(LOG_LINES) > 10


@pytest.mark.parametrize(
    "reason", re.findall(r"`([a-z-]+)`: ", FAILURES.partition("Vapi's messages are refused")[2].split("\n")[0])
)
def test_a_reason_is_one_that_is_given(reason: str) -> None:
    assert reason in set(RefusalKind)
