"""A number that somebody asks us to forget is nowhere afterwards, and nobody else's is touched."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db.models import Model

from routing.models import ApiKey, Call, NumberList, NumberListEntry, RequestClaim, Rule
from routing.recorder.files import put_aside, spool_folder
from routing.services.erase_number import CannotErase, erase_number
from routing.vapi.sandbox_calls import FILE_NAME, SandboxCalls

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NUMBER = "+12025550177"
OTHERS = "+12025550178"
LONGER = NUMBER + "9"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written here must not meet other tests."""
    monkeypatch.setattr(settings, "ROUTING_DATA_DIR", tmp_path)


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="x")


@pytest.fixture
def everywhere(ada: User) -> None:
    """Write the number, another one and a longer one wherever numbers are kept."""
    key, _ = ApiKey.objects.create_key("CRM", "secret")
    lists = {name: NumberList.objects.create(key=name, name=name, purpose=name) for name in ("segment", "blocked")}
    for place, number in enumerate((NUMBER, OTHERS, LONGER)):
        known = {"customer": {"identity": number}, "attributes": {"name": "Ada Lovelace"}}
        Call.objects.create(channel="inbound", decided_at=NOW, customer_number=number, context=known, reason="DEFAULT")
        Call.objects.create(channel="outbound", decided_at=NOW, error=f"Vapi refused {number}")
        RequestClaim.objects.create(
            api_key=key,
            kind="key",
            digest=str(place),
            started_at=NOW,
            expires_at=NOW,
            answer=json.dumps({"customer": [number]}),
        )
        for number_list in lists.values():
            NumberListEntry.objects.create(number_list=number_list, number=number, label="Ada Lovelace")
        LogEntry.objects.create(
            user=ada,
            content_type=ContentType.objects.get_for_model(NumberListEntry),
            object_repr=f"{number} (Ada)",
            action_flag=CHANGE,
            change_message=json.dumps([{"added": {"object": number}}]),
        )
        spool_folder().mkdir(parents=True, exist_ok=True)
        put_aside(json.dumps({"reason": "none", "line": json.dumps({"customer_number": number})}).encode() + b"\n")
        SandboxCalls(Path(settings.ROUTING_DATA_DIR) / FILE_NAME).add([{"id": str(place), "number": number}])


def all_rows() -> str:
    models: list[type[Model]] = [Call, NumberListEntry, LogEntry]
    rows = "".join(serializers.serialize("json", model._default_manager.all()) for model in models)
    return rows + "".join(claim.answer or "" for claim in RequestClaim.objects.all())


def all_files() -> str:
    folder = Path(settings.ROUTING_DATA_DIR)
    paths = [path for path in folder.rglob("*") if path.is_file() and "sqlite3" not in path.name]
    return "".join(path.read_text(errors="replace") for path in paths)


def count(text: str, number: str) -> int:
    return text.count(f"{number}") - (text.count(LONGER) if number == NUMBER else 0)


def test_the_number_is_nowhere_and_the_others_are_where_they_were(ada: User, everywhere: None) -> None:
    """Fails if any of the five `_erase_…` steps is left out, or the pattern matches inside a longer number."""
    before = [all_rows().count(OTHERS), all_rows().count(LONGER), all_files().count(OTHERS), all_files().count(LONGER)]

    done = erase_number("(202) 555-0177", author=ada, all_lists=True)

    assert count(all_rows(), NUMBER) == count(all_files(), NUMBER) == 0
    after = [all_rows().count(OTHERS), all_rows().count(LONGER), all_files().count(OTHERS), all_files().count(LONGER)]
    assert after == before
    assert (done.calls, done.claims, done.entries, done.log_entries, done.records) == (2, 1, 2, 1, 2)
    assert Call.objects.filter(customer_number="", reason="DEFAULT", context={}).count() == 1
    assert RequestClaim.objects.count() == 3


def test_doing_it_again_changes_nothing(ada: User, everywhere: None) -> None:
    """Fails if the audit row is written although nothing was done."""
    erase_number(NUMBER, author=ada)
    before = all_rows()

    assert erase_number(NUMBER, author=ada).total == 0
    assert all_rows() == before


def test_the_audit_row_tells_who_and_how_much_but_not_whom(ada: User, everywhere: None) -> None:
    """Fails if the audit row holds the number, or is not written."""
    erase_number(NUMBER, author=ada)

    entry = LogEntry.objects.order_by("-pk")[0]
    assert entry.user == ada
    assert entry.change_message == "Erased from 2 calls, 2 list entries and 1 requests."
    assert "0177" not in entry.object_repr


def test_lists_that_protect_the_person_keep_the_number_without_the_name(ada: User, everywhere: None) -> None:
    """Fails if blocked entries are deleted by default, or keep their label."""
    done = erase_number(NUMBER, author=ada)

    entry = NumberListEntry.objects.get(number=NUMBER)
    assert (entry.number_list.key, entry.label) == ("blocked", "")
    assert done.kept == ("list blocked",)


def test_a_dry_run_counts_the_same_and_changes_nothing(ada: User, everywhere: None) -> None:
    """Fails if one step forgets `dry_run`."""
    rows, files = all_rows(), all_files()

    planned = erase_number(NUMBER, dry_run=True)

    assert (all_rows(), all_files()) == (rows, files)
    assert planned.total == erase_number(NUMBER, author=ada).total


def test_rules_are_named_and_not_changed(ada: User) -> None:
    """Fails if rules are left out of the report."""
    Rule.objects.create(key="ada", name="For Ada", position=1, customer=[NUMBER])

    assert erase_number(NUMBER, author=ada).kept == ("rule For Ada",)
    assert Rule.objects.get().customer == [NUMBER]


@pytest.mark.parametrize("words", ["anonymous", "+266696687", "100", ""])
def test_words_that_are_nobodys_number_are_refused(words: str) -> None:
    with pytest.raises(CannotErase):
        erase_number(words)


def test_the_command_wants_to_know_who_does_it(everywhere: None) -> None:
    with pytest.raises(CommandError, match="--by"):
        call_command("erase_number", NUMBER)


def test_the_command_deletes_copies_of_the_table_that_hold_the_number(
    ada: User, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if `drop_copies` is not called: entries lie in the last-known-good copy and in the one before."""
    settings.ROUTING_DATA_DIR = tmp_path
    monkeypatch.setattr("routing.management.commands.erase_number.PAUSE_SECONDS", 0)
    for name in ("last-known-good.jsonl", "last-known-good.jsonl.1"):
        (tmp_path / name).write_text(json.dumps({"entries": [NUMBER]}))

    call_command("erase_number", NUMBER, by="ada")

    assert NUMBER not in "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert NUMBER not in capsys.readouterr().out


def test_an_answer_that_no_key_opens_is_thrown_away(ada: User, everywhere: None) -> None:
    """It may hold the number. Sabotage seen to fail: passing over what cannot be read."""
    settings.ENCRYPTION_KEYS, before = [Fernet.generate_key().decode()], settings.ENCRYPTION_KEYS
    try:
        done = erase_number(NUMBER, author=ada)
    finally:
        settings.ENCRYPTION_KEYS = before

    assert done.claims == 3
    assert list(RequestClaim.objects.values_list("answer", flat=True)) == [None] * 3
