"""`POST /call` with `customers`: each is decided alone, few requests go out, and nobody is called twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from werkzeug import Request, Response

from routing.models import Call, NumberList, RequestClaim
from routing.services import place_batch
from tests.api.conftest import Api, make_api
from tests.api.world import (
    ANYBODY,
    BLOCKED,
    CONCIERGE,
    GOLD,
    MAIN,
    MEXICAN,
    OTHER,
    RECEPTION,
    SPRING,
    SPRING_LINE,
    UNGREETED,
    UNWANTED,
    VIP,
    FakeVapi,
)
from tests.vapi_schema.checker import find_errors

FLOOR = {"brand": "Acme", "level": "table"}


def batch(*numbers: str, **more: Any) -> dict[str, Any]:
    return {"customers": [{"number": number} for number in numbers]} | more


def numbers(count: int) -> list[str]:
    return [f"+1212555{place:04}" for place in range(1000, 1000 + count)]


def sent_numbers(vapi: FakeVapi) -> list[list[str]]:
    return [[customer["number"] for customer in body["customers"]] for _, body in vapi.sent]


def called(answer: Any) -> list[str]:
    return [result["customer"]["number"] for result in answer.json()["results"]]


def refused(answer: Any) -> dict[str, str]:
    return {error["customer"]["number"]: error["error"] for error in answer.json()["errors"]}


def test_each_customer_gets_the_call_that_it_would_get_alone(vapi: FakeVapi, api: Api) -> None:
    everybody = [UNWANTED, ANYBODY, VIP, BLOCKED, MEXICAN, "+12125550124", UNGREETED]

    answer = api.post("call", batch(*everybody))

    assert answer.status_code == 201
    assert [(body.get("assistantId"), body.get("squadId")) for _, body in vapi.sent] == [
        (RECEPTION, None),
        (None, CONCIERGE),
    ]
    assert sent_numbers(vapi) == [[ANYBODY, "+12125550124"], [VIP]]
    assert called(answer) == [ANYBODY, VIP, "+12125550124"]
    assert list(refused(answer)) == [UNWANTED, BLOCKED, MEXICAN, UNGREETED]
    assert "do-not-call" in refused(answer)[UNWANTED]
    assert "'Mexico'" in refused(answer)[MEXICAN]
    assert refused(answer)[UNGREETED] == "We do not call here."


def test_every_customer_has_a_row(vapi: FakeVapi, api: Api) -> None:
    answer = api.post("call", batch(ANYBODY, VIP, UNWANTED, UNGREETED, MEXICAN))

    states = dict(Call.objects.values_list("customer_number", "state"))
    ids = {result["customer"]["number"]: result["id"] for result in answer.json()["results"]}
    assert states == {
        ANYBODY: "placed", VIP: "placed", UNWANTED: "refused", UNGREETED: "refused", MEXICAN: "refused",
    }  # fmt: skip
    assert dict(Call.objects.exclude(vapi_call_id=None).values_list("customer_number", "vapi_call_id")) == ids
    assert {row.our_number for row in Call.objects.all()} == {"+12025550111"}


def test_rows_are_found_again_by_the_name_of_their_request(vapi: FakeVapi, api: Api) -> None:
    api.post("call", batch(ANYBODY, "+12125550124", VIP))

    names = dict(Call.objects.values_list("customer_number", "vapi_name"))
    sent = {customer["number"]: body["name"] for _, body in vapi.sent for customer in body["customers"]}
    assert names == sent
    assert len(set(names.values())) == 2
    assert all(name.startswith("sb-") for name in names.values())


def test_requests_hold_at_most_a_hundred_customers(vapi: FakeVapi, api: Api) -> None:
    everybody = numbers(201)

    answer = api.post("call", batch(*everybody))

    assert answer.json()["errors"] == []
    assert [len(chunk) for chunk in sent_numbers(vapi)] == [100, 100, 1]
    assert called(answer) == everybody
    assert Call.objects.filter(state="placed").count() == 201


@pytest.mark.parametrize(
    ("customers", "more", "shared", "own"),
    [
        ([{"number": ANYBODY}], {}, {"assistantOverrides": {"variableValues": FLOOR}}, [{}]),
        (
            [
                {"number": ANYBODY, "assistantOverrides": {"variableValues": {"level": "customer"}}},
                {"number": "+12125550124"},
            ],
            {"assistantOverrides": {"firstMessage": "Hi.", "variableValues": {"own": 1}}},
            {"assistantOverrides": {"firstMessage": "Hi.", "variableValues": FLOOR | {"own": 1}}},
            [
                {
                    "assistantOverrides": {
                        "firstMessage": "Hi.",
                        "variableValues": {"brand": "Acme", "level": "customer", "own": 1},
                    }
                },
                {},
            ],
        ),
        (
            [{"number": VIP, "assistantOverrides": {"variableValues": {"mood": "good"}}}],
            {"assistantOverrides": {"variableValues": {"own": 1}}},
            {"squadOverrides": {"variableValues": {"brand": "Acme", "level": "rule", "own": 1}}},
            [
                {
                    "squadOverrides": {
                        "variableValues": {"brand": "Acme", "level": "rule", "own": 1, "name": "Ada", "mood": "good"}
                    }
                }
            ],
        ),
        (
            [{"number": ANYBODY, "assistantOverrides": {"firstMessage": "Hi."}}, {"number": VIP}],
            {"squadId": OTHER, "squadOverrides": {"firstMessage": "Hello."}},
            {"squadOverrides": {"firstMessage": "Hello."}},
            [{"assistantOverrides": {"firstMessage": "Hi."}}, {}],
        ),
    ],
    ids=["table", "customer", "squad and list entry", "named target stays as it is"],
)
def test_a_customer_carries_all_overrides_or_none(
    vapi: FakeVapi,
    api: Api,
    customers: list[dict[str, Any]],
    more: dict[str, Any],
    shared: dict[str, Any],
    own: list[dict[str, Any]],
) -> None:
    assert api.post("call", {"customers": customers} | more).status_code == 201

    assert len(vapi.sent) == 1
    assert {key: value for key, value in vapi.body.items() if key.endswith("Overrides")} == shared
    sent = [{key: value for key, value in one.items() if key != "number"} for one in vapi.body["customers"]]
    assert sent == own


def test_variables_of_list_entries_do_not_cost_a_request_each(vapi: FakeVapi, api: Api) -> None:
    entries = NumberList.objects.get(key="vip").entries
    entries.create(number="+12025550101", variables={"name": "Bob"})

    api.post("call", batch(VIP, "+12025550101"))

    own = [customer["squadOverrides"]["variableValues"]["name"] for customer in vapi.body["customers"]]
    assert (len(vapi.sent), own) == (1, ["Ada", "Bob"])
    assert "name" not in vapi.body["squadOverrides"]["variableValues"]


@pytest.mark.parametrize(
    ("customers", "places"),
    [
        ([{"number": ANYBODY}, {"number": ANYBODY}], [1]),
        ([{"number": ANYBODY}, {"number": VIP}, {"number": "(212) 555-0123", "name": "Bob"}], [2]),
        ([{"number": ANYBODY}, {"number": "212 555 0123", "numberE164CheckEnabled": False}], [1]),
        ([{"number": ANYBODY, "extension": "1"}, {"number": ANYBODY, "extension": "2"}], []),
        ([{"sipUri": "sip:ada@example.com"}, {"sipUri": "sip:ada@EXAMPLE.com"}], [1]),
    ],
    ids=["same", "written differently", "unchecked", "extensions", "sip"],
)
def test_nobody_is_called_twice_by_one_batch(
    vapi: FakeVapi, api: Api, customers: list[dict[str, Any]], places: list[int]
) -> None:
    answer = api.post("call", {"customers": customers}).json()

    assert [error["customer"] for error in answer["errors"]] == [customers[place] for place in places]
    assert sum(len(body["customers"]) for _, body in vapi.sent) == len(customers) - len(places)
    assert all("twice" in error["error"] for error in answer["errors"])


@pytest.mark.parametrize(
    ("customer", "complaint"),
    [
        ({"name": "Ada"}, "customer.number"),
        ({"number": "hello"}, "customer.number"),
        ({"number": "anonymous"}, "customer.number"),
        ({"number": 12125550123}, "customer.number"),
        ({"number": ANYBODY, "assistantOverrides": []}, "customer.assistantOverrides"),
        ("+12125550123", "customer must be an object"),
        (None, "customer must be an object"),
    ],
)
def test_a_customer_that_cannot_be_called_does_not_keep_the_others_from_it(
    vapi: FakeVapi, api: Api, customer: object, complaint: str
) -> None:
    answer = api.post("call", {"customers": [customer, {"number": VIP}]})

    assert (answer.status_code, called(answer), sent_numbers(vapi)) == (201, [VIP], [[VIP]])
    (error,) = answer.json()["errors"]
    assert error["customer"] == customer
    assert complaint in error["error"]


def test_a_batch_that_is_refused_altogether_is_answered_without_asking_vapi(vapi: FakeVapi, api: Api) -> None:
    answer = api.post("call", batch(UNWANTED, BLOCKED))

    assert (answer.status_code, answer.json()["results"], vapi.sent) == (201, [], [])
    assert list(refused(answer)) == [UNWANTED, BLOCKED]
    assert list(Call.objects.values_list("state", flat=True)) == ["refused", "refused"]
    assert not RequestClaim.objects.exists()


def test_what_vapi_says_of_a_customer_stands_with_it(vapi: FakeVapi, api: Api) -> None:
    given = {"number": "(212) 555-0124", "name": "Nobody"}

    answer = api.post("call", {"customers": [{"number": UNWANTED}, given, {"number": ANYBODY}, {"number": "1"}]}).json()

    assert answer["errors"][1] == {"customer": given, "error": "Nobody is there."}
    assert [error["customer"]["number"] for error in answer["errors"]] == [UNWANTED, "(212) 555-0124", "1"]
    assert Call.objects.get(customer_number="+12125550124").state == "failed"
    assert Call.objects.get(customer_number=ANYBODY).vapi_call_id == answer["results"][0]["id"]


def test_limits_are_passed_on_and_a_part_that_was_held_back_is_not_forgotten(vapi: FakeVapi, api: Api) -> None:
    limits = api.post("call", batch(ANYBODY, VIP)).json()["subscriptionLimits"]

    assert limits == {"concurrencyBlocked": True, "remainingConcurrentCalls": 8}


def fail_for_squads(vapi: FakeVapi, status: int) -> None:
    """Let Vapi answer the part for the squad with this status, and place the rest."""

    def answer(request: Request) -> Response:
        placed = vapi.answer(request)
        body = '{"message": ["No squads."], "error": "Bad Request", "statusCode": 400}'
        return Response(body, status=status, content_type="application/json") if "squadId" in vapi.body else placed

    vapi.server.clear()
    vapi.server.expect_request("/call", method="POST").respond_with_handler(answer)


@pytest.mark.parametrize("everybody", [(VIP, ANYBODY), (ANYBODY, VIP)], ids=["first", "last"])
@pytest.mark.parametrize(
    ("status", "state", "words"),
    [(400, "failed", "No squads."), (429, "failed", "No squads."), (500, "unknown", "not placed again")],
)
def test_a_part_that_fails_does_not_undo_the_others(
    vapi: FakeVapi, api: Api, everybody: tuple[str, ...], status: int, state: str, words: str
) -> None:
    fail_for_squads(vapi, status)

    answer = api.post("call", batch(*everybody))

    assert (answer.status_code, called(answer)) == (201, [ANYBODY])
    assert words in refused(answer)[VIP]
    assert Call.objects.get(customer_number=VIP).state == state
    assert Call.objects.get(customer_number=ANYBODY).state == "placed"
    assert sorted(sent_numbers(vapi)) == sorted([[number] for number in everybody])


@pytest.mark.parametrize(
    ("status", "seen", "state", "claims"),
    [(401, 401, "failed", 0), (429, 429, "failed", 0), (500, 424, "unknown", 1)],
)
def test_a_batch_of_which_vapi_took_nothing_fails_as_a_single_call_does(
    vapi: FakeVapi, api: Api, status: int, seen: int, state: str, claims: int
) -> None:
    vapi.fail(status, {"message": "No.", "error": "No", "statusCode": status})

    answer = api.post("call", batch(ANYBODY, VIP))

    assert answer.status_code == seen
    assert set(Call.objects.values_list("state", flat=True)) == {state}
    assert RequestClaim.objects.count() == claims


@pytest.mark.parametrize(
    ("answer", "states", "results"),
    [
        ({"results": [{"id": "a"}, {"id": "b"}], "errors": []}, ["placed", "placed"], ["a", "b"]),
        ({"results": [{"id": "b", "customer": {"number": VIP}}]}, ["unknown", "placed"], ["b"]),
        ({"results": [{"id": "a"}], "errors": [{"error": "No."}]}, ["unknown", "unknown"], ["a"]),
        ({"results": [], "errors": []}, ["unknown", "unknown"], []),
        ({"results": None, "errors": "odd"}, ["unknown", "unknown"], []),
    ],
    ids=["by order", "one is missing", "cannot be told", "empty", "odd"],
)
def test_calls_that_vapis_answer_leaves_open_are_unknown(
    vapi: FakeVapi, answer: dict[str, Any], states: list[str], results: list[str]
) -> None:
    vapi.fail(201, answer)
    concierge = {"squadId": CONCIERGE}

    said = make_api("secret").post("call", batch(ANYBODY, VIP, **concierge)).json()

    found = dict(Call.objects.values_list("customer_number", "state"))
    assert [found[ANYBODY], found[VIP]] == states
    assert [result["id"] for result in said["results"]] == results
    doubtful = [error["error"] for error in said["errors"] if "customer" in error]
    assert len(doubtful) == states.count("unknown")
    assert all("not placed again" in words for words in doubtful)


def test_an_answer_with_one_call_settles_a_batch_of_one(vapi: FakeVapi, api: Api) -> None:
    vapi.fail(201, {"id": "vapi-1", "customer": {"number": ANYBODY}})

    assert called(api.post("call", batch(ANYBODY))) == [ANYBODY]
    assert Call.objects.get().vapi_call_id == "vapi-1"


def test_what_takes_too_long_is_not_sent(vapi: FakeVapi, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_batch, "BUDGET_SECONDS", -1.0)

    answer = api.post("call", batch(ANYBODY))

    assert (answer.status_code, vapi.sent) == (201, [])
    assert refused(answer) == {ANYBODY: place_batch.NOT_SENT}
    assert Call.objects.get().state == "failed"


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "batch-1"}], ids=["same body", "key"])
def test_the_same_batch_is_carried_out_once(vapi: FakeVapi, api: Api, headers: dict[str, str]) -> None:
    first, second = (api.post("call", batch(ANYBODY, VIP, UNWANTED), **headers) for _ in range(2))

    assert second.json() == first.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert (len(vapi.sent), Call.objects.count()) == (2, 3)


def test_a_scheduled_batch_is_decided_for_its_time(vapi: FakeVapi, api: Api) -> None:
    night = "2126-06-01T23:00:00-04:00"

    api.post("call", batch("+16465550100", ANYBODY, schedulePlan={"earliestAt": night}))

    assert {body["assistantId"]: body["customers"][0]["number"] for _, body in vapi.sent} == {
        GOLD: "+16465550100",
        RECEPTION: ANYBODY,
    }
    assert all(body["schedulePlan"] == {"earliestAt": night} for _, body in vapi.sent)
    assert set(Call.objects.values_list("scheduled_for", flat=True)) == {datetime.fromisoformat(night)}


@pytest.mark.parametrize(
    ("more", "target", "line"),
    [
        ({}, RECEPTION, MAIN),
        ({"customer": None, "customerId": None}, RECEPTION, MAIN),
        ({"phoneNumberId": SPRING_LINE}, SPRING, SPRING_LINE),
        ({"routing": {"campaign": "spring"}}, SPRING, SPRING_LINE),
        ({"assistantId": "route:spring"}, SPRING, SPRING_LINE),
        ({"routing": {"attributes": {"plan": "gold"}}}, GOLD, MAIN),
        ({"assistantId": OTHER}, OTHER, MAIN),
    ],
)
def test_facts_of_the_request_hold_for_all(
    vapi: FakeVapi, api: Api, more: dict[str, Any], target: str, line: str
) -> None:
    assert api.post("call", batch(ANYBODY, **more)).status_code == 201

    assert (vapi.body["assistantId"], vapi.body["phoneNumberId"]) == (target, line)


def test_the_sandbox_answers_a_batch_as_vapi_does(api: Api) -> None:
    answer = api.post("call", batch(ANYBODY, VIP, UNWANTED))

    assert (answer.status_code, called(answer)) == (201, [ANYBODY, VIP])
    assert answer.headers["X-Switchboard-Sandbox"] == "true"
    assert find_errors("CallBatchResponse", answer.json(), closed=False) == []
    assert all(row.sandbox for row in Call.objects.all())


def test_customers_that_are_null_make_no_batch(api: Api) -> None:
    answer = api.post("call", {"customer": {"number": ANYBODY}, "customers": None})

    assert (answer.status_code, answer.json()["customer"]["number"]) == (201, ANYBODY)


def test_resolve_takes_no_batch(api: Api) -> None:
    answer = api.post("resolve", batch(ANYBODY))

    assert answer.status_code == 400
    assert "customers" in answer.json()["message"]
