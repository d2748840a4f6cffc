"""Rules, and what holds for the whole table."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Max, Q, Value, When

from routing.engine.checking import check_attribute
from routing.engine.conditions import check_customer_entry
from routing.engine.schedule import is_timezone
from routing.engine.table import AttributeSpec, Operator
from routing.models.campaigns import Campaign
from routing.models.choices import CHANNELS, OPERATORS, values
from routing.models.fields import (
    ProtectingManyToManyField,
    check,
    check_choice,
    object_field,
    raise_at_fields,
    texts_field,
    texts_of,
)
from routing.models.keyed import Keyed
from routing.models.numbers import NumberList, OurNumber
from routing.models.revisions import DraftState
from routing.models.schedules import Schedule
from routing.models.targets import Target

# Neither database lets positions pass each other inside one UPDATE (PostgreSQL could defer the check, SQLite cannot),
# so rows that move are first lifted to this height, where no position ever is.
LIFT = 1_000_000_000


class RuleQuerySet(models.QuerySet["Rule"]):
    """Rules whose positions are kept without gaps."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rules and close the gaps that they leave."""
        with transaction.atomic():
            DraftState.lock()
            deleted = super().delete()
            Rule.objects.close_gaps()
        return deleted


class RuleManager(models.Manager.from_queryset(RuleQuerySet)):  # type: ignore[misc]  # made at run time
    """Finds rules by key and keeps their order."""

    def get_by_natural_key(self, key: str) -> "Rule":
        """Return the rule with this key; raises DoesNotExist."""
        rule: Rule = self.get(key=key)
        return rule

    def next_position(self) -> int:
        """Return the position after the last rule."""
        return (self.aggregate(last=Max("position"))["last"] or 0) + 1

    def move(self, rule: "Rule", to_position: int) -> None:
        """Put the rule at this position, counted from 1; the rules between make room. Too high means last."""
        with transaction.atomic():
            DraftState.lock()
            rule.refresh_from_db(fields=["position"])
            start, end = rule.position, min(max(to_position, 1), self.next_position() - 1)
            if start != end:
                between = self.filter(position__range=(min(start, end), max(start, end)))
                between.update(position=F("position") + LIFT)
                one_down = -1 if start < end else 1
                place = Case(When(pk=rule.pk, then=Value(end)), default=F("position") - LIFT + one_down)
                self.filter(position__gt=LIFT).update(position=place)
        rule.refresh_from_db(fields=["position"])

    def close_gaps(self) -> None:
        """Number the rules 1, 2, 3 … in their present order."""
        self.arrange(list(self.order_by("position").values_list("pk", flat=True)))

    def arrange(self, order: list[int]) -> None:
        """Give the rules these positions, by primary key. Rules that are not named keep theirs, which must be free."""
        with transaction.atomic():
            present = dict(self.filter(pk__in=order).values_list("pk", "position"))
            moved = [(pk, place) for place, pk in enumerate(order, start=1) if present[pk] != place]
            for start in range(0, len(moved), 500):
                batch = [pk for pk, _ in moved[start : start + 500]]
                self.filter(pk__in=batch).update(position=F("position") + LIFT)
            self.bulk_update([Rule(pk=pk, position=place) for pk, place in moved], ["position"], batch_size=500)


