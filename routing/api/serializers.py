"""Our own part of what comes in and goes out; Vapi's part is passed on as it is."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from routing.api.fields import AttributesField, InstantField, StrictSerializer
from routing.engine.context import Channel
from routing.engine.decision import Reason
from routing.models import Call, CallState

PAGE = 100
LONGEST_PAGE = 1000


class RoutingSerializer(StrictSerializer):
    """The `routing` object of a call."""

    campaign = serializers.CharField(required=False, allow_null=True, help_text="A campaign's slug.")
    attributes = AttributesField(required=False, allow_null=True, help_text="What rules may compare, by name.")


class ResolveRoutingSerializer(RoutingSerializer):
    """The `routing` object of `/resolve`."""

    channel = serializers.ChoiceField(choices=[channel.value for channel in Channel], default=Channel.OUTBOUND.value)
    at = InstantField(required=False, allow_null=True, help_text="When the call takes place; now if left out.")


class CallFilterSerializer(StrictSerializer):
    """The query of the list of calls."""

    channel = serializers.ChoiceField(choices=[channel.value for channel in Channel], required=False)
    target = serializers.CharField(required=False, help_text="A target's key.")
    rule = serializers.CharField(required=False, help_text="A rule's key.")
    reason = serializers.ChoiceField(choices=[reason.value for reason in Reason], required=False)
    campaign = serializers.CharField(required=False, help_text="A campaign's slug.")
    state = serializers.ChoiceField(choices=CallState.values, required=False)
    customer = serializers.CharField(required=False, trim_whitespace=False, help_text="A number, best in E.164.")
    limit = serializers.IntegerField(min_value=1, max_value=LONGEST_PAGE, default=PAGE)
    cursor = serializers.CharField(required=False, help_text="From the `next` of the page before.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from` (included) and `to` (not included), which Python cannot name."""
        since, before = InstantField(required=False), InstantField(required=False)
        return {**super().get_fields(), "from": since, "to": before}

    def validate_customer(self, value: str) -> str:
        """Take a number whose plus sign was not escaped: in a query it reads as a space."""
        return f"+{value.strip()}" if value.startswith(" ") else value.strip()


class CallSerializer(serializers.Serializer[Call]):
    """A routed call in the list, its names written as Vapi writes them."""

    id = serializers.UUIDField()
    vapi_call_id = serializers.CharField()
    channel = serializers.CharField()
    customer_number = serializers.CharField()
    our_number = serializers.CharField()
    campaign = serializers.CharField()
    target = serializers.SerializerMethodField()
    reason = serializers.CharField()
    rule = serializers.SerializerMethodField()
    revision = serializers.IntegerField()
    state = serializers.CharField()
    ended_reason = serializers.CharField()
    cost = serializers.FloatField()
    stale = serializers.BooleanField()
    sandbox = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField()
    scheduled_for = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()

    def get_target(self, call: Call) -> dict[str, str]:
        """Return the target as it was when it took the call."""
        return {"key": call.target_key, "kind": call.target_kind, "name": call.target_name}

    def get_rule(self, call: Call) -> dict[str, Any] | None:
        """Return the rule as it stood then; None where no rule took the call."""
        if not call.rule_key:
            return None
        return {"position": call.rule_position, "key": call.rule_key, "name": call.rule_name}

    def to_representation(self, instance: Call) -> dict[str, Any]:
        """Return names in camelCase, and null for empty texts: the call had no campaign, no number, has not ended."""
        shown = super().to_representation(instance)
        return {_camel(name): None if value == "" else value for name, value in shown.items()}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
