"""API keys, and the secrets that Vapi proves itself with."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.base import LINES_HELP, PasswordWidget, RowAdmin, RowForm, display
from routing.models import ApiKey, ApiKeyKind, WebhookSecret, WebhookSecretKind
from routing.models.encrypted import SecretLocked
from routing.models.origins import normalise_origin
from routing.vapi.signing import PlanError, read_plan


class ApiKeyForm(RowForm[ApiKey]):
    """Takes web addresses as people copy them."""

    class Meta:
        help_texts = {
            "allowed_origins": "For publishable keys: https://www.example.com without a path, https://*.example.com "
            f"for all its subdomains, * for every page. {LINES_HELP}"
        }

    def clean_allowed_origins(self) -> list[str]:
        """Return the addresses as browsers send them; the model says which of them is none."""
        typed: list[str] = self.cleaned_data["allowed_origins"]
        return list(dict.fromkeys(map(normalise_origin, typed)))


PAGE_FIELDS = ("allowed_origins", "requests_per_minute")
IF_KIND = "typeof kind === 'undefined' || kind == '{}'"
KEY_FIELDS = ("name", "kind", "policy", *PAGE_FIELDS, "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(RowAdmin[ApiKey]):
    """Keys for our API. A key is shown once, when it is made; afterwards only its beginning is known."""

    form = ApiKeyForm
    list_display = ("name", "shown_kind", "shown_prefix", "policy", "state", "last_used_at")
    list_filter = ("kind", "policy", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "prefix")
    readonly_fields = ("shown_prefix", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)
    # The kind of an existing key is no field that a condition could look at: its page leaves fields out instead.
    conditional_fields = dict.fromkeys(PAGE_FIELDS, IF_KIND.format(ApiKeyKind.PUBLISHABLE.value)) | {
        "policy": IF_KIND.format(ApiKeyKind.SECRET.value)
    }

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Return what a new key is made of; for an existing one what its kind has, and what became of it."""
        if obj is None:
            return ((None, {"fields": KEY_FIELDS}),)
        idle = ("policy",) if obj.kind == ApiKeyKind.PUBLISHABLE else PAGE_FIELDS
        return (
            (None, {"fields": tuple(name for name in KEY_FIELDS if name not in idle)}),
            ("What the system knows", {"fields": ("shown_prefix", "created_at", "last_used_at", "revoked_at")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """Fix the kind once the key is made: its text begins with it."""
        return (*self.readonly_fields, "kind") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key of a new row, and keep its text for this one answer."""
        if change:
            super().save_model(request, obj, form, change)
            return
        fields = {name: form.cleaned_data[name] for name in KEY_FIELDS if name not in {"name", "kind"}}
        row, plain_text = ApiKey.objects.create_key(obj.name, obj.kind, **fields)
        obj.__dict__.update(row.__dict__)
        request.plain_key = plain_text  # type: ignore[attr-defined]  # lives as long as the request

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key: here, and not after a redirect, so that it is stored neither in a session nor in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the new key now",
            "opts": self.opts,
            "key": obj,
            "plain_key": request.plain_key,  # type: ignore[attr-defined]  # set in save_model
        }
        response = TemplateResponse(request, "admin/routing/apikey/created.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @display(description="Kind", ordering="kind", label={"secret": "info", "publishable": "warning"})
    def shown_kind(self, key: ApiKey) -> tuple[str, str]:
        """Return the kind with its colour."""
        return key.kind, key.get_kind_display()

    @display(description="Begins with")
    def shown_prefix(self, key: ApiKey) -> str:
        """Return the part that tells keys apart."""
        return f"{key.prefix}…"

    @display(description="State", label={"valid": "success", "revoked": "danger", "expired": "warning"})
    def state(self, key: ApiKey) -> tuple[str, str]:
        """Return whether the key opens anything."""
        if key.revoked_at is not None:
            return "revoked", "Revoked"
        return ("valid", "Valid") if key.is_valid(timezone.now()) else ("expired", "Expired")

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Close the keys at once and for good."""
        count = keys.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        self.message_user(request, f"Revoked: {count}.", messages.SUCCESS if count else messages.WARNING)


class WebhookSecretForm(RowForm[WebhookSecret]):
    """Takes a secret and never gives one back."""

    secret = forms.CharField(
        widget=PasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="The same text as in the credential at Vapi. Stored encrypted and never shown again.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.pop("secret", None)
        if "secret" in self.fields and not self.instance._state.adding:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = "Stored. Leave this empty to keep it, or type a new one."

    def clean_secret(self) -> str:
        """Return what was typed, or the stored secret where nothing was."""
        typed: str = self.cleaned_data["secret"]
        return typed or self.instance.secret

    def clean(self) -> dict[str, Any]:
        """Ask for the header that the kind needs."""
        super().clean()
        data = self.cleaned_data
        if data.get("kind") == WebhookSecretKind.BEARER and not data.get("header_name"):
            self.add_error("header_name", "Write the name of the header: Authorization or X-Vapi-Secret.")
        if data.get("kind") == WebhookSecretKind.HMAC and not data.get("signature_header"):
            self.add_error("signature_header", "Write the name of the header, as x-signature.")
        if not self.errors:
            self._check_plan(data)
        return data

    def _check_plan(self, data: dict[str, Any]) -> None:
        """Refuse what the webhook would leave out, and with it every message of Vapi."""
        try:
            read_plan(WebhookSecret(**data).plan())
        except PlanError:
            leaves_body_out = bool(data["payload_format"]) and BODY not in data["payload_format"]
            self.add_error(*(WITHOUT_BODY if leaves_body_out else NO_BASE64))
        except SecretLocked:  # no key opens the stored one any more; the rest may be changed
            return


BODY = "{body}"
WITHOUT_BODY = ("payload_format", f"Write {BODY} in it, or the signature would not protect what is sent.")
NO_BASE64 = ("secret", "This is no base64, as “Secret is base64” says: copy it again, or switch that off.")
HMAC_FIELDS = (
    "algorithm",
    "signature_header",
    "signature_prefix",
    "signature_encoding",
    "include_timestamp",
    "timestamp_header",
    "payload_format",
    "message_id_header",
    "secret_is_base64",
)


@admin.register(WebhookSecret)
class WebhookSecretAdmin(RowAdmin[WebhookSecret]):
    """How Vapi proves itself. Several can be valid at once, so that one can be replaced without a gap."""

    form = WebhookSecretForm
    list_display = ("name", "kind", "shown_header", "state", "expires_at")
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    conditional_fields = {
        "header_name": "kind == 'bearer'",
        "with_prefix": "kind == 'bearer'",
        **dict.fromkeys(HMAC_FIELDS, "kind == 'hmac'"),
    }

    def get_fieldsets(self, request: HttpRequest, obj: WebhookSecret | None = None) -> Any:
        """Leave the secret out where the fields are only shown: a read-only field would show its value."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        first = ("name", "kind", *(["secret"] if may_write else []), "enabled", "expires_at")
        return (
            (None, {"fields": first}),
            ("As in the credential at Vapi", {"fields": ("header_name", "with_prefix", *HMAC_FIELDS)}),
        )

    @display(description="Header")
    def shown_header(self, secret: WebhookSecret) -> str:
        """Return where the token or the signature stands."""
        return secret.header_name if secret.kind == WebhookSecretKind.BEARER else secret.signature_header

    @display(description="State", label={"valid": "success", "off": "warning", "expired": "warning"})
    def state(self, secret: WebhookSecret) -> tuple[str, str]:
        """Return whether requests with it are let in."""
        if not secret.enabled:
            return "off", "Switched off"
        expired = secret.expires_at is not None and secret.expires_at <= timezone.now()
        return ("expired", "Expired") if expired else ("valid", "Valid")
