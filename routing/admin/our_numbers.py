"""Our phone numbers: dialled by customers, or shown to them."""

from typing import Any

from django.contrib import admin

from routing.admin.base import RowAdmin, RowForm, display
from routing.models import OurNumber


class OurNumberForm(RowForm[OurNumber]):
    """Asks for a number or a SIP address."""

    def clean(self) -> dict[str, Any]:
        """Say which of the two is missing or too much."""
        super().clean()
        data = self.cleaned_data
        if self.errors.keys() & {"number", "sip_uri"}:
            return data
        if not data.get("number") and not data.get("sip_uri"):
            self.add_error("number", "Write the number; or the SIP address of a number that is reached by SIP only.")
        if data.get("number") and data.get("sip_uri"):
            self.add_error("sip_uri", "Write a number or a SIP address, not both: empty one of them.")
        return data


@admin.register(OurNumber)
class OurNumberAdmin(RowAdmin[OurNumber]):
    """Our phone numbers at Vapi."""

    form = OurNumberForm
    list_display = ("shown_name", "number", "sip_uri", "vapi_id", "state")
    list_filter = (("missing_since", admin.EmptyFieldListFilter),)
    search_fields = ("name", "number", "sip_uri", "vapi_id")
    readonly_fields = ("missing_since",)
    fields = ("name", "number", "sip_uri", "vapi_id", "missing_since")

    @display(description="Name", ordering="name")
    def shown_name(self, number: OurNumber) -> str:
        """Return what the team calls it."""
        return number.name or number.key

    @display(description="State", label={"there": "success", "missing": "danger"})
    def state(self, number: OurNumber) -> tuple[str, str]:
        """Return whether Vapi still has it."""
        return ("missing", "Missing at Vapi") if number.missing_since else ("there", "In use")
