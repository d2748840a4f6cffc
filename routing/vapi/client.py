"""Talks to Vapi over HTTP. Nothing else in the project does."""

from __future__ import annotations

import functools
import logging
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import quote

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from routing.vapi.errors import VapiError
from routing.vapi.sandbox import Sandbox

# Without a name Cloudflare answers 403 in front of Vapi.
USER_AGENT = "switchboard/0.1.0"
TIMEOUT = (3, 20)  # seconds to connect, seconds to wait for the next byte
POOL_SIZE = 32
NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)
SENT_AGAIN_LATER = frozenset({408, 429})

logger = logging.getLogger(__name__)


class CallPlacer(Protocol):
    """Whatever calls are placed with: Vapi itself, or the sandbox."""

    @property
    def sandbox(self) -> bool:
        """True when no call is really placed."""

    def create_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Place a phone call, or several for a body with ``customers``; returns Vapi's answer. Raises VapiError."""

    def create_web_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Open a room for a call from a web page; returns Vapi's answer. Raises VapiError."""

    def get_call(self, call_id: str) -> dict[str, Any]:
        """Return the call as it stands. Raises VapiError."""


class VapiClient:
    """Vapi's API with one organisation's keys. A create is sent once, whatever becomes of it."""

    sandbox = False

    def __init__(self, *, api_key: str, public_key: str = "", base_url: str) -> None:
        """Prepare the connections; web calls fall back to the private key when there is no public one."""
        self._private = _Bearer(api_key)
        self._public = _Bearer(public_key) if public_key else None
        self._base_url = base_url.rstrip("/")
        self._session = _open_session()

    def create_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Place a phone call, or several for a body with ``customers``. Raises VapiError."""
        return self._create("/call", body, self._private)

    def create_web_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Open a room for a call from a web page. Raises VapiError."""
        if self._public is None:
            _warn_about_public_key()
        return self._create("/call/web", body, self._public or self._private)

    def get_call(self, call_id: str) -> dict[str, Any]:
        """Return the call as it stands at Vapi. Raises VapiError, which is never ambiguous here."""
        try:
            return self._send("GET", f"/call/{quote(call_id, safe='')}", None, self._private)
        except VapiError as error:
            refused = error.status is not None and error.status < 500 and error.status not in SENT_AGAIN_LATER
            raise VapiError(error.status, error.body, retryable=not refused, ambiguous=False) from error

    def _create(self, path: str, body: Mapping[str, Any], auth: AuthBase) -> dict[str, Any]:
        return self._send("POST", path, dict(body), auth)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, auth: AuthBase) -> dict[str, Any]:
        try:
            # A redirect would turn a POST into a GET, so none is followed.
            response = self._session.request(
                method, f"{self._base_url}{path}", json=body, auth=auth, timeout=TIMEOUT, allow_redirects=False
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _no_answer(error) from error
        return _read_answer(response)


class _Bearer(AuthBase):
    """Sets the header as an `auth` object: as a plain header, a .netrc file could replace it."""

    def __init__(self, key: str) -> None:
        # Headers are written as Latin-1. So a mistyped key goes out as UTF-8, and Vapi refuses it, instead of raising.
        self._header = f"Bearer {key}".encode().decode("latin-1")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _open_session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # threads share the session, not its visitors
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=POOL_SIZE, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read_answer(response: requests.Response) -> dict[str, Any]:
    status = response.status_code
    try:
        body = response.json()
    except ValueError:
        body = None
    if 200 <= status < 300 and isinstance(body, dict):
        return body
    if not isinstance(body, dict):
        body = {"message": f"Vapi answered {status} without a JSON object: {response.text[:300]}", "statusCode": status}
    # A success that cannot be read and a fault after the request was taken both leave open what happened.
    ambiguous = status < 300 or status >= 500
    raise VapiError(status, body, retryable=status in SENT_AGAIN_LATER, ambiguous=ambiguous)


def _no_answer(error: Exception) -> VapiError:
    sent = _may_have_been_sent(error)
    message = f"Vapi did not answer ({type(error).__name__})" if sent else f"Vapi cannot be reached ({_cause(error)!r})"
    return VapiError(None, {"message": message}, retryable=not sent, ambiguous=sent)


def _may_have_been_sent(error: Exception) -> bool:
    """Only faults that are known to come before the first byte of the request are safe; when in doubt, it was sent."""
    cause = _cause(error)
    if isinstance(cause, urllib3.exceptions.SSLError):
        return not any(isinstance(part, ssl.SSLCertVerificationError) for part in cause.args)
    unsendable = isinstance(error, ValueError) and not isinstance(error, requests.JSONDecodeError)
    return not (unsendable or isinstance(cause, NEVER_SENT))


def _cause(error: Exception) -> object:
    """Return what urllib3 reported underneath, through the wrapping of its retries."""
    inner = error.args[0] if error.args else error
    return getattr(inner, "reason", None) or inner


@functools.cache
def _warn_about_public_key() -> None:
    logger.warning("VAPI_PUBLIC_KEY is not set: web calls use VAPI_API_KEY, which Vapi may refuse with 401.")


def client_from_settings() -> CallPlacer:
    """Return this process's client for the keys in the settings; without VAPI_API_KEY the sandbox."""
    return _client_for(settings.VAPI_API_KEY, settings.VAPI_PUBLIC_KEY, settings.VAPI_BASE_URL)


@functools.lru_cache(maxsize=4)
def _client_for(api_key: str, public_key: str, base_url: str) -> CallPlacer:
    if not api_key:
        return Sandbox()
    return VapiClient(api_key=api_key, public_key=public_key, base_url=base_url)
