"""The words that staff see for the engine's fixed choices."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from routing.engine.context import Channel
from routing.engine.decision import Reason
from routing.engine.table import Operator, Purpose, TargetKind


def options(labels: Mapping[StrEnum, str]) -> list[tuple[str, str]]:
    """Return a field's choices. The values are plain text: migrations and rows must not hold enum members."""
    return [(member.value, label) for member, label in labels.items()]


def values(choices: Iterable[tuple[str, str]]) -> list[str]:
    """Return what may stand in the column."""
    return [value for value, _ in choices]


CHANNELS = options({Channel.INBOUND: "Inbound", Channel.OUTBOUND: "Outbound", Channel.WEB: "Web"})

TARGET_KINDS = options(
    {
        TargetKind.ASSISTANT: "Assistant",
        TargetKind.SQUAD: "Squad",
        TargetKind.TRANSFER: "Transfer to a number",
        TargetKind.REJECT: "Spoken sentence, then hang up",
    }
)

PURPOSES = options(
    {
        Purpose.SEGMENT: "Group of customers (rules decide)",
        Purpose.BLOCKED: "Blocked (no calls in either direction)",
        Purpose.DO_NOT_CALL: "Do not call (no outbound calls)",
    }
)

OPERATORS = options(
    {
        Operator.IS: "is",
        Operator.IS_NOT: "is not",
        Operator.IN: "is one of",
        Operator.NOT_IN: "is none of",
        Operator.EXISTS: "is known",
        Operator.MISSING: "is not known",
        Operator.STARTS_WITH: "starts with",
        Operator.CONTAINS: "contains",
        Operator.GREATER: "is greater than",
        Operator.LESS: "is less than",
    }
)

REASONS = options(
    {
        Reason.EMERGENCY: "Emergency switch",
        Reason.BLOCKED: "Blocked",
        Reason.EXPLICIT: "Named by the request",
        Reason.TARGETING_MATCH: "Rule",
        Reason.SPLIT: "Rule with a split",
        Reason.DEFAULT: "Default",
        Reason.ERROR: "Error",
    }
)
