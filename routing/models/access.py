"""Who may ask us, and how Vapi proves who it is."""

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from routing.models.encrypted import EncryptedTextField
from routing.models.fields import check, check_choice, texts_field
from routing.models.origins import validate_origins

PREFIX_LENGTH = 12


class ApiKeyKind(models.TextChoices):
    """Who holds a key."""

    SECRET = "secret", "Secret (servers)"
    PUBLISHABLE = "publishable", "Publishable (web pages)"


class ApiKeyPolicy(models.TextChoices):
    """What happens to a request that names its target itself."""

    ROUTE_IF_MISSING = "route_if_missing", "Let it pass; route only when none is named"
    ALWAYS_ROUTE = "always_route", "Always route, whatever is named"
    REFUSE_EXPLICIT = "refuse_explicit", "Refuse it"


KEY_STARTS = {ApiKeyKind.SECRET: "sb_sk_", ApiKeyKind.PUBLISHABLE: "sb_pk_"}


class ApiKeyManager(models.Manager["ApiKey"]):
    """Makes keys and finds them again."""

    def create_key(self, name: str, kind: str, **fields: Any) -> tuple["ApiKey", str]:
        """Return a new row and the key itself, which is kept nowhere and cannot be shown again."""
        plain_text = KEY_STARTS[ApiKeyKind(kind)] + secrets.token_urlsafe(32)
        row = self.create(
            name=name, kind=kind, prefix=plain_text[:PREFIX_LENGTH], key_hash=hash_key(plain_text), **fields
        )
        return row, plain_text

    def find(self, plain_text: str, now: datetime) -> "ApiKey | None":
        """Return the key's row, or None if there is none or it is revoked or expired."""
        row = self.filter(key_hash=hash_key(plain_text)).first()
        return row if row and row.is_valid(now) else None


