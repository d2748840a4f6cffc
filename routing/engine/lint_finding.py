"""What lint says, and what it must be told about the world outside the table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is: ``error`` can never work, ``warning`` is probably a mistake, ``note`` is a remark."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FindingKind(StrEnum):
    """What is odd."""

    UNREACHABLE = "unreachable"
    CONTRADICTION = "contradiction"
    PARTLY_SHADOWED = "partly_shadowed"
    NARROWER_BELOW_WIDER = "narrower_below_wider"
    NO_CONDITION = "no_condition"
    DATES_OVER = "dates_over"
    CAMPAIGN_OVER = "campaign_over"
    SCHEDULE_NEVER_OPENS = "schedule_never_opens"
    NIGHT_CUT = "night_cut"
    LIST_EMPTY = "list_empty"
    NO_NUMBER_ON_WEB = "no_number_on_web"
    NUMBER_MISSING = "number_missing"
    TARGET_MISSING = "target_missing"
    TARGET_DISABLED = "target_disabled"
    ARM_UNAVAILABLE = "arm_unavailable"
    DEFAULT_UNREACHABLE = "default_unreachable"
    NOT_COMPARED = "not_compared"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that staff should look at.

    ``subject`` is the section of the table: ``rules``, ``targets``, ``schedules``, ``campaigns``, ``lists`` or
    ``default``; ``key`` is the entry's key there. ``other`` is the key of the rule that covers this one, or empty.
    ``message`` is a sentence for staff; it shows no more than the last four digits of a customer's number.
    """

    kind: FindingKind
    severity: Severity
    subject: str
    key: str
    message: str
    other: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What is true at the moment and stands in no table.

    ``empty_lists`` are keys of lists without a valid entry, ``missing_targets`` keys of targets that are gone at Vapi,
    ``missing_numbers`` natural keys of our numbers that are. In ``default_region`` (an ISO country) national numbers
    are read, as when the table is compiled.
    """

    empty_lists: frozenset[str] = frozenset()
    missing_targets: frozenset[str] = frozenset()
    missing_numbers: frozenset[str] = frozenset()
    default_region: str = "US"
