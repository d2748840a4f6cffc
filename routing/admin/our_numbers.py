"""Our phone numbers: dialled by customers, or shown to them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from routing.admin.base import RowAdmin, RowForm, display
from routing.admin.simulator_address import simulator_link
from routing.admin.vapi_objects import missing_label
from routing.admin.vapi_picker import VapiPicker
from routing.models import OurNumber, VapiKind
from routing.services.add_from_vapi import id_tail
from routing.services.sync_objects import recall_number


class OurNumberForm(RowForm[OurNumber]):
    """Asks for a number or a SIP address."""

    class Meta:
        labels = {"vapi_id": "Phone number at Vapi"}
        help_texts = {"vapi_id": ""}
        widgets = {
            "vapi_id": VapiPicker(
                kind=VapiKind.PHONE_NUMBER, fills={"name": "id_name", "number": "id_number", "sip_uri": "id_sip_uri"}
            )
        }

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
    list_display = ("shown_name", "number", "sip_uri", "shown_id", "state", "simulation")
    list_filter = (("missing_since", admin.EmptyFieldListFilter),)
    search_fields = ("name", "number", "sip_uri", "vapi_id")
    readonly_fields = ("missing_since", "simulation")
    fields = ("vapi_id", "name", "number", "sip_uri", "missing_since", "simulation")

    @display(description="Name", ordering="name")
    def shown_name(self, number: OurNumber) -> str:
        """Return what the team calls it."""
        return number.name or number.key

    @display(description="State", label={"there": "success", "missing": "danger"})
    def state(self, number: OurNumber) -> tuple[str, str]:
        """Return whether Vapi still has it."""
        return missing_label(number.missing_since) or ("there", "In use")

    @display(description="Vapi id", ordering="vapi_id")
    def shown_id(self, number: OurNumber) -> str:
        """Return the end of the id: the whole stands on the number's own page."""
        return id_tail(number.vapi_id)

    def save_model(self, request: HttpRequest, obj: OurNumber, form: Any, change: bool) -> None:
        """Let a number with another id know whether Vapi has it."""
        if not change or "vapi_id" in form.changed_data:
            recall_number(obj)
        super().save_model(request, obj, form, change)

    @display(description="Who answers")
    def simulation(self, number: OurNumber) -> str:
        """Return a link to the simulator with a call to this number."""
        if number._state.adding:
            return "Asked in the simulator, once the number is saved."
        return simulator_link(channel="inbound", number=number.key)
