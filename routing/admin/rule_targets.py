"""The weighted targets inside a rule's page."""

from typing import Any

from django import forms

from routing.admin.base import RowForm, RowFormSet, RowInline, TextWidget
from routing.models import Rule, RuleTarget, Target


def target_problem(target: Target | None) -> str:
    """Return why rules skip this target, in words for its line; nothing where they do not."""
    if target is None:
        return ""
    if target.missing_since:
        return "Missing at Vapi: its share goes to the next target."
    return "" if target.enabled else "Switched off: its share goes to the next target."


class RuleTargetForm(RowForm[RuleTarget]):
    """One target; its place among the others comes with it, because it is the order in which they stand in."""

    position = forms.IntegerField(required=False, min_value=0, max_value=32_000, widget=forms.HiddenInput)

    class Meta:
        help_texts = {"weight": ""}
        widgets = {
            "weight": TextWidget(attrs={"type": "number", "min": 0, "max": 100, "step": 1, "inputmode": "numeric"})
        }
        error_messages = {
            "target": {"required": "Choose who takes the call, or remove this line."},
            "weight": {"required": "Write a share: a weight from 0 to 100."},
        }

    def clean_position(self) -> int:
        """Keep the place of a line that came without one."""
        given: int | None = self.cleaned_data["position"]
        return self.instance.position if given is None else given

    @property
    def problem(self) -> str:
        """Why the saved target is skipped at present."""
        return target_problem(self.instance.target) if self.instance.target_id else ""


class RuleTargetFormSet(RowFormSet[RuleTarget, Rule]):
    """Refuses a rule that nobody could publish: without a target, or with shares that are not the whole."""

    def clean(self) -> None:
        """Look at all targets of the rule together."""
        super().clean()
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data.get("target")]
        rows = [row for row in rows if not row.get("DELETE")]
        if not rows:
            raise forms.ValidationError("A rule needs at least one target: choose who takes its calls.")
        total = sum(row["weight"] for row in rows)
        if total != 100:
            raise forms.ValidationError(f"The shares add up to {total} %: they must add up to 100 %.")

    def get_unique_error_message(self, unique_check: Any) -> str:
        """Return what to do about a target that stands twice."""
        return "The same target stands twice: keep one line of it and add the shares up."

    def save_new(self, form: Any, commit: bool = True) -> RuleTarget:
        """Put a new target that came without a place after the others, in the order of the page."""
        if form.data.get(form.add_prefix("position")) in (None, ""):
            last = max((old.instance.position for old in self.initial_forms), default=-1)
            form.instance.position = last + 1 + self.extra_forms.index(form)
        return super().save_new(form, commit=commit)


class RuleTargetInline(RowInline[RuleTarget, Rule]):
    """Who takes the calls of the rule."""

    model = RuleTarget
    form = RuleTargetForm
    formset = RuleTargetFormSet
    verbose_name = "target"
    verbose_name_plural = "Then: who takes the call"
    fields = ("target", "weight", "position")
    autocomplete_fields = ("target",)

    def get_extra(self, request: Any, obj: Rule | None = None, **kwargs: Any) -> int:
        """Offer one empty line where there is no target yet."""
        return 0 if obj else 1
