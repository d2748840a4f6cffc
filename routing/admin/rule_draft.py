"""A rule as it stands in a form, saved or not, as the engine's value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from routing.admin.rule_targets import target_problem
from routing.engine.conditions import check_customer_entry
from routing.engine.context import Channel
from routing.engine.table import Arm, AttributeSpec, Operator, RuleSpec, When
from routing.models import Rule
from routing.services.read_entries import tidy_entry

UNSAVED = "(not saved)"  # no key has brackets, so it stands for no other rule
CONDITIONS = (
    "channels customer lists_any lists_none numbers campaigns schedule schedule_is_open valid_from valid_until timezone"
).split()


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRule:
    """What a form says. ``unfinished`` are the faults of its conditions: until they are mended nothing can match.

    ``other_faults`` concern the rest; ``problems`` are those of targets that rules skip, by the line's prefix.
    """

    spec: RuleSpec
    unfinished: tuple[str, ...] = ()
    other_faults: tuple[str, ...] = ()
    problems: Mapping[str, str]


def read_draft_rule(model_admin: Any, request: HttpRequest, rule: Rule | None) -> DraftRule:
    """Read the posted form with the classes that would save it. Nothing is saved."""
    form_class = model_admin.get_form(request, rule, change=rule is not None)
    form = form_class(request.POST, request.FILES, instance=rule)
    form.is_valid()
    formsets, _ = model_admin._create_formsets(request, form.instance, change=rule is not None)
    found = {formset.prefix: formset for formset in formsets}
    arms, attributes = found.get("arms"), found.get("attributes")
    return DraftRule(
        spec=_spec(form, arms, attributes, key=rule.key if rule else UNSAVED),
        unfinished=(*_field_faults(form, CONDITIONS), *_line_faults(attributes)),
        other_faults=(*_field_faults(form, ["overrides"]), *_line_faults(arms)),
        problems={line.prefix: target_problem(line.cleaned_data.get("target")) for line in _lines(arms)},
    )


def _spec(form: Any, arms: Any, attributes: Any, *, key: str) -> RuleSpec:
    data = form.cleaned_data
    return RuleSpec(
        key=key,
        name=data.get("name") or "This rule",
        enabled=data.get("enabled", True),
        when=_when(data, str(form["customer"].value() or ""), tuple(_attributes(attributes))),
        then=tuple(_arms(arms)),
        overrides=data.get("overrides") or {},
    )


def _when(data: Mapping[str, Any], customers: str, attributes: tuple[AttributeSpec, ...]) -> When:
    schedule = data.get("schedule")
    return When(
        channels=tuple(map(Channel, data.get("channels") or ())),
        customer=tuple(data["customer"] if "customer" in data else _readable(customers)),
        lists_any=_keys(data.get("lists_any")),
        lists_none=_keys(data.get("lists_none")),
        numbers=_keys(data.get("numbers")),
        campaigns=tuple(row.slug for row in data.get("campaigns") or ()),
        schedule=schedule.key if schedule else None,
        schedule_is_open=data.get("schedule_is_open", True) if schedule else True,
        valid_from=data.get("valid_from"),
        valid_until=data.get("valid_until"),
        timezone=data.get("timezone") or None,
        attributes=attributes,
    )


def _readable(customers: str) -> Iterator[str]:
    """Yield the entries that are right among some that are not: the sentence should not lose them all."""
    region = settings.ROUTING_DEFAULT_REGION
    for entry in dict.fromkeys(tidy_entry(line, region) for line in customers.splitlines()):
        if not check_customer_entry(entry, region):
            yield entry


def _keys(rows: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(row.key for row in rows or ())


def _lines(formset: Any) -> Iterator[Any]:
    """Yield the lines that would be saved, as far as they can be read, in the order of their places."""
    if formset is None:
        return
    formset.is_valid()
    kept = [line for line in formset.forms if hasattr(line, "cleaned_data") and not line.cleaned_data.get("DELETE")]
    # A line nobody filled in is not changed; a stored one that nobody touched is not changed either.
    filled = [line for line in kept if line.has_changed() or line.instance.pk]
    yield from sorted(filled, key=lambda line: line.cleaned_data.get("position") or 0)


def _arms(formset: Any) -> Iterator[Arm]:
    seen = set()
    for line in _lines(formset):
        target, weight = line.cleaned_data.get("target"), line.cleaned_data.get("weight")
        if target is not None and target.key not in seen:
            seen.add(target.key)
            yield Arm(target=target.key, weight=weight or 0)


def _attributes(formset: Any) -> Iterator[AttributeSpec]:
    for line in _lines(formset):
        if not line.errors:
            data = line.cleaned_data
            yield AttributeSpec(
                key=data["key"],
                op=Operator(data["op"]),
                values=tuple(data["values"]),
                allow_untrusted=data["allow_untrusted"],
            )


def _field_faults(form: Any, fields: Iterable[str]) -> Iterator[str]:
    for name in fields:
        for message in form.errors.get(name, ()):
            yield f"{form[name].label}: {message}"


def _line_faults(formset: Any) -> Iterator[str]:
    if formset is None:
        return
    formset.is_valid()
    yield from formset.non_form_errors()
    for line in formset.forms:
        for name, messages in line.errors.items():
            yield from (f"{line[name].label if name in line.fields else 'Line'}: {message}" for message in messages)
