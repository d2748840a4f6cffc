"""What a web page may ask for. Its visitors can write anything into its request, so little of it is taken.

Schema: `CreateWebCallDTO` of Vapi's API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError

from routing.api.fields import AttributesField
from routing.services.prepare_call import InvalidCall
from routing.vapi.call_body import OUR_KEYS, OVERRIDES_KEYS, ROUTING_KEY
from routing.vapi.sandbox import WEB_CALL_KEYS

Body = Mapping[str, Any]

ROOM_OPTION = "roomDeleteOnUserLeaveEnabled"
REFUSED_OVERRIDE = "must not come from a web page: of overrides only variableValues may, and metadata.routing for us."
# The properties of an assistant (schema `CreateAssistantDTO`). A test holds the list against the schema.
ASSISTANT_KEYS = frozenset(
    """analysisPlan artifactPlan backgroundSound backgroundSpeechDenoisingPlan clientMessages compliancePlan
    credentialIds credentials endCallMessage endCallPhrases firstMessage firstMessageInterruptionsEnabled
    firstMessageMode hooks keypadInputPlan maxDurationSeconds metadata model modelOutputInMessagesEnabled monitorPlan
    name observabilityPlan server serverMessages startSpeakingPlan stopSpeakingPlan transcriber
    transportConfigurations voice voicemailDetection voicemailMessage""".split()
)


class WhitelistError(ValidationError):
    """What Vapi too would refuse about a body. It names complaints in a list, even a single one, and so do we."""


def check_page_body(body: Body) -> None:
    """Refuse what a page may not send, by name; targets are let through, because nothing becomes of them.

    Raises InvalidCall, and WhitelistError in the words of Vapi for what Vapi would refuse too.
    """
    unknown = [name for name in body if name not in WEB_CALL_KEYS | OUR_KEYS]
    if unknown:
        raise WhitelistError([f"property {name} should not exist" for name in unknown])
    for key in OVERRIDES_KEYS:
        _check_overrides(key, body.get(key))
    if not isinstance(body.get(ROOM_OPTION), bool | None):
        raise WhitelistError([f"{ROOM_OPTION} must be a boolean value"])


def split_inline_facts(body: Body) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the body without an inline assistant that holds only facts, and those facts.

    `vapi.start({userId: "u"})` sends `{"assistant": {"userId": "u"}}`: no property of an assistant, so it cannot be
    meant as one. Raises ValidationError for a fact that no condition could compare.
    """
    assistant = body.get("assistant")
    if not isinstance(assistant, Mapping) or ASSISTANT_KEYS & assistant.keys():
        return dict(body), {}
    try:
        facts: dict[str, str] = AttributesField().run_validation(dict(assistant))
    except ValidationError as error:
        raise ValidationError({"assistant": error.detail}) from error
    return {name: value for name, value in body.items() if name != "assistant"}, facts


def _check_overrides(key: str, overrides: object) -> None:
    if not isinstance(overrides, Mapping):
        return  # the shape is checked for every key alike
    for name, value in overrides.items():
        if name == "metadata":
            _check_metadata(f"{key}.metadata", value)
        elif name != "variableValues":
            raise InvalidCall(f"{key}.{name}", REFUSED_OVERRIDE)


def _check_metadata(path: str, metadata: object) -> None:
    strange = [name for name in metadata if name != ROUTING_KEY] if isinstance(metadata, Mapping) else []
    if strange:
        raise InvalidCall(f"{path}.{strange[0]}", REFUSED_OVERRIDE)
