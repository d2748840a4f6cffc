"""The command that synchronises with Vapi: what it prints, and how it ends."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Response

from routing.models import SyncRun, VapiObject
from routing.services.sync_run import begin_run
from tests.vapi.vapi_lists import VapiLists, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def vapi(settings: Settings, httpserver: HTTPServer) -> VapiLists:
    lists = VapiLists(rows={"assistant": [row(1), row(2)], "squad": [row(3)]})
    settings.VAPI_BASE_URL, settings.VAPI_API_KEY = lists.serve(httpserver), "key"
    return lists


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("sync_vapi", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_progress_and_a_summary(vapi: VapiLists) -> None:
    printed = run().splitlines()

    assert "Reading assistants: 2 so far …" in printed
    assert printed[-1] == "There are: 2 assistants, 1 squad, 0 phone numbers."


def test_incremental_asks_for_changes_only(vapi: VapiLists) -> None:
    run()
    vapi.asked.clear()

    printed = run("--incremental")

    assert "updatedAtGt" in vapi.asked[0][1]
    assert "Changed since last time: 2 assistants" in printed


def test_it_fails_with_the_reason(vapi: VapiLists) -> None:
    vapi.faults[0] = Response('{"message": "Internal"}', 500)

    with pytest.raises(CommandError, match=r"Internal\. Nothing was marked missing"):
        run()


def test_it_fails_when_everything_is_gone_until_that_is_confirmed(vapi: VapiLists) -> None:
    run()
    vapi.rows = {}

    with pytest.raises(CommandError, match="--confirm-empty"):
        run()
    assert VapiObject.objects.exclude(missing_since=None).count() == 0

    assert "Gone: Thing 1, Thing 2, Thing 3." in run("--confirm-empty")
    assert VapiObject.objects.exclude(missing_since=None).count() == 3


def test_it_fails_while_another_runs(vapi: VapiLists) -> None:
    begin_run(author=None, full=True, now=timezone.now())

    with pytest.raises(CommandError, match="started by the command line"):
        run()

    assert SyncRun.objects.count() == 1


def test_a_confirmation_needs_a_full_run(vapi: VapiLists) -> None:
    with pytest.raises(CommandError, match="needs a full run"):
        run("--incremental", "--confirm-empty")

    assert vapi.asked == []
