"""A field for an id at Vapi: chosen by name, and typed by hand only where the list does not have it."""

from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string

from routing.admin.base import TextWidget
from routing.models import OurNumber, SyncRun, SyncState, Target, VapiKind, VapiObject
from routing.services.add_from_vapi import id_tail, shown_name

AT_ONCE = 20  # things that the list offers
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class VapiPicker(forms.Widget):
    """A searchable list above the text field. Without JavaScript the text field stands alone."""

    def __init__(self, *, kind: str = "", kind_field: str = "", fills: dict[str, str] | None = None) -> None:
        """Offer one kind, or that of the form's ``kind_field``; ``fills`` names fields that a choice fills as well."""
        super().__init__()
        self.kind, self.kind_field, self.fills = kind, kind_field, fills or {}

    @property
    def media(self) -> forms.Media:
        """Return the script and the style of the list."""
        return forms.Media(css={"all": ["routing/target_form.css"]}, js=["routing/target_form.js"])

    def id_for_label(self, id_: str) -> str:
        """Lead the field's label to the searchable list; the text field has a label of its own."""
        return f"{id_}_search"

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        """Draw the list, which a script shows, and the text field."""
        id_ = (attrs or {}).get("id", f"id_{name}")
        chosen = VapiObject.objects.filter(_of_kind(self.kind), vapi_id=value).first() if value else None
        search = TextWidget(
            attrs=PLAIN
            | {
                "id": self.id_for_label(id_),
                "role": "combobox",
                "aria-expanded": "false",
                "aria-autocomplete": "list",
                "aria-controls": f"{id_}_list",
                "placeholder": "Type a part of the name",
            }
        )
        context = {
            "id": id_,
            "kind": self.kind,
            "kind_field": self.kind_field,
            "fills": self.fills,
            "search": search.render(f"{name}__search", choice_label(chosen) if chosen else ""),
            "by_hand": TextWidget(attrs=PLAIN).render(name, value, attrs),
            "open": bool(value and chosen is None),
            "missing": chosen and chosen.missing_since,
            "is_empty": not VapiObject.objects.filter(_of_kind(self.kind)).exists(),
            "last": SyncRun.objects.filter(state=SyncState.DONE).first(),
        }
        return render_to_string("admin/routing/target/picker.html", context, request=None)


def _of_kind(kind: str) -> Q:
    return Q(kind=kind) if kind else ~Q(kind=VapiKind.PHONE_NUMBER)


def choice_label(thing: VapiObject) -> str:
    """Return how a thing is called where it is chosen: its name, its number, and the end of its id."""
    number = thing.number or thing.sip_uri
    return " · ".join(part for part in (shown_name(thing), number, id_tail(thing.vapi_id)) if part)


def find_choices(kind: str, text: str) -> dict[str, Any]:
    """Return what the list offers for the typed text: things of this kind, those that are missing at the end."""
    there_first = F("missing_since").asc(nulls_first=True)
    shown = _search(kind, text.strip()).order_by(there_first, "name", "vapi_id")[: AT_ONCE + 1]
    used = _users(kind, [thing.vapi_id for thing in shown])
    return {
        "results": [_choice(thing, used.get(thing.vapi_id, "")) for thing in shown[:AT_ONCE]],
        "more": len(shown) > AT_ONCE,
        "known": VapiObject.objects.filter(kind=kind).exists(),
    }


def _search(kind: str, text: str) -> QuerySet[VapiObject]:
    things = VapiObject.objects.filter(kind=kind)
    for word in text.split():
        things = things.filter(
            Q(name__icontains=word)
            | Q(number__contains=word)
            | Q(sip_uri__icontains=word)
            | Q(vapi_id__istartswith=word)
            | Q(vapi_id__iendswith=word)
        )
    return things


def _users(kind: str, ids: list[str]) -> dict[str, str]:
    """Return who uses these ids already."""
    if kind == VapiKind.PHONE_NUMBER:
        return {one.vapi_id: str(one) for one in OurNumber.objects.filter(vapi_id__in=ids)}
    return dict(Target.objects.filter(kind=kind, vapi_id__in=ids).values_list("vapi_id", "name"))


def _choice(thing: VapiObject, used: str) -> dict[str, Any]:
    notes = [f"already here: {used}"] if used else []
    if thing.missing_since:
        notes.append(f"missing at Vapi since {thing.missing_since:%d %b %Y}")
    return {
        "id": thing.vapi_id,
        "label": choice_label(thing),
        "name": shown_name(thing),
        "number": thing.number,
        "sipUri": "" if thing.number else thing.sip_uri,
        "missing": thing.missing_since is not None,
        "note": ", ".join(notes),
    }
