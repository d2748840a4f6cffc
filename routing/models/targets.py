"""What can take a call."""

from django.db import models
from django.db.models import Q

from routing.engine.table import TargetKind
from routing.models.choices import TARGET_KINDS, values
from routing.models.fields import E164Field, SipUriField, check, check_choice, check_e164, exactly_one, object_field
from routing.models.keyed import Keyed

AT_VAPI = (TargetKind.ASSISTANT.value, TargetKind.SQUAD.value)


class Target(Keyed):
    """An assistant, a squad, a number to transfer to, or a sentence that is spoken before hanging up."""

    name = models.CharField("name", max_length=200, unique=True, help_text="What your team calls it.")
    kind = models.CharField(
        "kind", max_length=16, choices=TARGET_KINDS, help_text="What takes the call. The other fields depend on it."
    )
    vapi_id = models.CharField(
        "Vapi id",
        max_length=64,
        null=True,
        blank=True,
        help_text="Id of the assistant or squad, as the Vapi dashboard shows it.",
    )
    version = models.CharField(
        "assistant version",
        max_length=64,
        null=True,
        blank=True,
        help_text="For outbound and web calls only: keeps to one version, for example v3. Leave empty for the latest.",
    )
    number = E164Field("transfer to number", null=True, blank=True, help_text="With + and country code: +12025550199.")
    sip_uri = SipUriField(
        "transfer to SIP address", null=True, blank=True, help_text="Instead of a number: sip:desk@example.com."
    )
    message = models.TextField(
        "spoken sentence",
        blank=True,
        help_text="Before a transfer (empty: transfers silently), or the sentence a rejected caller hears.",
    )
    extension = models.CharField(
        "extension", max_length=32, blank=True, help_text="Dialled after the transfer is answered."
    )
    caller_id = models.CharField(
        "caller id", max_length=64, blank=True, help_text="Number shown to the one who takes the transfer."
    )
    enabled = models.BooleanField("enabled", default=True, help_text="Rules skip a target that is switched off.")
    overrides = object_field(
        "overrides",
        'Settings of the assistant or squad that change here, for example {"variableValues": {"brand": "Acme"}}.',
    )
    synced_name = models.CharField("name at Vapi", max_length=255, blank=True, editable=False)
    synced_updated_at = models.DateTimeField("changed at Vapi", null=True, blank=True, editable=False)
    missing_since = models.DateTimeField(
        "missing at Vapi since", null=True, blank=True, editable=False, help_text="Rules skip a target that is missing."
    )

    class Meta:
        ordering = ["name"]
        permissions = [("sync_target", "Can synchronise with Vapi")]
        constraints = [
            check_choice("target_kind", "kind", values(TARGET_KINDS)),
            check(
                "target_vapi_id",
                ~Q(kind__in=AT_VAPI) | (Q(vapi_id__isnull=False) & ~Q(vapi_id="")),
                "An assistant or a squad needs its Vapi id: copy it from the Vapi dashboard.",
                "vapi_id",
            ),
            check(
                "target_destination",
                ~Q(kind=TargetKind.TRANSFER.value) | exactly_one("number", "sip_uri"),
                "A transfer needs a number or a SIP address, and not both.",
                "number",
            ),
            check(
                "target_sentence",
                ~Q(kind=TargetKind.REJECT.value) | ~Q(message=""),
                "Write the sentence that the caller hears before the call ends.",
                "message",
            ),
            check(
                "target_version",
                Q(version__isnull=True) | Q(version="") | Q(kind=TargetKind.ASSISTANT.value),
                "Only an assistant has a version: empty this field.",
                "version",
            ),
            check_e164("target_number_e164", "number"),
        ]

    def __str__(self) -> str:
        return self.name
