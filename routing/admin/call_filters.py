"""Filters of the call log. Their choices never come from the log: it is too long to look through for them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from routing.models import Campaign, OurNumber, Rule, Target


class _CopiedFilter(admin.SimpleListFilter):
    """Compares a value that was copied into the call."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what stands in the draft now, and the value that an address asks for."""
        choices = self.read_choices()
        asked = request.GET.get(str(self.parameter_name), "")
        if asked and asked not in dict(choices):
            choices.append((asked, asked))  # gone from the draft, but not from the log
        return choices

    def read_choices(self) -> list[tuple[str, str]]:
        """Return values and what they are called."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the calls with this value."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class TargetFilter(_CopiedFilter):
    """Calls by who took them."""

    title, parameter_name = "target", "target_key"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return the targets."""
        return list(Target.objects.values_list("key", "name"))


class RuleFilter(_CopiedFilter):
    """Calls by the rule that chose."""

    title, parameter_name = "rule", "rule_key"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return the rules in their order."""
        return [(key, f"{place}. {name}") for key, place, name in Rule.objects.values_list("key", "position", "name")]


class CampaignFilter(_CopiedFilter):
    """Calls by campaign."""

    title, parameter_name = "campaign", "campaign"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return the campaigns."""
        return list(Campaign.objects.values_list("slug", "name"))


class OurNumberFilter(_CopiedFilter):
    """Calls by the number of ours that they used."""

    title, parameter_name = "our number", "our_number"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return our numbers."""
        return [(number.key, number.name or number.key) for number in OurNumber.objects.all()]


class DayFilter(admin.SimpleListFilter):
    """Calls of one day, in the time zone of the pages."""

    title, parameter_name = "day", "day"
    template = "admin/filters/day.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the days that are asked for most."""
        today = timezone.localdate()
        return [(today.isoformat(), "Today"), ((today - timedelta(days=1)).isoformat(), "Yesterday")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the links, and what the date field must keep of the address."""
        for choice in super().choices(changelist):
            kept = [(name, text) for name, texts in changelist.filter_params.items() for text in texts]
            yield {
                **choice,
                "day": self.day(),
                "zone": timezone.get_current_timezone_name(),
                "kept": [("q", changelist.query)] * bool(changelist.query)
                + [(name, text) for name, text in kept if name != self.parameter_name],
            }

    def day(self) -> date | None:
        """Return the day asked for; None for no day, and for what is none."""
        try:
            return date.fromisoformat(self.value() or "")
        except ValueError:
            return None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the calls between two midnights."""
        day = self.day()
        if day is None:
            return queryset
        zone = timezone.get_current_timezone()
        starts = datetime.combine(day, time(), zone)
        ends = datetime.combine(day + timedelta(days=1), time(), zone)  # a day of a clock change has 23 or 25 hours
        return queryset.filter(decided_at__gte=starts, decided_at__lt=ends)
