"""The commands `resolve` and `drain`."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from pytest_django import Settings

from routing.models import Call
from routing.recorder import spool
from routing.recorder.files import writer
from routing.snapshot import store
from tests.recorder.records import call
from tests.snapshot.live_rows import ADA, LINE, add_entry, document, go_live

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def live_table(settings: Settings, tmp_path: Path, db: None) -> Iterator[None]:
    """A published table with Ada on the VIP list, and a rule for gold customers."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    writer.forget()
    table = document()
    gold = {"attributes": [{"key": "plan", "op": "is", "value": "gold"}], "from": "2026-06-01", "timezone": "UTC"}
    table["rules"].append({"key": "gold", "name": "Gold", "when": gold, "then": [{"target": "evening"}]})
    go_live(1, table)
    add_entry("vip", ADA)
    yield
    store.reset()
    writer.forget()


def run(*arguments: str, command: str = "resolve") -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


CALLS: dict[str, tuple[list[str], str]] = {
    "nothing is known": ([], "reception"),
    "on a list": (["--customer", ADA], "concierge"),
    "number as people write it": (["--customer", "(202) 555-0100", "--number", "+1 202 555 0111"], "concierge"),
    "number by its id": (["--number", "33333333-3333-4333-8333-333333333333"], "reception"),
    "campaign": (["--campaign", "spring", "--channel", "web"], "reception"),
    "attribute in time": (["--attribute", "plan=gold", "--at", "2026-06-01T00:00"], "evening"),
    "attribute too early": (["--attribute", "plan=gold", "--at", "2026-06-01T00:00+02:00"], "reception"),
    "untrusted attribute": (["--untrusted-attribute", "plan=gold", "--at", "2026-06-01T00:00"], "reception"),
}


@pytest.mark.parametrize(("arguments", "target"), CALLS.values(), ids=CALLS)
def test_command_decides_as_calls_are_decided(arguments: list[str], target: str) -> None:
    assert json.loads(run(*arguments, "--json"))["target"]["key"] == target


def test_answer_is_one_sentence() -> None:
    answer = run("--customer", ADA)

    assert answer == "concierge takes the call (assistant), because rule 1 “VIP” matched.\n"


def test_explanation_ticks_and_crosses_each_condition() -> None:
    lines = run("--attribute", "plan=gold", "--at", "2026-01-01", "--explain").splitlines()

    assert lines[1] == "  1. VIP: does not match"
    assert lines[2].startswith("     ✗ ")
    assert lines[3] == "  2. Gold: does not match"
    assert [line.strip()[0] for line in lines[4:]] == ["✓", "✗"]


def test_json_can_be_explained_too() -> None:
    answer = json.loads(run("--customer", ADA, "--json", "--explain"))

    assert [rule["outcome"] for rule in answer["rules"]] == ["chosen", "no_match"]


def test_nothing_is_recorded(tmp_path: Path) -> None:
    run("--customer", ADA)

    assert not (tmp_path / "spool").exists()


MISTAKES: dict[str, tuple[list[str], str]] = {
    "unknown campaign": (["--campaign", "autumn"], "--campaign autumn is no published campaign: write one of spring."),
    "unknown number": (["--number", "+12025550177"], f"none of our published numbers: write one of {LINE}."),
    "bad time": (["--at", "noonish"], "--at noonish is no date and time: write it as 2026-12-24T18:30-05:00."),
    "attribute without a value": (["--attribute", "gold"], "An attribute is written as key=value, not 'gold'."),
    "unknown channel": (["--channel", "pigeon"], "argument --channel: invalid choice: 'pigeon'"),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError) as raised:
        run(*arguments)

    assert message in str(raised.value)


def test_drain_moves_the_spool_and_counts() -> None:
    spool.append(call(uuid4()))

    assert run(command="drain") == "1 record drained\n"
    assert Call.objects.count() == 1


def test_drain_tells_when_the_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("the server is gone")

    spool.append(call(uuid4()))
    monkeypatch.setattr(type(connections["default"]), "cursor", refuse)

    with pytest.raises(CommandError, match="its records are kept: the server is gone"):
        run(command="drain")
