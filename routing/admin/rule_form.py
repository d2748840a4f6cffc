"""The page on which one rule is changed."""

from typing import TYPE_CHECKING, Any

from django import forms

from routing.admin.base import LINES_HELP, CheckboxesWidget, RowForm, RowInline, check_days, display
from routing.admin.rule_targets import RuleTargetInline
from routing.engine.sentences import rule_sentence
from routing.models import Rule, RuleAttribute
from routing.models.choices import CHANNELS
from routing.services.draft_table import read_draft_table

if TYPE_CHECKING:
    from routing.admin.base import RowAdmin

    _Page = RowAdmin[Rule]
else:
    _Page = object


class RuleEditForm(RowForm[Rule]):
    """Channels as boxes, customers as lines; the model checks what they mean."""

    channels = forms.MultipleChoiceField(
        choices=CHANNELS, required=False, widget=CheckboxesWidget, help_text="Which calls. None ticked: all."
    )

    class Meta:
        help_texts = {
            "customer": "Any of: a number (+12025550100), a prefix (+1415*), a country (US), withheld. "
            f"{LINES_HELP} Empty: everybody.",
        }

    def clean(self) -> dict[str, Any]:
        """Put faults of the dates at their fields."""
        super().clean()
        check_days(self, "valid_from", "valid_until")
        return self.cleaned_data


class RuleAttributeForm(RowForm[RuleAttribute]):
    """Values as lines."""

    class Meta:
        help_texts = {"values": f"{LINES_HELP} Empty for “is known” and “is not known”."}


class RuleAttributeInline(RowInline[RuleAttribute, Rule]):
    """What else must be known about the call."""

    model = RuleAttribute
    form = RuleAttributeForm
    verbose_name = "attribute"
    verbose_name_plural = "Attributes: what else must hold"
    fields = ("key", "op", "values", "allow_untrusted")


class RuleFormPage(_Page):
    """What the admin of rules shows when one of them is added or changed; its list is `routing.admin.rules`."""

    form = RuleEditForm
    inlines = (RuleTargetInline, RuleAttributeInline)
    autocomplete_fields = ("lists_any", "lists_none", "numbers", "campaigns", "schedule")
    readonly_fields = ("key", "position", "whole_sentence")
    fieldsets = (
        (None, {"fields": ("whole_sentence", "name", "enabled", "note")}),
        (
            "When: all that you fill in must hold",
            {"fields": ("channels", "customer", "lists_any", "lists_none", "numbers", "campaigns")},
        ),
        ("At which times", {"fields": ("schedule", "schedule_is_open", "valid_from", "valid_until", "timezone")}),
        ("Settings that change for these calls", {"classes": ("collapse",), "fields": ("overrides",)}),
        ("What the system knows", {"classes": ("collapse",), "fields": ("position", "key")}),
    )

    @display(description="In one sentence")
    def whole_sentence(self, rule: Rule) -> str:
        """Return the rule as it is saved, as one sentence."""
        table = read_draft_table()
        found = (rule_sentence(spec, table) for spec in table.rules if spec.key == rule.key)
        return next(found, "") if rule.pk else "Shown here once the rule is saved."
