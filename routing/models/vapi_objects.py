"""What Vapi has, as the last synchronisation saw it: staff choose from it by name."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from routing.models.fields import check_choice


class VapiKind(models.TextChoices):
    """What is listed at Vapi, in Vapi's own words."""

    ASSISTANT = "assistant", "Assistant"
    SQUAD = "squad", "Squad"
    PHONE_NUMBER = "phone-number", "Phone number"


class VapiObject(models.Model):
    """An assistant, a squad or a phone number at Vapi. Nothing secret is kept of it: only what a picker shows."""

    kind = models.CharField("kind", max_length=16, choices=VapiKind.choices)
    vapi_id = models.CharField("Vapi id", max_length=64)
    name = models.CharField("name at Vapi", max_length=255, blank=True)
    number = models.CharField("number", max_length=64, blank=True)
    sip_uri = models.CharField("SIP address", max_length=255, blank=True)
    created_at = models.DateTimeField("made at Vapi", null=True, blank=True)
    updated_at = models.DateTimeField("changed at Vapi", null=True, blank=True)
    missing_since = models.DateTimeField("missing at Vapi since", null=True, blank=True)

    class Meta:
        ordering = ["kind", "name", "vapi_id"]
        verbose_name = "thing at Vapi"
        verbose_name_plural = "things at Vapi"
        constraints = [
            models.UniqueConstraint(fields=["kind", "vapi_id"], name="vapiobject_once"),
            check_choice("vapiobject_kind", "kind", VapiKind.values),
        ]

    def __str__(self) -> str:
        return self.name or self.number or self.sip_uri or self.vapi_id


class SyncState(models.TextChoices):
    """How far a synchronisation got."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class SyncRun(models.Model):
    """One synchronisation with Vapi and its progress; at most one runs at a time."""

    state = models.CharField("state", max_length=16, choices=SyncState.choices, default=SyncState.RUNNING)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="started by"
    )
    started_at = models.DateTimeField("started at")
    touched_at = models.DateTimeField("last progress at", help_text="A run whose process died stops making progress.")
    finished_at = models.DateTimeField("finished at", null=True, blank=True)
    is_full = models.BooleanField("looks for deletions", default=True)
    seen = models.PositiveIntegerField("things seen", default=0)
    missing = models.PositiveIntegerField("things gone", default=0)
    message = models.TextField("what it says", blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        verbose_name = "synchronisation"
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="syncrun_one_runs"),
            check_choice("syncrun_state", "state", SyncState.values),
        ]

    def __str__(self) -> str:
        return f"Synchronisation of {self.started_at:%Y-%m-%d %H:%M}"
