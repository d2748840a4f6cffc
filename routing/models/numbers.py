"""Our phone numbers, and lists of customers' numbers."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from routing.engine.numbers import customer_identity, is_withheld
from routing.engine.table import Purpose
from routing.models.choices import PURPOSES, values
from routing.models.fields import E164Field, SipUriField, check, check_choice, check_e164, exactly_one, object_field
from routing.models.keyed import Keyed


class OurNumberManager(models.Manager["OurNumber"]):
    """Finds our numbers by what is dialled."""

    def get_by_natural_key(self, key: str) -> "OurNumber":
        """Return the row with this number or SIP address; raises DoesNotExist."""
        return self.get(Q(number=key) | Q(sip_uri=key))


class OurNumber(models.Model):
    """A phone number of ours at Vapi: dialled by customers, or shown to them."""

    vapi_id = models.CharField(
        "Vapi id", max_length=64, unique=True, help_text="Id of the phone number, as the Vapi dashboard shows it."
    )
    number = E164Field("number", null=True, blank=True, unique=True, help_text="With + and country code: +12025550111.")
    sip_uri = SipUriField(
        "SIP address",
        null=True,
        blank=True,
        unique=True,
        help_text="For a number that is reached by SIP only: sip:main@sip.vapi.ai.",
    )
    name = models.CharField(
        "name", max_length=200, blank=True, help_text="What your team calls it, for example Main line."
    )
    missing_since = models.DateTimeField("missing at Vapi since", null=True, blank=True, editable=False)

    objects = OurNumberManager()

    class Meta:
        verbose_name = "our number"
        verbose_name_plural = "our numbers"
        ordering = ["name", "number", "sip_uri"]
        constraints = [
            check(
                "ournumber_number_or_sip",
                exactly_one("number", "sip_uri"),
                "Write a number or a SIP address, not both.",
                "number",
            ),
            check("ournumber_vapi_id", ~Q(vapi_id=""), "Write the Vapi id of this number.", "vapi_id"),
            check_e164("ournumber_number_e164", "number"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key})" if self.name else self.key

    @property
    def key(self) -> str:
        """The natural key: the E.164 number, or the SIP address."""
        return self.number or self.sip_uri or ""

    def natural_key(self) -> tuple[str]:
        """Return what is dialled."""
        return (self.key,)


class NumberList(Keyed):
    """A named set of customers' numbers. Its entries take effect at once, without publishing."""

    name = models.CharField("name", max_length=200, unique=True, help_text="For example VIP customers.")
    purpose = models.CharField(
        "purpose",
        max_length=16,
        choices=PURPOSES,
        default=Purpose.SEGMENT.value,
        help_text="A group is used by rules. Blocked and do-not-call numbers are refused before any rule.",
    )

    class Meta:
        verbose_name = "number list"
        ordering = ["name"]
        constraints = [check_choice("numberlist_purpose", "purpose", values(PURPOSES))]

    def __str__(self) -> str:
        return self.name


class NumberListEntryManager(models.Manager["NumberListEntry"]):
    """Finds an entry by its list and number."""

    def get_by_natural_key(self, number_list: str, number: str) -> "NumberListEntry":
        """Return the entry; raises DoesNotExist."""
        return self.get(number_list__key=number_list, number=number)


class NumberListEntry(models.Model):
    """One customer's number on a list."""

    number_list = models.ForeignKey(NumberList, models.CASCADE, related_name="entries", verbose_name="list")
    number = models.CharField(
        "number",
        max_length=255,
        help_text="With + and country code: +12025550100. An extension or a SIP address is compared as it stands.",
    )
    label = models.CharField("label", max_length=200, blank=True, help_text="Who this is.")
    variables = object_field(
        "variables", 'What the assistant is told about this customer, for example {"name": "Ada", "plan": "gold"}.'
    )
    expires_at = models.DateTimeField(
        "expires at", null=True, blank=True, help_text="From then on the entry counts no more. Empty: never."
    )

    objects = NumberListEntryManager()

    class Meta:
        verbose_name = "list entry"
        verbose_name_plural = "list entries"
        ordering = ["number_list", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["number_list", "number"],
                name="numberlistentry_number",
                violation_error_message="This number is already on the list.",
            ),
            check("numberlistentry_number_written", ~Q(number=""), "Write the customer's number.", "number"),
        ]
        indexes = [models.Index(fields=["number"], name="numberlistentry_by_number")]

    def __str__(self) -> str:
        return f"{self.number} ({self.label})" if self.label else self.number

    def clean(self) -> None:
        """Bring the number into the form that calls are compared by; refuse what stands for a hidden number."""
        if is_withheld(self.number):
            raise ValidationError({"number": "This stands for a hidden number: nobody can be known by it."})
        self.number = customer_identity(self.number, settings.ROUTING_DEFAULT_REGION)

    def natural_key(self) -> tuple[Any, ...]:
        """Return the list's key and the number."""
        return (*self.number_list.natural_key(), self.number)

    natural_key.dependencies = ["routing.numberlist"]  # type: ignore[attr-defined]  # Django's own convention
