"""The `Idempotency-Key` header (IETF draft httpapi-idempotency-key-header), and what a request is recognised by."""

from __future__ import annotations

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from routing.api.authentication import asking_key
from routing.api.call_request import CAMPAIGN_HEADER, read_body
from routing.services.idempotency import RequestIdentity, fingerprint

KEY_HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
LONGEST_KEY = 255


def read_identity(request: Request) -> RequestIdentity:
    """Return by what the request is recognised when it comes again; raises ParseError for an unusable key."""
    key = request.headers.get(KEY_HEADER, "").strip()
    if len(key) > LONGEST_KEY:
        raise ParseError(f"The {KEY_HEADER} header is longer than {LONGEST_KEY} characters.")
    campaign = request.headers.get(CAMPAIGN_HEADER) or None
    return RequestIdentity(
        api_key=asking_key(request), fingerprint=fingerprint(read_body(request), campaign), key=key or None
    )
