"""Filters of the call log. Their choices never come from the log: it is too long to look through for them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from routing.models import Campaign, OurNumber, Rule, Target

LISTED = 200  # choices; of more, somebody types the one they want: a link for each of 100,000 rules takes seconds
SINCE = "decided_at__gte"  # no filter of its own: the hits of the rules list lead to the calls of some days


class _AskedFilter(admin.SimpleListFilter):
    """Has a form beside its links, which must keep the rest of the address."""

    def kept(self, changelist: Any) -> list[tuple[str, str]]:
        """Return the search and the other filters of the address."""
        texts = [(name, text) for name, texts in changelist.filter_params.items() for text in texts]
        return [
            *([("q", changelist.query)] if changelist.query else []),
            *((name, text) for name, text in texts if name != self.parameter_name),
        ]


class _CopiedFilter(_AskedFilter):
    """Compares a value that was copied into the call."""

    template = "admin/filters/copied.html"
    typed = "key"
    is_long = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what stands in the draft now, and the value that an address asks for."""
        choices = self.read_choices()
        self.is_long = len(choices) > LISTED
        asked = request.GET.get(str(self.parameter_name), "")
        if self.is_long:
            choices = []
        if asked and asked not in dict(choices):
            choices.append((asked, asked))  # gone from the draft, but not from the log; or one of many
        return choices

    def has_output(self) -> bool:
        """Show the field even without a choice."""
        return self.is_long or super().has_output()

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the links, and what the field needs."""
        field = {"name": self.parameter_name, "typed": self.typed, "kept": self.kept(changelist)}
        for choice in super().choices(changelist):
            yield {**choice, "field": field if self.is_long else None}

    def read_choices(self) -> list[tuple[str, str]]:
        """Return values and what they are called; one more than are listed tells that there are too many."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the calls with this value."""
        value = (self.value() or "").strip()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset


class TargetFilter(_CopiedFilter):
    """Calls by who took them."""

    title, parameter_name = "target", "target_key"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return the targets."""
        return list(Target.objects.values_list("key", "name")[: LISTED + 1])


class RuleFilter(_CopiedFilter):
    """Calls by the rule that chose."""

    title, parameter_name = "rule", "rule_key"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return the rules in their order."""
        rules = Rule.objects.values_list("key", "position", "name")[: LISTED + 1]
        return [(key, f"{place}. {name}") for key, place, name in rules]


class CampaignFilter(_CopiedFilter):
    """Calls by campaign."""

    title, parameter_name = "campaign", "campaign"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return the campaigns."""
        return list(Campaign.objects.values_list("slug", "name")[: LISTED + 1])


class OurNumberFilter(_CopiedFilter):
    """Calls by the number of ours that they used."""

    title, parameter_name = "our number", "our_number"
    typed = "number or SIP address"

    def read_choices(self) -> list[tuple[str, str]]:
        """Return our numbers."""
        return [(number.key, number.name or number.key) for number in OurNumber.objects.all()[: LISTED + 1]]


class DayFilter(_AskedFilter):
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
            zone = timezone.get_current_timezone_name()
            yield {**choice, "day": self.day(), "zone": zone, "kept": self.kept(changelist)}

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
