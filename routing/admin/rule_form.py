"""The page on which one rule is changed."""

from typing import TYPE_CHECKING, Any

import phonenumbers
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from routing.admin.base import (
    LINES_HELP,
    CheckboxesWidget,
    RowForm,
    RowInline,
    SelectWidget,
    TextAreaWidget,
    TextWidget,
    check_days,
    display,
)
from routing.admin.overrides_field import OverridesField
from routing.admin.rule_blocks import empty_blocks, read_blocks
from routing.admin.rule_targets import RuleTargetInline
from routing.engine.sentences import rule_sentence
from routing.models import Rule, RuleAttribute
from routing.models.choices import CHANNELS
from routing.services.draft_table import read_draft_table
from routing.services.read_entries import tidy_entry

if TYPE_CHECKING:
    from routing.admin.base import RowAdmin

    _Page = RowAdmin[Rule]
else:
    _Page = object

IN_WORDS = {"channels": "channel_words", "customer": "customer_words"}
OPEN = "on"
STATES = ((OPEN, "open"), ("off", "closed"))
# The sentence that such a field stands in says what its help would say.
SELF_EXPLAINING = "name enabled lists_any lists_none numbers campaigns valid_until timezone".split()


class OpenField(forms.TypedChoiceField):
    """Open or closed, instead of a box that says only one of them."""

    def prepare_value(self, value: Any) -> Any:
        """Return the choice of a stored yes or no."""
        return value if isinstance(value, str) else dict(zip((True, False), dict(STATES), strict=True)).get(value)


class RuleEditForm(RowForm[Rule]):
    """Channels as boxes, customers as lines that the script shows as chips; the model checks what they mean."""

    channels = forms.MultipleChoiceField(choices=CHANNELS, required=False, widget=CheckboxesWidget)
    schedule_is_open = OpenField(
        label="Schedule is",
        choices=STATES,
        coerce=lambda word: word == OPEN,
        empty_value=False,  # type: ignore[arg-type]  # the stub knows texts only
        required=False,
        initial=True,
        widget=SelectWidget,
    )
    overrides = OverridesField(required=False)

    class Meta:
        help_texts = {
            "customer": "A number (+12025550100), a prefix (+1415*), a country (US), withheld. " + LINES_HELP,
            "note": "For your colleagues: why this rule exists.",
            **dict.fromkeys(SELF_EXPLAINING, ""),
        }
        widgets = {
            "name": TextWidget(attrs={"placeholder": "VIP callers"}),
            "note": TextAreaWidget(attrs={"rows": 2}),
        }

    class Media:
        css = {"all": ("routing/rule_form.css", "routing/rule_chips.css", "routing/rule_preview.css")}
        js = (
            "routing/rule_form.js",
            "routing/rule_chips.js",
            "routing/rule_lines.js",
            "routing/rule_weights.js",
            "routing/rule_preview.js",
        )

    def clean_customer(self) -> list[str]:
        """Write each entry as the table does, and those that mean the same only once."""
        entries = self.cleaned_data["customer"]
        return list(dict.fromkeys(tidy_entry(entry, settings.ROUTING_DEFAULT_REGION) for entry in entries))

    def clean(self) -> dict[str, Any]:
        """Put faults of the dates at their fields, and refuse conditions that were added and left empty."""
        super().clean()
        check_days(self, "valid_from", "valid_until")
        shown = self.data.getlist("block")  # type: ignore[attr-defined]  # the form of a request
        for field in empty_blocks(shown, self.cleaned_data):
            if not self.has_error(field):
                self.add_error(field, "Nothing stands here: fill it in, or remove this condition.")
        return self.cleaned_data


class RuleAttributeForm(RowForm[RuleAttribute]):
    """Values as lines."""

    class Meta:
        help_texts = {"key": "", "values": LINES_HELP, "allow_untrusted": ""}
        widgets = {
            "key": TextWidget(attrs={"placeholder": "plan", "autocomplete": "off", "spellcheck": "false"}),
            "values": TextAreaWidget(attrs={"rows": 1, "spellcheck": "false", "placeholder": "gold"}),
        }


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
    readonly_fields = ("key", "position", "channel_words", "customer_words")
    # Which fields there are, and how those see them who may only look; the page to edit on is a template of its own.
    fieldsets = (
        (None, {"fields": ("name", "enabled", "note")}),
        (
            "When: all that you fill in must hold",
            {"fields": ("channels", "customer", "lists_any", "lists_none", "numbers", "campaigns")},
        ),
        ("At which times", {"fields": ("schedule", "schedule_is_open", "valid_from", "valid_until", "timezone")}),
        ("Settings that change for these calls", {"classes": ("collapse",), "fields": ("overrides",)}),
        ("What the system knows", {"classes": ("collapse",), "fields": ("position", "key")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        """Return the fields; who may only look reads words instead of lists in brackets."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": [IN_WORDS.get(str(name), name) for name in options["fields"]]})
            for title, options in fieldsets
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what the page needs besides the form: which blocks are in use, and where to ask for the preview."""
        rule = context.get("original")
        context |= {
            "may_edit": self.has_change_permission(request, rule) if rule else self.has_add_permission(request),
            "blocks": read_blocks(context["adminform"].form, context["inline_admin_formsets"]),
            "sentence": _sentence(rule),
            "preview_address": reverse("admin:rule_preview", args=[rule.pk]) if rule else reverse("admin:rule_preview"),
            "countries": " ".join(sorted(phonenumbers.SUPPORTED_REGIONS)),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Calls")
    def channel_words(self, rule: Rule) -> str:
        """Return the channels as words."""
        return ", ".join(map(str, rule.channels)) or "all"

    @display(description="Customer")
    def customer_words(self, rule: Rule) -> str:
        """Return the entries of the customer condition on one line."""
        return ", ".join(map(str, rule.customer)) or "everybody"


def _sentence(rule: Rule | None) -> str:
    if rule is None or not rule.pk:
        return ""
    table = read_draft_table()
    return next((rule_sentence(spec, table) for spec in table.rules if spec.key == rule.key), "")
