"""Settings are read leniently where that is safe, and refuse by name where it is not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

NAME = "SETTING_OF_A_TEST"
SAFE = {"key": "last-resort", "name": "Last resort", "kind": "reject", "message": "Sorry."}

READERS: dict[str, Callable[[], Any]] = {
    "bool": lambda: env.read_bool(NAME, default=True),
    "int": lambda: env.read_int(NAME, 8000, low=1, high=65535),
    "float": lambda: env.read_float(NAME, 0.5, low=0, high=60),
    "list": lambda: env.read_list(NAME, "a,b"),
    "url": lambda: env.read_url(NAME, "https://api.vapi.ai"),
    "target": lambda: env.read_target(NAME, SAFE),
    "database": lambda: env.read_database(NAME, "sqlite:////tmp/x.sqlite3")["NAME"],
}

ACCEPTED = [
    ("bool", "", True),
    ("bool", "  ", True),
    ("bool", "No", False),
    ("bool", "1", True),
    ("int", "", 8000),
    ("int", " 9000 ", 9000),
    ("float", "0", 0.0),
    ("list", "", ["a", "b"]),
    ("list", " x , ,y ", ["x", "y"]),
    ("url", "", "https://api.vapi.ai"),
    ("url", "http://localhost:4010/", "http://localhost:4010"),
    ("target", "", SAFE),
    ("target", '{"kind": "reject", "message": "Later."}', SAFE | {"message": "Later."}),
    (
        "target",
        '{"key": "a", "kind": "assistant", "vapi_id": "a"}',
        {"key": "a", "name": "Last resort", "kind": "assistant", "vapi_id": "a"},
    ),
    ("database", "", "/tmp/x.sqlite3"),
    ("database", "postgres://u:p%23w@db:5432/calls", "calls"),
]

REFUSED = [
    ("bool", "perhaps", "true or false"),
    ("int", "many", "a whole number from 1 to 65535"),
    ("int", "0", "a whole number from 1 to 65535"),
    ("float", "-1", "a number from 0 to 60"),
    ("float", "nan", "a number from 0 to 60"),
    ("url", "calls.example.com", "https://"),
    ("url", "https://", "https://"),
    ("target", "{kind: reject}", "not JSON"),
    ("target", '"reject"', "not an object"),
    ("target", '{"kind": "voicemail"}', "assistant, squad, transfer, reject"),
    ("target", '{"kind": "assistant"}', "vapi_id is missing"),
    ("target", '{"kind": "reject", "message": "Later.", "key": ""}', "key is empty"),
    ("target", '{"kind": "transfer", "number": "12"}', "not a telephone number"),
    ("database", "mysql://u@db/calls", "postgres://user"),
]


@pytest.mark.parametrize(("kind", "text", "expected"), ACCEPTED)
def test_a_setting_is_read(kind: str, text: str, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, text)

    assert READERS[kind]() == expected


@pytest.mark.parametrize(("kind", "text", "advice"), REFUSED)
def test_a_mistake_names_the_variable_and_what_to_write(
    kind: str, text: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, text)

    with pytest.raises(ImproperlyConfigured) as caught:
        READERS[kind]()

    assert NAME in str(caught.value)
    assert advice in str(caught.value)


def test_databases_have_time_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgres://u:p@db/calls")

    postgres = env.read_database(NAME, "")["OPTIONS"]
    sqlite = env.read_database("UNSET_" + NAME, "sqlite:////tmp/x.sqlite3")["OPTIONS"]

    assert (postgres["connect_timeout"], postgres["options"]) == (2, "-c statement_timeout=2000")
    assert (sqlite["transaction_mode"], sqlite["timeout"]) == ("IMMEDIATE", 5)
    assert "journal_mode=WAL" in sqlite["init_command"]
