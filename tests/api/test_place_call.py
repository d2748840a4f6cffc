"""`POST /call`: what is resolved, what is passed through, and what Vapi is sent for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.models import Call
from tests.api.conftest import Api
from tests.api.world import (
    ANYBODY,
    CONCIERGE,
    GOLD,
    MAIN,
    RECEPTION,
    SPRING,
    SPRING_LINE,
    VIP,
    FakeVapi,
)


def call(number: str = ANYBODY, **more: Any) -> dict[str, Any]:
    return {"customer": {"number": number}} | more


@pytest.mark.parametrize(
    ("body", "headers", "target", "line"),
    [
        (call(), {}, RECEPTION, MAIN),
        (call(phoneNumberId=SPRING_LINE), {}, SPRING, SPRING_LINE),
        (call(routing={"campaign": "spring"}), {}, SPRING, SPRING_LINE),
        (call(routing={"campaign": "plain"}), {}, RECEPTION, MAIN),
        (call(routing={"campaign": "spring"}, phoneNumberId=MAIN), {}, SPRING, MAIN),
        (call(), {"X_Routing_Campaign": "spring"}, SPRING, SPRING_LINE),
        (call(), {"X_Routing_Campaign": ""}, RECEPTION, MAIN),
        (call(assistantId="route:spring"), {}, SPRING, SPRING_LINE),
        (call(assistantId="route:spring", routing={"campaign": "spring"}), {}, SPRING, SPRING_LINE),
        (call(assistantOverrides={"metadata": {"routing": {"campaign": "spring"}}}), {}, SPRING, SPRING_LINE),
        (call(routing={"attributes": {"plan": "gold"}}), {}, GOLD, MAIN),
        (call(routing={"attributes": {"plan": None}}), {}, RECEPTION, MAIN),
        (call(routing=None), {}, RECEPTION, MAIN),
        (call("(212) 555-0123"), {}, RECEPTION, MAIN),
        (call("sip:ada@example.com"), {}, RECEPTION, MAIN),
        ({"customer": {"sipUri": "sip:ada@example.com"}}, {}, RECEPTION, MAIN),
    ],
)
def test_facts_of_the_request_decide(
    vapi: FakeVapi, api: Api, body: dict[str, Any], headers: dict[str, str], target: str, line: str
) -> None:
    answer = api.post("call", body, **headers)

    assert answer.status_code == 201, answer.content
    assert (vapi.body["assistantId"], vapi.body["phoneNumberId"]) == (target, line)
    assert not {"routing", "message"} & vapi.body.keys()
    assert "routing" not in str(vapi.body)


def test_a_call_asks_the_database_twice_and_writes_two_rows_before_it_is_sent_and_again_after(
    vapi: FakeVapi, api: Api
) -> None:
    """Sabotage seen to fail: delete expired claims whether one was seen or not."""
    api.post("call", call())  # the use of the key is noted once a minute

    with CaptureQueriesContext(connection) as asked:
        api.post("call", call(VIP))

    statements = [query["sql"] for query in asked.captured_queries]
    tables = ("routing_apikey", "routing_requestclaim", "routing_call")
    verbs = [sql.split()[0] for sql in statements if any(f'"{table}"' in sql for table in tables)]
    assert verbs == ["SELECT", "SELECT", "INSERT", "INSERT", "UPDATE", "UPDATE"]


def test_the_judged_number_is_the_one_that_is_dialled(vapi: FakeVapi, api: Api) -> None:
    api.post("call", call("(202) 555-0100", phoneNumberId=MAIN))

    assert vapi.body["squadId"] == CONCIERGE
    assert vapi.body["customer"] == {"number": VIP}


def test_a_number_that_vapi_shall_not_check_is_left_as_it_is(vapi: FakeVapi, api: Api) -> None:
    customer = {"number": "202 555 0100", "numberE164CheckEnabled": False}

    api.post("call", {"customer": customer})

    assert vapi.body["customer"] == customer


def test_a_number_of_the_senders_own_account_replaces_ours(vapi: FakeVapi, api: Api) -> None:
    own = {"twilioPhoneNumber": "+12025550112", "twilioAccountSid": "AC1", "twilioAuthToken": "t"}

    api.post("call", call(phoneNumber=own))

    assert vapi.body["phoneNumber"] == own
    assert "phoneNumberId" not in vapi.body
    assert vapi.body["assistantId"] == SPRING


def test_vapis_answer_is_returned_unchanged(vapi: FakeVapi, api: Api) -> None:
    answer = api.post("call", call())

    assert answer.json() == {"id": "vapi-1", "status": "queued", "cost": 0.25, "odd": [None]}
    assert "X-Switchboard-Sandbox" not in answer.headers
    assert vapi.keys == ["Bearer vapi-private"]


@pytest.mark.parametrize(
    ("customer", "more", "key", "variables"),
    [
        ({"number": ANYBODY}, {}, "assistantOverrides", {"brand": "Acme", "level": "table"}),
        ({"number": VIP}, {}, "squadOverrides", {"brand": "Acme", "level": "rule", "name": "Ada"}),
        (
            {"number": VIP},
            {"assistantOverrides": {"variableValues": {"level": "request", "name": "Eve"}}},
            "squadOverrides",
            {"brand": "Acme", "level": "request", "name": "Eve"},
        ),
        (
            {"number": VIP},
            {"squadOverrides": {"variableValues": {"level": "request"}}},
            "squadOverrides",
            {"brand": "Acme", "level": "request", "name": "Ada"},
        ),
        (
            {"number": ANYBODY, "assistantOverrides": {"variableValues": {"level": "customer"}}},
            {"assistantOverrides": {"variableValues": {"level": "request", "own": 1}}},
            "assistantOverrides",
            {"brand": "Acme", "level": "customer", "own": 1},
        ),
    ],
    ids=["table", "rule and list entry", "request", "request for a squad", "customer"],
)
def test_overrides_are_merged_because_vapi_replaces(
    vapi: FakeVapi, api: Api, customer: dict[str, Any], more: dict[str, Any], key: str, variables: dict[str, Any]
) -> None:
    assert api.post("call", {"customer": customer} | more).status_code == 201

    assert vapi.body[key] == {"variableValues": variables}
    assert vapi.body["customer"] == {"number": customer["number"]}
    assert len({"assistantOverrides", "squadOverrides"} & vapi.body.keys()) == 1


def test_a_scheduled_call_is_decided_for_its_time(vapi: FakeVapi, api: Api) -> None:
    night = "2126-06-01T23:00:00-04:00"

    api.post("call", call("+16465550100", schedulePlan={"earliestAt": night}))

    row = Call.objects.get()
    assert vapi.body["assistantId"] == GOLD
    assert row.context["at"] == night
    assert row.scheduled_for == datetime.fromisoformat(night)
    assert row.scheduled_for - row.decided_at > timedelta(days=1)


def test_a_start_that_has_passed_is_vapis_matter_and_decided_for_now(vapi: FakeVapi, api: Api) -> None:
    past = "2020-06-01T23:00:00-04:00"

    api.post("call", call(schedulePlan={"earliestAt": past}))

    row = Call.objects.get()
    assert vapi.body["schedulePlan"] == {"earliestAt": past}
    assert row.scheduled_for == datetime.fromisoformat(past)
    assert abs(datetime.fromisoformat(row.context["at"]) - row.decided_at) < timedelta(seconds=5)


def test_the_row_tells_everything(vapi: FakeVapi, api: Api) -> None:
    customer = {"number": VIP, "externalId": "crm-1"}
    api.post("call", {"customer": customer, "routing": {"attributes": {"plan": "gold"}}})

    row = Call.objects.get()
    assert (row.state, row.vapi_call_id, row.sandbox, row.channel) == ("placed", "vapi-1", False, "outbound")
    assert (row.customer_number, row.our_number, row.external_id) == (VIP, "+12025550111", "crm-1")
    assert (row.target_key, row.rule_key, row.rule_position, row.revision) == ("concierge", "vip", 1, 1)
    assert row.context["attributes"] == {"plan": ["gold", True]}
    assert row.facts["hits"][0][0] == "vip"
    assert row.api_key is not None
    assert row.api_key.name == "secret key"


@pytest.mark.parametrize(("given", "starts"), [(None, "sb-"), ("Follow-up", "Follow-up")])
def test_the_name_holds_our_id_unless_the_request_names_the_call(
    vapi: FakeVapi, api: Api, given: str | None, starts: str
) -> None:
    api.post("call", call() if given is None else call(name=given))

    name = vapi.body["name"]
    assert name.startswith(starts)
    assert len(name) <= 40
    assert given is not None or name.endswith(Call.objects.get().pk.hex)


def test_without_a_vapi_key_the_sandbox_answers_and_says_so(api: Api) -> None:
    answer = api.post("call", call())

    assert answer.status_code == 201
    assert answer.json()["assistantId"] == RECEPTION
    assert answer.headers["X-Switchboard-Sandbox"] == "true"
    assert Call.objects.get().sandbox
    assert "sandbox" not in answer.json()
    assert api.get(f"call/{answer.json()['id']}").json()["id"] == answer.json()["id"]


@pytest.mark.parametrize("path", ["call", "/call", "call/", "/call/"])
def test_a_slash_too_many_does_no_harm(vapi: FakeVapi, api: Api, path: str) -> None:
    assert api.post(path, call()).status_code == 201


def test_only_calls_placed_here_are_looked_up_at_vapi(vapi: FakeVapi, api: Api) -> None:
    vapi.server.expect_request("/call/vapi-1", method="GET").respond_with_json({"id": "vapi-1", "status": "ended"})
    api.post("call", call())

    assert api.get("call/vapi-1").json() == {"id": "vapi-1", "status": "ended"}
    assert api.get("call/vapi-2").status_code == 404
