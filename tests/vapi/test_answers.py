"""What Vapi is told: answers to assistant-request and bodies of calls, held against Vapi's schemas."""

from typing import Any

import pytest

from routing.engine.decision import Decision, Reason
from routing.engine.table import Target, TargetKind
from routing.vapi.call_body import TARGET_KEYS, TargetTakesNoCall, fill_call_body
from routing.vapi.messages import UnusableTarget, render_assistant_response
from tests.vapi_schema.checker import find_errors, property_names

ASSISTANT = Target(key="a", name="A", kind=TargetKind.ASSISTANT, vapi_id="a-1", version="v3")
SQUAD = Target(key="s", name="S", kind=TargetKind.SQUAD, vapi_id="s-1", version="v3")
DESK = Target(key="d", name="D", kind=TargetKind.TRANSFER, number="+12025550199", message="Connecting you.")
SIP = Target(key="p", name="P", kind=TargetKind.TRANSFER, sip_uri="sip:desk@example.test", extension="9")
REJECT = Target(key="r", name="R", kind=TargetKind.REJECT, message="Closed.")
GOLD = {"variableValues": {"tier": "gold"}}


def decide(target: Target, *, reason: Reason = Reason.DEFAULT, **layers: Any) -> Decision:
    return Decision(target=target, reason=reason, **layers)


@pytest.mark.parametrize(
    ("decision", "answer"),
    [
        (decide(ASSISTANT), {"assistantId": "a-1"}),
        (decide(ASSISTANT, ceiling=GOLD), {"assistantId": "a-1", "assistantOverrides": GOLD}),
        (
            decide(SQUAD, floor=GOLD, ceiling={"variableValues": {"n": 1}}),
            {"squadId": "s-1", "squadOverrides": {"variableValues": {"tier": "gold", "n": 1}}},
        ),
        (
            decide(DESK, ceiling=GOLD),
            {"destination": {"type": "number", "number": "+12025550199", "message": "Connecting you."}},
        ),
        (
            decide(
                Target(
                    key="d",
                    name="D",
                    kind=TargetKind.TRANSFER,
                    number="+12025550199",
                    extension="12",
                    caller_id="+12025550111",
                )
            ),
            {
                "destination": {
                    "type": "number",
                    "number": "+12025550199",
                    "message": "",
                    "extension": "12",
                    "callerId": "+12025550111",
                }
            },
        ),
        (decide(SIP), {"destination": {"type": "sip", "sipUri": "sip:desk@example.test", "message": ""}}),
        (decide(REJECT), {"error": "Closed."}),
        (decide(Target(key="r", name="R", kind=TargetKind.REJECT)), {"error": "This call cannot be taken."}),
    ],
    ids=["assistant", "with-overrides", "squad", "transfer", "all-of-a-transfer", "sip", "reject", "silent-reject"],
)
def test_each_kind_of_target_has_its_answer(decision: Decision, answer: dict[str, Any]) -> None:
    rendered = render_assistant_response(decision)

    assert rendered == answer
    assert find_errors("ServerMessageResponseAssistantRequest", rendered) == []


@pytest.mark.parametrize("kind", TargetKind)
def test_every_kind_is_answered_or_refused_by_name(kind: TargetKind) -> None:
    bare = Target(key="bare", name="Bare", kind=kind)

    if kind is TargetKind.REJECT:
        assert render_assistant_response(decide(bare)).keys() == {"error"}
    else:
        with pytest.raises(UnusableTarget, match="'bare'"):
            render_assistant_response(decide(bare))


@pytest.mark.parametrize(
    ("body", "decision", "overrides", "filled"),
    [
        ({}, decide(ASSISTANT), {}, {"assistantId": "a-1", "assistantVersion": "v3"}),
        ({}, decide(SQUAD), GOLD, {"squadId": "s-1", "squadOverrides": GOLD}),
        (
            {"assistantId": "auto", "assistantOverrides": {"variableValues": {"old": 1}}, "assistantVersion": "v1"},
            decide(SQUAD),
            GOLD,
            {"squadId": "s-1", "squadOverrides": GOLD},
        ),
        (
            {"workflowId": "w", "squad": {"members": []}, "assistant": {}, "workflowOverrides": {}},
            decide(SQUAD),
            {},
            {"squadId": "s-1"},
        ),
        (
            {"routing": {"campaign": "spring"}, "message": {"type": "assistant-request"}, "name": "n"},
            decide(SQUAD),
            {"metadata": {"routing": {"campaign": "spring"}}},
            {"squadId": "s-1", "name": "n"},
        ),
        (
            {},
            decide(SQUAD),
            {"metadata": {"routing": 1, "crm": 2}, "variableValues": {}},
            {"squadId": "s-1", "squadOverrides": {"metadata": {"crm": 2}, "variableValues": {}}},
        ),
        (
            {"assistantId": "mine", "assistantOverrides": {"metadata": {"routing": 1}}, "routing": {}},
            decide(Target(key="", name="mine", kind=TargetKind.ASSISTANT, vapi_id="mine"), reason=Reason.EXPLICIT),
            {},
            {"assistantId": "mine", "assistantOverrides": {}},
        ),
        (
            {"assistantOverrides": "odd", "squadOverrides": {"metadata": "odd"}},
            decide(SQUAD, reason=Reason.EXPLICIT),
            {},
            {"assistantOverrides": "odd", "squadOverrides": {"metadata": "odd"}},
        ),
    ],
    ids=["version", "squad", "replaces", "every-kind", "our-fields", "metadata", "explicit", "left-to-vapi"],
)
def test_the_body_of_a_call(
    body: dict[str, Any], decision: Decision, overrides: dict[str, Any], filled: dict[str, Any]
) -> None:
    before = repr(body)

    assert fill_call_body(body, decision, overrides) == filled
    assert repr(body) == before


@pytest.mark.parametrize("schema", ["CreateCallDTO", "CreateWebCallDTO"])
@pytest.mark.parametrize("target", [ASSISTANT, SQUAD], ids=["assistant", "squad"])
def test_a_filled_body_is_what_vapi_accepts(schema: str, target: Target) -> None:
    filled = fill_call_body({"routing": {}, "message": {}}, decide(target), GOLD | {"metadata": {"routing": {}}})

    assert find_errors(schema, filled) == []


@pytest.mark.parametrize(
    "target", [DESK, REJECT, Target(key="x", name="X", kind=TargetKind.SQUAD)], ids=["transfer", "reject", "no-id"]
)
def test_only_assistants_and_squads_take_calls_that_we_place(target: Target) -> None:
    with pytest.raises(TargetTakesNoCall, match="cannot take a call"):
        fill_call_body({}, decide(target), {})


def test_the_target_keys_are_all_of_vapis() -> None:
    names = property_names("CreateCallDTO")

    assert {name for name in names if name.startswith(("assistant", "squad", "workflow"))} == TARGET_KEYS
