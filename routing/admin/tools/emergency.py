"""The emergency page: what is switched on now, and the form that switches."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.base import RadioWidget, SearchManyWidget, SearchSelectWidget, TextWidget
from routing.admin.switch import SwitchForm, end_switch, log_switch
from routing.models import EmergencySwitch, OurNumber, Target

PRESSED_TWICE = timedelta(seconds=10)
OTHER_END = "other"
ENDS = {
    "30": "30 minutes",
    "60": "1 hour",
    "120": "2 hours",
    "480": "8 hours",
    "today": "until midnight",
    OTHER_END: "until another time, below",
}


class EmergencyForm(SwitchForm):
    """A new switch: who takes the calls, for how long and why."""

    lasts = forms.ChoiceField(label="For how long?", choices=list(ENDS.items()), initial="60", widget=RadioWidget)

    class Meta:
        model = EmergencySwitch
        fields = ("target", "our_numbers", "pauses_outbound", "lasts", "until", "reason")
        labels = {
            "target": "Send all inbound calls to",
            "our_numbers": "Only calls to these numbers of ours",
            "pauses_outbound": "Place no outbound calls meanwhile",
            "until": "Ends at",
            "reason": "Why?",
        }
        help_texts = {
            "target": "Instead of whatever the rules say.",
            "our_numbers": "Empty: all of them.",
            "reason": "Your colleagues read it on every page.",
        }
        widgets = {
            "target": SearchSelectWidget,
            "our_numbers": SearchManyWidget,
            "until": TextWidget(attrs={"type": "datetime-local"}),
            "reason": TextWidget(attrs={"placeholder": "Fire alarm in Austin", "autocomplete": "off"}),
        }

    def __init__(self, data: Any = None, *, now: datetime) -> None:
        """Offer the targets that can take a call at `now`; the usual end is in one hour."""
        super().__init__(data)
        self.now = now
        self.fields["target"].empty_label = "Leave inbound calls to the rules"  # type: ignore[attr-defined]
        self.fields["target"].queryset = Target.objects.filter(enabled=True, missing_since=None)  # type: ignore[attr-defined]
        self.fields["until"].required = False
        self.fields["until"].help_text = f"{timezone.get_current_timezone_name()} time. At most 7 days from now."

    def clean(self) -> dict[str, Any]:
        """Turn the duration into an end."""
        lasts = self.cleaned_data.get("lasts")
        if lasts == OTHER_END:
            if not self.cleaned_data.get("until") and "until" not in self.errors:
                self.add_error("until", "Say when the switch ends.")
        elif lasts:
            self.cleaned_data["until"] = _end(lasts, self.now)
            self.errors.pop("until", None)  # typed before a duration was chosen instead
        return super().clean()


def emergency_page(request: HttpRequest) -> HttpResponse:
    """Show what is on; switch on or off on POST. The effect is live at once, without publishing."""
    if not request.user.has_perm("routing.view_emergencyswitch"):
        raise PermissionDenied
    now = timezone.now()
    if request.method == "POST" and "end" in request.POST:
        return _end_switch(request, request.POST["end"], now)
    may_switch = request.user.has_perm("routing.add_emergencyswitch")
    form = EmergencyForm(request.POST if request.method == "POST" else None, now=now) if may_switch else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            return _switch(request, form)
    running = EmergencySwitch.running(now)
    context = {
        **admin.site.each_context(request),
        "title": "Emergency switch",
        "form": form,
        "running": running,
        "may_end": request.user.has_perm("routing.change_emergencyswitch"),
        "zone": timezone.get_current_timezone_name(),
    }
    return TemplateResponse(request, "admin/tools/emergency.html", context)


def _switch(request: HttpRequest, form: EmergencyForm) -> HttpResponse:
    user: Any = request.user
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # a second press of the button waits for the first
        switch = form.save(commit=False)
        switch.author = user
        if not _is_pressed_twice(switch, set(form.cleaned_data["our_numbers"]), form.now):
            switch.save()
            form.save_m2m()
            log_switch(switch, user, ADDITION, f"Switched on: {switch.reason}")
    messages.success(request, f"The emergency switch is on: {switch}. It takes effect within a second.")
    return redirect("admin:emergency")


def _is_pressed_twice(switch: EmergencySwitch, numbers: set[OurNumber], now: datetime) -> bool:
    """Tell whether the same person switched the same a moment ago: ending one of two would leave the other on."""
    alike = EmergencySwitch.running(now).filter(
        author=switch.author,
        target=switch.target,
        pauses_outbound=switch.pauses_outbound,
        reason=switch.reason,
        started_at__gt=now - PRESSED_TWICE,
    )
    return any(set(one.our_numbers.all()) == numbers for one in alike)


def _end_switch(request: HttpRequest, pk: str, now: datetime) -> HttpResponse:
    if not request.user.has_perm("routing.change_emergencyswitch"):
        raise PermissionDenied
    switch = get_object_or_404(EmergencySwitch, pk=pk if pk.isdecimal() else None)
    if end_switch(switch, request.user, now):
        messages.success(request, "The switch has ended: the rules decide again.")
    else:
        messages.info(request, "This switch had ended already.")
    return redirect("admin:emergency")


def _end(lasts: str, now: datetime) -> datetime:
    if lasts == "today":
        tomorrow = timezone.localtime(now) + timedelta(days=1)
        return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
    return now + timedelta(minutes=int(lasts))
