"""Explains Vapi's 401. Vapi says that one of two keys may be the other; we know which one we sent, and where to."""

from __future__ import annotations

from routing.vapi.errors import VapiError

WEB_PATH = "/call/web"
WANTS_PRIVATE = (
    "VAPI_API_KEY was refused: {request} needs the organisation's private key. If this is a public key, put the "
    "private one there; keys of another region (VAPI_BASE_URL) are refused too."
)
IS_PUBLIC = "VAPI_API_KEY holds the same as VAPI_PUBLIC_KEY: this is a public key; {request} needs the private one."
WANTS_PUBLIC = (
    "VAPI_PUBLIC_KEY was refused: {request} needs the organisation's public key. If this is a private key, put the "
    "public one there; keys of another region (VAPI_BASE_URL) are refused too."
)
FELL_BACK = (
    "VAPI_PUBLIC_KEY is not set, so VAPI_API_KEY was sent, a private key; {request} needs the public one: set "
    "VAPI_PUBLIC_KEY."
)


def explain_wrong_key(error: VapiError, request: str, *, api_key: str, public_key: str) -> VapiError:
    """Return a 401 with our explanation behind Vapi's own words; any other error as it is.

    ``request`` is method and path, for example ``POST /call``. The body keeps all that Vapi wrote, in Vapi's shape.
    """
    if error.status != 401:
        return error
    explanation = _explain(request, api_key=api_key, public_key=public_key)
    said = error.body.get("message") or ""
    message = [*said, explanation] if isinstance(said, list) else f"{said} {explanation}".strip()
    return VapiError(401, {**error.body, "message": message}, retryable=error.retryable, ambiguous=error.ambiguous)


def _explain(request: str, *, api_key: str, public_key: str) -> str:
    if request.endswith(WEB_PATH):
        text = WANTS_PUBLIC if public_key else FELL_BACK
    else:
        text = IS_PUBLIC if api_key == public_key else WANTS_PRIVATE
    return text.format(request=request)
