"""What staff fill in to try a call; the address of the page holds all of it."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.text import Truncator

from routing.admin.base import (
    BooleanWidget,
    SelectWidget,
    TextAreaWidget,
    TextWidget,
    zone_names,
)
from routing.admin.long_choices import LongSearchSelectWidget, LongSelectWidget
from routing.admin.simulator_address import SECOND_TIME
from routing.engine.context import Attribute, Channel, Context
from routing.engine.numbers import NumberKind, read_customer
from routing.engine.table import Table
from routing.models import Revision
from routing.models.choices import CHANNELS

LIVE, DRAFT = "live", "draft"
TABLES = [(LIVE, "Live: as calls are decided now"), (DRAFT, "Draft: as you would publish it")]
LISTED_REVISIONS = 50  # older ones work too, when an address names them
ANY = ("", "None")


class SimulatorForm(forms.Form):
    """One imagined call."""

    channel = forms.ChoiceField(choices=CHANNELS, widget=SelectWidget)
    customer = forms.CharField(
        label="Customer number",
        required=False,
        max_length=255,
        widget=TextWidget(attrs={"placeholder": "+12025550100", "autocomplete": "off"}),
        help_text="Who calls, or who is called. Empty inbound: the caller hides the number.",
    )
    number = forms.ChoiceField(label="Our number", required=False, widget=LongSelectWidget)
    campaign = forms.ChoiceField(required=False, widget=LongSelectWidget)
    attributes = forms.CharField(
        required=False,
        widget=TextAreaWidget(attrs={"rows": 3, "placeholder": "plan=gold", "spellcheck": "false"}),
        help_text="What else is known, one name=value a line.",
    )
    untrusted = forms.BooleanField(
        label="The caller or a web page has set these attributes",
        required=False,
        widget=BooleanWidget,
        help_text="Then only conditions that allow it look at them.",
    )
    date = forms.DateField(
        required=False,
        widget=TextWidget(attrs={"type": "date"}),
        help_text="Empty: now.",
        error_messages={"invalid": "This is no date: write it as 2026-12-24."},
    )
    time = forms.TimeField(
        required=False,
        widget=TextWidget(attrs={"type": "time", "step": "1"}),
        error_messages={"invalid": "This is no time of day: write it as 14:30."},
    )
    timezone = forms.ChoiceField(label="Time zone", required=False, widget=LongSearchSelectWidget)
    table = forms.ChoiceField(label="Which table", required=False, choices=TABLES, widget=SelectWidget)

    def __init__(self, data: Any, *, table: Table, now: dt.datetime) -> None:
        """Offer the numbers and campaigns of a table; `now` is the instant of an empty date."""
        usual = {"channel": "inbound", "table": "live", "timezone": _usual_zone(table)}
        if data and not data.get(
            "timezone"
        ):  # a link that names no zone means the usual one, not the first of the list
            data = data.copy()
            data["timezone"] = usual["timezone"]
        super().__init__(data or None, initial=usual)
        self.now = now
        self._offer("number", [ANY, *((number.key, f"{number.name} ({number.key})") for number in table.numbers)])
        self._offer("campaign", [ANY, *((campaign.slug, campaign.name) for campaign in table.campaigns)])
        self._offer("timezone", [(name, name) for name in zone_names()])
        self._offer("table", [*TABLES, *_revisions(self.data.get("table") if self.is_bound else None)])
        self.fields["table"].error_messages["invalid_choice"] = "There is no revision %(value)s: choose from the list."

    def _offer(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        """Set what may be chosen; a word of the address that is none of it stays to be seen, and gets its message."""
        field: Any = self.fields[name]
        field.choices = list(choices)
        field.error_messages["invalid_choice"] = "%(value)s is not in this table: choose from the list."
        typed = self.data.get(name) if self.is_bound else None
        if typed and not field.valid_value(typed):
            field.widget.choices = [*field.choices, (typed, f"{typed} (not known)")]

    def clean_attributes(self) -> dict[str, str]:
        """Return the attributes by name; raises ValidationError naming every bad line."""
        found: dict[str, str] = {}
        faults = []
        for place, line in enumerate(self.cleaned_data["attributes"].splitlines(), start=1):
            key, sign, text = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not key or not sign:
                faults.append(f"Line {place}, “{line.strip()}”: write a name, = and a value, for example plan=gold.")
            elif key in found:
                faults.append(f"Line {place}: {key} stands twice.")
            found[key] = text
        if faults:
            raise ValidationError(faults)
        return found

    def clean(self) -> dict[str, Any]:
        """Check what only several fields together can tell, and find the instant."""
        data = super().clean() or {}
        if data.get("channel") == Channel.OUTBOUND and "customer" in data:
            self._require_dialled(data["customer"])
        if not self.errors.keys() & {"date", "time"}:
            data["at"] = self._instant(data["date"], data["time"], data.get("timezone") or "UTC")
        return data

    def _require_dialled(self, customer: str) -> None:
        number = read_customer(customer, settings.ROUTING_DEFAULT_REGION, inbound=False)
        if number.kind is not NumberKind.E164:
            self.add_error("customer", "An outbound call needs the number that is dialled, for example +12025550100.")

    def _instant(self, day: dt.date | None, clock: dt.time | None, zone: str) -> dt.datetime:
        if day is None and clock is None:
            return self.now
        if day is None or clock is None:
            missing = "date" if day is None else "time"
            self.add_error(missing, f"Write the {missing} too, or empty both for now.")
            return self.now
        fold = int(self.data.get(SECOND_TIME) == "1")
        at = dt.datetime.combine(day, clock.replace(fold=fold), tzinfo=ZoneInfo(zone))
        # In spring a clock jumps over an hour: what is written then does not come back from UTC as it was.
        if at.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != at.replace(tzinfo=None):
            self.add_error("time", f"{clock:%H:%M} does not exist on that day in {zone}: the clock jumps over it.")
        return at

    def context(self) -> Context:
        """Return the imagined call of a valid form."""
        data = self.cleaned_data
        trusted = not data["untrusted"]
        return Context(
            channel=Channel(data["channel"]),
            at=data["at"],
            customer=data["customer"] or None,
            our_number=data["number"] or None,
            campaign=data["campaign"] or None,
            attributes={key: Attribute(text=text, trusted=trusted) for key, text in data["attributes"].items()},
        )

    def clean_table(self) -> str:
        """Return which table decides: nothing chosen is the live one."""
        return self.cleaned_data["table"] or LIVE

    def zone(self) -> ZoneInfo:
        """Return the zone that the date and the time are written in."""
        return ZoneInfo(self.cleaned_data["timezone"] or "UTC")

    def address(self, instant: dt.datetime | None = None) -> str:
        """Return the query of this very call, or of the same call at another instant.

        An empty date is filled in, so that the answer stays the same.
        """
        query: Any = self.data.copy()  # type: ignore[attr-defined]  # the query of a request
        query.pop("from", None)
        at = (instant or self.cleaned_data["at"]).astimezone(self.zone())
        query["date"], query["time"] = f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}"
        query.pop(SECOND_TIME, None)
        if at.fold:
            query[SECOND_TIME] = "1"
        text: str = query.urlencode()
        return text


def _revisions(asked: str | None) -> list[tuple[str, str]]:
    """Return the newest revisions, and the one that is asked for, as choices."""
    wanted = Q(number__gt=(Revision.objects.aggregate(last=Max("number"))["last"] or 0) - LISTED_REVISIONS)
    if asked and asked.isdecimal() and len(asked) < 8:
        wanted |= Q(number=int(asked))
    rows = Revision.objects.filter(wanted).values_list("number", "published_at", "note")
    return [
        (str(number), f"Revision {number}, {timezone.localtime(at):%d %b %Y %H:%M}: {Truncator(note).chars(40)}")
        for number, at, note in rows
    ]


def _usual_zone(table: Table) -> str:
    """Return the zone that staff most likely mean: that of the first schedule which has one, else that of the pages."""
    zones = (schedule.timezone for schedule in table.schedules if schedule.timezone in zone_names())
    return next(zones, settings.TIME_ZONE)
