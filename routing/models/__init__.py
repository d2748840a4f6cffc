"""Rows and constraints, one subject a file."""

from routing.models.access import ApiKey, ApiKeyKind, ApiKeyPolicy, WebhookSecret, WebhookSecretKind
from routing.models.call_counts import CallCount
from routing.models.calls import Call, CallState, ScheduledCall
from routing.models.campaigns import Campaign
from routing.models.encrypted import EncryptedTextField, SecretLocked
from routing.models.idempotency import ClaimKind, ClaimState, RequestClaim
from routing.models.list_changes import ListChange
from routing.models.numbers import NumberList, NumberListEntry, OurNumber
from routing.models.rate import RequestRate
from routing.models.revisions import DraftState, LiveState, Revision
from routing.models.rules import Rule, RuleAttribute, RuleTarget
from routing.models.schedules import Schedule, ScheduleException
from routing.models.settings import TableSettings
from routing.models.switch import EmergencySwitch
from routing.models.targets import Target
from routing.models.vapi_objects import SyncRun, SyncState, VapiKind, VapiObject
from routing.models.webhook_counts import WebhookCount, WebhookOutcome

__all__ = [
    "ApiKey",
    "ApiKeyKind",
    "ApiKeyPolicy",
    "Call",
    "CallCount",
    "CallState",
    "Campaign",
    "ClaimKind",
    "ClaimState",
    "DraftState",
    "EmergencySwitch",
    "EncryptedTextField",
    "ListChange",
    "LiveState",
    "NumberList",
    "NumberListEntry",
    "OurNumber",
    "RequestClaim",
    "RequestRate",
    "Revision",
    "Rule",
    "RuleAttribute",
    "RuleTarget",
    "Schedule",
    "ScheduleException",
    "ScheduledCall",
    "SecretLocked",
    "SyncRun",
    "SyncState",
    "TableSettings",
    "Target",
    "VapiKind",
    "VapiObject",
    "WebhookCount",
    "WebhookOutcome",
    "WebhookSecret",
    "WebhookSecretKind",
]
