"""The table of `POST /call`: every form of a request, by what the table answers, by the key's policy, in a batch too.

What Vapi is sent is checked against its schema by the fake Vapi, which refuses unknown properties as Vapi does.
"""

from __future__ import annotations

from typing import Any

import pytest

from routing.models import Call
from tests.api.conftest import make_api
from tests.api.world import (
    ANYBODY,
    BLOCKED,
    CONCIERGE,
    MEXICAN,
    OTHER,
    RECEPTION,
    UNGREETED,
    UNWANTED,
    VIP,
    FakeVapi,
)

pytestmark = pytest.mark.once

MESSAGE = {"type": "assistant-request"}
# How a request leaves the target to the table.
UNNAMED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "null": {"assistantId": None, "squadId": None},
    "empty": {"assistantId": "", "assistant": {}},
    "auto": {"assistantId": "auto"},
    "campaign": {"assistantId": "route:plain"},
    "message": {"message": MESSAGE},
    "message and facts": {"message": MESSAGE, "routing": {"campaign": "plain", "attributes": {"plan": "none"}}},
    "inline facts": {"assistant": {"userId": "u-1"}},
    "hidden facts": {"assistantOverrides": {"metadata": {"routing": {"attributes": {"plan": "none"}}}}},
}
# How a request names another target.
NAMED: dict[str, dict[str, Any]] = {
    "assistantId": {"assistantId": OTHER, "assistantVersion": "v9"},
    "assistant": {"assistant": {"firstMessage": "Hi."}},
    "squadId": {"squadId": OTHER},
    "squad": {"squad": {"members": [{"assistantId": OTHER}]}},
    "workflowId": {"workflowId": OTHER},
    "workflow": {"workflow": {"name": "Old", "nodes": [], "edges": []}},
    "two": {"assistantId": OTHER, "squadId": OTHER},
}
FORMS = UNNAMED | NAMED
POLICIES = ("route_if_missing", "always_route", "refuse_explicit")
# Who is called -> how the table answers: the keys that Vapi gets, or the status.
ANSWERS: dict[str, tuple[str, dict[str, Any] | int]] = {
    "assistant": (ANYBODY, {"assistantId": RECEPTION, "assistantVersion": "v3"}),
    "squad": (VIP, {"squadId": CONCIERGE}),
    "transfer": (MEXICAN, 422),
    "reject": (UNGREETED, 403),
    "blocked": (BLOCKED, 403),
    "do not call": (UNWANTED, 403),
}
TARGET_KEYS = ("assistantId", "assistant", "assistantVersion", "squadId", "squad", "workflowId", "workflow")
NAMES = {
    "assistantId": ("assistant", OTHER),
    "assistant": ("assistant", "assistant described in the request"),
    "squadId": ("squad", OTHER),
    "squad": ("squad", "squad described in the request"),
    "workflowId": ("assistant", f"workflow {OTHER}"),
    "workflow": ("assistant", "workflow described in the request"),
}

every_form = pytest.mark.parametrize("form", FORMS)
every_answer = pytest.mark.parametrize("kind", ANSWERS)
every_policy = pytest.mark.parametrize("policy", POLICIES)


def expected(form: str, kind: str, policy: str) -> dict[str, Any] | int:
    """Return what Vapi is to be told of the target, or with which status we refuse."""
    named = form in NAMED
    if named and policy == "refuse_explicit":
        return 403
    if named and policy == "route_if_missing":
        return 403 if kind in {"blocked", "do not call"} else targets(NAMED[form])
    return ANSWERS[kind][1]


def targets(body: dict[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in TARGET_KEYS if key in body}


@every_policy
@every_answer
@every_form
def test_a_call_gets_its_target_alone_and_in_a_batch(vapi: FakeVapi, form: str, kind: str, policy: str) -> None:
    """Sabotage seen to fail: leave REFUSE_EXPLICIT or ALWAYS_ROUTE out of `_read_named_target`."""
    wanted, number = expected(form, kind, policy), ANSWERS[kind][0]
    api = make_api("secret", policy=policy)

    alone = api.post("call", {"customer": {"number": number}} | FORMS[form])
    rows = list(Call.objects.values_list("state", "reason"))
    together = api.post("call", {"customers": [{"number": number}]} | FORMS[form])

    if isinstance(wanted, int):
        assert (alone.status_code, vapi.sent) == (wanted, [])
        assert [state for state, _ in rows] == ["refused"] * (not is_forbidden(form, policy))
        assert together.status_code == (403 if is_forbidden(form, policy) else 201)
        assert len(together.json().get("errors", ())) == len(rows)
    else:
        assert (alone.status_code, together.status_code) == (201, 201)
        assert [targets(body) for _, body in vapi.sent] == [wanted, wanted]
        assert len(together.json()["results"]) == 1
        assert rows[0][0] == "placed"
        assert (rows[0][1] == "EXPLICIT") == (form in NAMED and policy == "route_if_missing")


def is_forbidden(form: str, policy: str) -> bool:
    """Tell whether the key must not even ask."""
    return form in NAMED and policy == "refuse_explicit"


@pytest.mark.parametrize("form", NAMED)
def test_a_refused_target_is_named(vapi: FakeVapi, form: str) -> None:
    answer = make_api("secret", policy="refuse_explicit").post("call", {"customer": {"number": ANYBODY}} | NAMED[form])

    assert next(iter(NAMED[form])) in answer.json()["message"]
    assert not Call.objects.exists()


@pytest.mark.parametrize("form", NAMES)
def test_a_named_target_is_recorded_as_what_it_is_and_gets_no_overrides_of_ours(vapi: FakeVapi, form: str) -> None:
    overrides = {"variableValues": {"a": 1}}
    body = {"customer": {"number": VIP}, "assistantOverrides": overrides} | NAMED[form]

    assert make_api("secret").post("call", body).status_code == 201

    row = Call.objects.get()
    assert (row.target_kind, row.target_name, row.reason) == (*NAMES[form], "EXPLICIT")
    assert vapi.body["assistantOverrides"] == overrides
    assert "squadOverrides" not in vapi.body


# Where the number that is shown comes from: the request, the campaign, the default.
@pytest.mark.parametrize("several", [False, True], ids=["one", "batch"])
@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "3333"),
        ({"phoneNumberId": "33333333-3333-4333-8333-333333333334"}, "3334"),
        ({"routing": {"campaign": "spring"}}, "3334"),
        ({"routing": {"campaign": "plain"}}, "3333"),
        ({"routing": {"campaign": "spring"}, "phoneNumberId": "33333333-3333-4333-8333-333333333333"}, "3333"),
        ({"assistantId": OTHER, "routing": {"campaign": "spring"}}, "3334"),
        ({"phoneNumberId": OTHER}, None),
        ({"assistantId": OTHER, "phoneNumberId": OTHER}, None),
        ({"phoneNumberId": "+12025550111"}, None),
    ],
)
def test_the_from_number_is_one_of_ours(vapi: FakeVapi, more: dict[str, Any], line: str | None, several: bool) -> None:
    who = {"customers": [{"number": ANYBODY}]} if several else {"customer": {"number": ANYBODY}}

    answer = make_api("secret").post("call", who | more)

    if line is None:
        assert (answer.status_code, vapi.sent, Call.objects.count()) == (400, [], 0)
        assert "phoneNumberId" in answer.json()["message"]
    else:
        assert answer.status_code == 201
        assert vapi.body["phoneNumberId"].endswith(line)