class ApiKey(models.Model):
    """A key for our API. Only its hash is stored."""

    name = models.CharField("name", max_length=200, help_text="Who uses it, for example CRM or Booking page.")
    kind = models.CharField("kind", max_length=16, choices=ApiKeyKind.choices, default=ApiKeyKind.SECRET)
    prefix = models.CharField("begins with", max_length=PREFIX_LENGTH, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    policy = models.CharField(
        "when a request names its target",
        max_length=20,
        choices=ApiKeyPolicy.choices,
        default=ApiKeyPolicy.ROUTE_IF_MISSING,
    )
    allowed_origins = texts_field(
        "allowed web addresses",
        "For publishable keys: https://www.example.com, https://*.example.com for all its subdomains, or * for every "
        "page.",
        validators=[validate_origins],
    )
    requests_per_minute = models.PositiveIntegerField(
        "requests a minute",
        default=60,
        validators=[MinValueValidator(1)],
        help_text="For publishable keys: how many web calls all visitors together may start in a minute.",
    )
    expires_at = models.DateTimeField("expires at", null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField("revoked at", null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField("last used at", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("created at", default=timezone.now, editable=False)

    objects = ApiKeyManager()

    class Meta:
        verbose_name = "API key"
        ordering = ["name", "-created_at"]
        constraints = [
            check_choice("apikey_kind", "kind", ApiKeyKind.values),
            check_choice("apikey_policy", "policy", ApiKeyPolicy.values),
            check(
                "apikey_rate",
                Q(requests_per_minute__gte=1),
                "Let one request a minute pass at least.",
                "requests_per_minute",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def clean(self) -> None:
        """Ask for the pages of a publishable key, which without any is good for nothing."""
        super().clean()
        if self.kind == ApiKeyKind.PUBLISHABLE and not self.allowed_origins:
            raise ValidationError({"allowed_origins": "Say which pages may use the key; * stands for every page."})

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def hash_key(plain_text: str) -> str:
    """Return what is stored of a key. It holds 256 random bits, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(plain_text.encode("utf-8", "replace")).hexdigest()


class WebhookSecretKind(models.TextChoices):
    """How Vapi signs what it sends."""

    BEARER = "bearer", "Token in a header"
    HMAC = "hmac", "Signature (HMAC)"


class WebhookSecret(models.Model):
    """One way in which Vapi may prove itself. Several can be valid at once, so that a secret can be replaced."""

    name = models.CharField("name", max_length=200, help_text="For example Production 2026.")
    kind = models.CharField("kind", max_length=16, choices=WebhookSecretKind.choices, default=WebhookSecretKind.BEARER)
    secret = EncryptedTextField("secret", help_text="The same text as in the credential at Vapi. Stored encrypted.")
    enabled = models.BooleanField("enabled", default=True)
    expires_at = models.DateTimeField("expires at", null=True, blank=True, help_text="Empty: never.")
    header_name = models.CharField(
        "header",
        max_length=100,
        default="Authorization",
        blank=True,
        help_text="Of a token: Authorization or X-Vapi-Secret.",
    )
    with_prefix = models.BooleanField("Bearer before the token", default=True)
    algorithm = models.CharField(
        "algorithm", max_length=8, choices=[(name, name) for name in ("sha256", "sha512", "sha1")], default="sha256"
    )
    signature_header = models.CharField("signature header", max_length=100, default="x-signature", blank=True)
    signature_prefix = models.CharField(
        "signature prefix", max_length=50, blank=True, help_text="Text before the signature, as sha256=."
    )
    signature_encoding = models.CharField(
        "signature encoding", max_length=8, choices=[(name, name) for name in ("hex", "base64")], default="hex"
    )
    include_timestamp = models.BooleanField("timestamp is signed", default=True)
    timestamp_header = models.CharField("timestamp header", max_length=100, default="x-timestamp", blank=True)
    payload_format = models.CharField(
        "signed text", max_length=255, blank=True, help_text="Empty: {timestamp}.{body}, which is Vapi's own default."
    )
    message_id_header = models.CharField("message id header", max_length=100, blank=True)
    secret_is_base64 = models.BooleanField("secret is base64", default=False)

    class Meta:
        verbose_name = "webhook secret"
        ordering = ["name", "pk"]
        constraints = [
            check_choice("webhooksecret_kind", "kind", WebhookSecretKind.values),
            check_choice("webhooksecret_algorithm", "algorithm", ("sha256", "sha512", "sha1")),
            check_choice("webhooksecret_encoding", "signature_encoding", ("hex", "base64")),
            check(
                "webhooksecret_header",
                ~Q(kind=WebhookSecretKind.BEARER) | ~Q(header_name=""),
                "A token needs the name of its header: Authorization or X-Vapi-Secret.",
                "header_name",
            ),
            check(
                "webhooksecret_signature_header",
                ~Q(kind=WebhookSecretKind.HMAC) | ~Q(signature_header=""),
                "A signature needs the name of its header, as x-signature.",
                "signature_header",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def plan(self) -> dict[str, Any]:
        """Return the secret in the words of Vapi's authentication plans; raises SecretLocked."""
        plan = self._bearer_plan() if self.kind == WebhookSecretKind.BEARER else self._hmac_plan()
        if self.expires_at is not None:
            plan["expiresAt"] = self.expires_at.isoformat()
        return plan

    def _bearer_plan(self) -> dict[str, Any]:
        return {
            "type": "bearer",
            "token": EncryptedTextField.reveal(self.secret),
            "headerName": self.header_name,
            "bearerPrefixEnabled": self.with_prefix,
        }

    def _hmac_plan(self) -> dict[str, Any]:
        plan = {
            "type": "hmac",
            "secretKey": EncryptedTextField.reveal(self.secret),
            "algorithm": self.algorithm,
            "signatureHeader": self.signature_header,
            "timestampHeader": self.timestamp_header,
            "includeTimestamp": self.include_timestamp,
            "payloadFormat": self.payload_format,
            "signaturePrefix": self.signature_prefix,
            "signatureEncoding": self.signature_encoding,
            "messageIdHeader": self.message_id_header,
            "secretIsBase64": self.secret_is_base64,
        }
        # An empty text means "as Vapi does by default", and Vapi says that by leaving the key out.
        return {name: value for name, value in plan.items() if value != ""}
