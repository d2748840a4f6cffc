"""Who asks: API keys in the `Authorization` header."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from routing.models import ApiKey, ApiKeyKind
from routing.models.access import KEY_STARTS

if TYPE_CHECKING:  # REST framework's views load this module, which the settings name, while they load themselves
    from rest_framework.views import APIView

USE_NOTED_EVERY = timedelta(minutes=1)
BAD_HEADER = "The Authorization header must read: Bearer, a space, and the API key."
BAD_KEY = "This API key is unknown, revoked or expired."
NOT_OURS = "This is no key of this service: those begin with {starts}. Vapi's own keys belong into its settings."


class ApiKeyAuthentication(BaseAuthentication):
    """Finds the key's row by the hash of `Authorization: Bearer sb_…`; it stands in ``request.auth``."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        """Return the key twice, as REST framework wants a user too; None without the header."""
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":
            raise AuthenticationFailed(BAD_HEADER)
        now, text = timezone.now(), words[1].decode("latin-1")
        key = ApiKey.objects.find(text, now)
        if key is None:
            raise AuthenticationFailed(_explain_refusal(text))
        note_use(key, now)
        return key, key

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme; without it the answer would be 403 instead of 401."""
        return "Bearer"


def _explain_refusal(text: str) -> str:
    """Nothing here depends on what keys there are, so that nobody learns about them by asking."""
    starts = tuple(KEY_STARTS.values())
    return BAD_KEY if text.startswith(starts) else NOT_OURS.format(starts=" or ".join(starts))


def note_use(key: ApiKey, now: datetime) -> None:
    """Write down that the key was used, at most once a minute whatever the traffic."""
    before = now - USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > before:
        return
    unnoted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
    ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)


def asking_key(request: Request) -> ApiKey:
    """Return the key of a request that the permissions have let in."""
    if not isinstance(request.auth, ApiKey):
        raise NotAuthenticated
    return request.auth


class HasKey(BasePermission):
    """Lets in whoever has any valid key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether a key was found."""
        return isinstance(request.auth, ApiKey)


class HasSecretKey(HasKey):
    """Lets in servers. A publishable key can be read by everybody who opens the page that uses it."""

    message = "A publishable key is good for POST /call/web only; use a secret key, from a server."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the key is a secret one."""
        return isinstance(request.auth, ApiKey) and request.auth.kind == ApiKeyKind.SECRET
