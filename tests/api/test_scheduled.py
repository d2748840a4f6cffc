"""Scheduled calls are decided once more; what differs is told, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from routing.engine.document import read_document, write_document
from routing.models import Call, CallState, NumberList, Revision
from routing.services.recheck_scheduled import recheck_scheduled
from routing.snapshot import store
from tests.api.conftest import Api
from tests.api.world import ANYBODY, OTHER, TABLE, VIP, FakeVapi
from tests.snapshot.live_rows import go_live

NIGHT = "2126-06-04T23:00:00-04:00"
NIGHT_OWL = "+16465550100"


def schedule(api: Api, number: str, **more: Any) -> None:
    body = {"customer": {"number": number}, "schedulePlan": {"earliestAt": NIGHT}} | more
    assert api.post("call", body).status_code == 201


def publish_changed(change: Callable[[Any], None]) -> None:
    table = deepcopy(TABLE)
    change(table)
    go_live(2, write_document(read_document(table)))
    store.refresh()


def nothing(table: Any) -> None:
    """Publish the same table once more."""


def open_at_night(table: Any) -> None:
    table["schedules"][0]["opening_hours"] = "24/7"


def send_gold_elsewhere(table: Any) -> None:
    table["targets"][2]["vapi_id"] = OTHER


def pin_gold(table: Any) -> None:
    table["targets"][2]["version"] = "v2"


def rename(table: Any) -> None:
    table["targets"][2]["name"] = "Golden"
    table["rules"][-1]["name"] = "Late"


def override(table: Any) -> None:
    table["rules"][-1]["overrides"] = {"variableValues": {"late": True}}


def refuse(table: Any) -> None:
    table["rules"].insert(0, {"key": "r", "name": "R", "when": {"customer": ["+1646*"]}, "then": [{"target": "no"}]})


CHANGES: dict[str, tuple[Callable[[Any], None], tuple[str, ...]]] = {
    "nothing": (nothing, ()),
    "schedule": (open_at_night, ("target",)),
    "other assistant behind the target": (send_gold_elsewhere, ("target",)),
    "version": (pin_gold, ("version",)),
    "names": (rename, ()),
    "overrides": (override, ("overrides",)),
    "refused": (refuse, ("target",)),
}


@pytest.mark.parametrize(("change", "differences"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_table_is_told(
    vapi: FakeVapi, api: Api, change: Callable[[Any], None], differences: tuple[str, ...]
) -> None:
    schedule(api, NIGHT_OWL)
    before = Call.objects.values().get()
    publish_changed(change)

    (checked,) = recheck_scheduled(now=timezone.now())

    assert checked.differences == differences
    assert checked.today is not None
    assert checked.today.revision == 2
    assert (Call.objects.values().get(), len(vapi.sent)) == (before, 1)


@pytest.mark.parametrize(
    ("number", "more", "columns", "differences"),
    [
        (ANYBODY, {}, {}, ("target",)),
        (VIP, {"squadId": OTHER}, {}, ("target",)),
        (NIGHT_OWL, {}, {}, ()),
        (ANYBODY, {}, {"context": {}}, ("unreadable",)),
    ],
    ids=["routed", "named target", "somebody else", "no context"],
)
def test_a_number_that_must_no_longer_be_called_is_told(
    vapi: FakeVapi, api: Api, number: str, more: Any, columns: Any, differences: tuple[str, ...]
) -> None:
    schedule(api, number, **more)
    for unwanted in (ANYBODY, VIP):
        NumberList.objects.get(key="dnc").entries.create(number=unwanted)
    Call.objects.update(**columns) if columns else None
    store.refresh()

    assert [one.differences for one in recheck_scheduled(now=timezone.now())] == [differences]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ({}, 1),
        ({"state": CallState.UNKNOWN}, 1),
        ({"state": CallState.FAILED}, 0),
        ({"state": CallState.ENDED}, 0),
        ({"scheduled_for": None}, 0),
        ({"scheduled_for": timezone.now() - timedelta(minutes=1)}, 0),
    ],
    ids=["placed", "unknown", "failed", "ended", "not scheduled", "due"],
)
def test_only_calls_that_are_still_to_be_started_count(vapi: FakeVapi, api: Api, columns: Any, shown: int) -> None:
    schedule(api, ANYBODY)
    if columns:
        Call.objects.update(**columns)

    assert len(list(recheck_scheduled(now=timezone.now()))) == shown


def test_without_its_revision_only_the_target_can_be_compared(vapi: FakeVapi, api: Api) -> None:
    schedule(api, NIGHT_OWL)
    publish_changed(override)
    Revision.objects.filter(number=1).delete()

    (checked,) = recheck_scheduled(now=timezone.now())

    assert checked.differences == ()


def test_command_says_what_differs_and_fails(vapi: FakeVapi, api: Api) -> None:
    schedule(api, NIGHT_OWL)
    schedule(api, ANYBODY)
    output = StringIO()
    call_command("recheck_scheduled", stdout=output)
    publish_changed(open_at_night)

    with pytest.raises(CommandError, match="1 of 2 scheduled calls") as error:
        call_command("recheck_scheduled", stdout=output)

    first, second, *rest = output.getvalue().splitlines()
    assert first == "0 of 2 scheduled calls would be decided differently"
    assert "target: was Gold, now " in second
    assert (rest, error.value.returncode) == ([], 1)
    assert NIGHT_OWL not in output.getvalue()


def test_command_prints_json(vapi: FakeVapi, api: Api) -> None:
    schedule(api, NIGHT_OWL)
    publish_changed(open_at_night)
    output = StringIO()

    with pytest.raises(CommandError):
        call_command("recheck_scheduled", "--json", stdout=output)

    (shown,) = json.loads(output.getvalue())
    assert (shown["target"]["key"], shown["today"]["target"]["key"]) == ("gold", "reception")
    assert (shown["differences"], shown["scheduledFor"]) == (["target"], "2126-06-05T03:00:00+00:00")
    assert shown["vapiCallId"] == "vapi-1"