class Rule(Keyed):
    """One line of the routing table: when all conditions hold, its targets take the call."""

    position = models.PositiveIntegerField(
        "position", unique=True, editable=False, help_text="Rules are tried from position 1 on; the first match wins."
    )
    name = models.CharField("name", max_length=200, help_text="For example VIP callers.")
    enabled = models.BooleanField("enabled", default=True, help_text="A rule that is switched off never matches.")
    note = models.TextField("note", blank=True, help_text="For your colleagues: why this rule exists.")
    channels = texts_field("channels", "Which calls: inbound, outbound, web. None chosen: all.")
    customer = texts_field(
        "customer", "Any of: a number (+12025550100), a prefix (+1415*), a country (US), withheld. Empty: everybody."
    )
    lists_any: "ProtectingManyToManyField" = ProtectingManyToManyField(
        NumberList,
        related_name="rules_any",
        blank=True,
        verbose_name="on one of these lists",
        help_text="The customer's number must be on at least one of them.",
    )
    lists_none: "ProtectingManyToManyField" = ProtectingManyToManyField(
        NumberList,
        related_name="rules_none",
        blank=True,
        verbose_name="on none of these lists",
        help_text="The customer's number must not be on any of them.",
    )
    numbers: "ProtectingManyToManyField" = ProtectingManyToManyField(
        OurNumber,
        related_name="rules",
        blank=True,
        verbose_name="our numbers",
        help_text="Number that was dialled (inbound) or that is shown (outbound). Empty: all.",
    )
    campaigns: "ProtectingManyToManyField" = ProtectingManyToManyField(
        Campaign, related_name="rules", blank=True, verbose_name="campaigns", help_text="Empty: with or without one."
    )
    schedule = models.ForeignKey(
        Schedule, models.PROTECT, null=True, blank=True, related_name="rules", verbose_name="schedule"
    )
    schedule_is_open = models.BooleanField(
        "schedule must be open", default=True, help_text="Untick for a rule that holds outside the opening hours."
    )
    valid_from = models.DateField("first day", null=True, blank=True)
    valid_until = models.DateField("last day", null=True, blank=True, help_text="This day is included.")
    timezone = models.CharField(
        "time zone", max_length=64, blank=True, help_text="Of the first and last day, for example America/New_York."
    )
    overrides = object_field("overrides", "Settings of the assistant or squad that change for calls of this rule.")

    objects: ClassVar[RuleManager] = RuleManager()

    class Meta:
        ordering = ["position"]
        constraints = [
            check("rule_position", Q(position__gte=1), "Positions are counted from 1.", "position"),
            check(
                "rule_days",
                Q(valid_from__isnull=True) | Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                "The last day must not be before the first day.",
                "valid_until",
            ),
            check(
                "rule_timezone",
                (Q(valid_from__isnull=True) & Q(valid_until__isnull=True)) | ~Q(timezone=""),
                "Choose the time zone of the first and last day.",
                "timezone",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append a new rule at the end of the table."""
        if getattr(self, "position", None) is not None:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            DraftState.lock()
            self.position = Rule.objects.next_position()
            super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse conditions that the table could not be published with."""
        mistakes = {"customer": "; ".join(self._customer_mistakes())}
        strangers = [word for word in texts_of(self.channels) if word not in values(CHANNELS)]
        if strangers:
            mistakes["channels"] = f"There is no channel {strangers[0]}: choose {', '.join(values(CHANNELS))}."
        if self.timezone and not is_timezone(self.timezone):
            mistakes["timezone"] = f"There is no time zone {self.timezone}: write it as America/New_York."
        raise_at_fields({name: message for name, message in mistakes.items() if message})

    def _customer_mistakes(self) -> list[str]:
        region = settings.ROUTING_DEFAULT_REGION
        return [message for entry in texts_of(self.customer) if (message := check_customer_entry(entry, region))]

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the rule and close the gap that it leaves."""
        with transaction.atomic():
            DraftState.lock()
            deleted = super().delete(*args, **kwargs)
            Rule.objects.close_gaps()
        return deleted


class RuleTarget(models.Model):
    """One of a rule's targets, with its share of the calls."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="arms", verbose_name="rule")
    target = models.ForeignKey(Target, models.PROTECT, related_name="arms", verbose_name="target")
    weight = models.PositiveSmallIntegerField(
        "share in per cent", default=100, help_text="The shares of one rule add up to 100."
    )
    position = models.PositiveSmallIntegerField(
        "order", default=0, help_text="A target that is not available hands its share to the next one."
    )

    class Meta:
        verbose_name = "target of a rule"
        verbose_name_plural = "targets of rules"
        ordering = ["rule", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "target"],
                name="ruletarget_once",
                violation_error_message="This target stands twice in the rule: add the shares up instead.",
            ),
            check(
                "ruletarget_weight", Q(weight__gte=0, weight__lte=100), "A share is a number from 0 to 100.", "weight"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} ({self.weight} %)"


class RuleAttribute(models.Model):
    """A condition on something that is known about the call besides the numbers."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="attributes", verbose_name="rule")
    key = models.CharField("attribute", max_length=200, help_text="For example plan or language.")
    op = models.CharField("comparison", max_length=16, choices=OPERATORS, default=Operator.IS.value)
    values = texts_field("values", 'For example ["gold", "platinum"]. Empty for "is known" and "is not known".')
    allow_untrusted = models.BooleanField(
        "also when the caller could have set it",
        default=False,
        help_text="SIP headers and web pages can be forged. Tick only where a wrong answer does no harm.",
    )
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        verbose_name = "attribute condition"
        ordering = ["rule", "position", "pk"]
        constraints = [
            check("ruleattribute_key", ~Q(key=""), "Write the attribute's name, for example plan.", "key"),
            check_choice("ruleattribute_op", "op", values(OPERATORS)),
        ]

    def clean(self) -> None:
        """Refuse a comparison that does not suit its values."""
        if self.op in values(OPERATORS):
            spec = AttributeSpec(key=self.key, op=Operator(self.op), values=tuple(texts_of(self.values)))
            mistakes = [message for _, message in check_attribute(spec)]
            raise_at_fields({"values": "; ".join(mistakes)} if mistakes else {})

    def __str__(self) -> str:
        return " ".join([self.key, self.get_op_display(), ", ".join(self.values)]).strip()
