"""Talks to Vapi over HTTP. Nothing else in the project does."""

from __future__ import annotations

import functools
import json
import logging
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from routing.vapi.errors import VapiError
from routing.vapi.listing import write_instant
from routing.vapi.sandbox import Sandbox
from routing.vapi.sandbox_calls import FILE_NAME
from routing.vapi.upstream_counts import counting_request
from routing.vapi.wrong_key import explain_wrong_key

# Without a name Cloudflare answers 403 in front of Vapi.
USER_AGENT = "switchboard/0.1.0"
TIMEOUT = (3, 20)  # seconds to connect, seconds to wait for the next byte
BUDGET_SECONDS = 25.0  # for a whole request; who waits for the last byte then still waits as long as for any
LONGEST_PAUSE = 5.0  # seconds; a read for which Vapi wants a longer one fails at once
PAGE = 1000  # the most calls that Vapi lists at once
POOL_SIZE = 32
NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)
SENT_AGAIN_LATER = frozenset({408, 429})
PAUSED = frozenset({429, 503})  # the answers whose Retry-After is read
PIECE = 64 * 1024  # bytes

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

    def list_calls(self, *, phone_number_id: str | None, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Return the calls of one number of ours, or of all, created from ``since`` to ``until``. Raises VapiError."""


class VapiClient:
    """Vapi's API with one organisation's keys. A create is sent once, whatever becomes of it."""

    sandbox = False

    def __init__(self, *, api_key: str, public_key: str = "", base_url: str) -> None:
        """Prepare the connections; web calls fall back to the private key when there is no public one."""
        self._keys = {"api_key": api_key, "public_key": public_key}
        self._private = _Bearer(api_key)
        self._public = _Bearer(public_key) if public_key else None
        self._base_url = base_url.rstrip("/")
        self._session = _open_session(self._base_url)

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
        call: dict[str, Any] = self._read(f"/call/{quote(call_id, safe='')}", {}, dict)
        return call

    def list_calls(self, *, phone_number_id: str | None, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Return the calls of one number of ours, or of all, created from ``since`` to ``until``. Raises VapiError.

        Vapi has no pages: it lists the newest, and the oldest of them says where to go on.
        """
        query = {"createdAtGe": write_instant(since), "createdAtLe": write_instant(until), "limit": str(PAGE)}
        if phone_number_id is not None:
            query["phoneNumberId"] = phone_number_id
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = [call for call in self._read("/call", query, list) if isinstance(call, dict) and call.get("id")]
            new = {str(call["id"]): call for call in page if str(call["id"]) not in found}
            found |= new
            if len(page) < PAGE or not new:
                return list(found.values())
            # "Le", not "Lt": calls of one batch may share an instant.
            query["createdAtLe"] = min(str(call.get("createdAt") or query["createdAtLe"]) for call in page)

    def list_page(self, kind: str, query: Mapping[str, str]) -> list[Any]:
        """Return one page of assistants, squads or phone numbers, secrets included. Raises VapiError.

        `routing.vapi.listing` reads to the end, and keeps nothing that is secret.
        """
        page: list[Any] = self._read(f"/{kind}", query, list)
        return page

    def _create(self, path: str, body: Mapping[str, Any], auth: AuthBase) -> dict[str, Any]:
        answer: dict[str, Any] = self._send("POST", path, auth, dict, json=dict(body))
        return answer

    def _read(self, path: str, query: Mapping[str, str], shape: type) -> Any:
        """Ask, and once more if Vapi says after which pause. Only reads are repeated: a create might call twice."""
        try:
            try:
                return self._send("GET", path, self._private, shape, params=dict(query))
            except VapiError as error:
                if error.retry_after is None or error.retry_after > LONGEST_PAUSE:
                    raise
                time.sleep(error.retry_after)
                return self._send("GET", path, self._private, shape, params=dict(query))
        except VapiError as error:
            refused = error.status is not None and error.status < 500 and error.status not in SENT_AGAIN_LATER
            raise VapiError(error.status, error.body, retryable=not refused, ambiguous=False) from error

    def _send(self, method: str, path: str, auth: AuthBase, shape: type, **content: Any) -> Any:
        # A single call's id is nobody's business here, and what it needs is what its listing needs.
        operation = f"{method} {path}" if method == "POST" else f"{method} /{path.split('/')[1]}"
        with counting_request(operation):
            return self._exchange(operation, method, path, auth, shape, **content)

    def _exchange(self, operation: str, method: str, path: str, auth: AuthBase, shape: type, **content: Any) -> Any:
        deadline = time.monotonic() + BUDGET_SECONDS
        url = f"{self._base_url}{path}"
        # A redirect would turn a POST into a GET, so none is followed.
        options: dict[str, Any] = {"timeout": TIMEOUT, "allow_redirects": False, "stream": True}
        try:
            with self._session.request(method, url, auth=auth, **options, **content) as response:
                text = _read_until(response, deadline)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _no_answer(error) from error
        try:
            return _read_answer(response, text, shape)
        except VapiError as error:
            raise explain_wrong_key(error, operation, **self._keys) from error


class _Bearer(AuthBase):
    """Sets the header as an `auth` object: as a plain header, a .netrc file could replace it."""

    def __init__(self, key: str) -> None:
        # Headers are written as Latin-1. So a mistyped key goes out as UTF-8, and Vapi refuses it, instead of raising.
        self._header = f"Bearer {key}".encode().decode("latin-1")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


def _open_session(base_url: str) -> requests.Session:
    """Return connections by the way that the environment names: a proxy, a CA bundle.

    It is read here, once. Left alone, requests reads all of it anew for every call, which costs more than sending one.
    """
    session = requests.Session()
    way = session.merge_environment_settings(base_url, {}, stream=None, verify=None, cert=None)
    session.proxies, session.verify, session.cert = way["proxies"], way["verify"], way["cert"]
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # threads share the session, not its visitors
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=POOL_SIZE, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read_until(response: requests.Response, deadline: float) -> bytes:
    """Return the body, as long as it comes in time; a server that drips must not hold a thread for ever."""
    if response.is_redirect:
        return response.content  # requests has read it already
    pieces = []
    # `iter_content` would look at nothing before its piece is full; `read1` returns whatever has come.
    while piece := response.raw.read1(PIECE, decode_content=True):
        pieces.append(piece)
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the answer took too long")
    return b"".join(pieces)


def _read_answer(response: requests.Response, text: bytes, shape: type) -> Any:
    """Return the JSON value of a success, which has to be of this shape; raises VapiError."""
    status = response.status_code
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if 200 <= status < 300 and isinstance(body, shape):
        return body
    if not isinstance(body, dict):
        shown = text[:300].decode("utf-8", "replace")
        body = {"message": f"Vapi answered {status} without a JSON object: {shown}", "statusCode": status}
    # A success that cannot be read and a fault after the request was taken both leave open what happened.
    ambiguous = status < 300 or status >= 500
    retry_after = _read_pause(response) if status in PAUSED else None
    raise VapiError(status, body, retryable=status in SENT_AGAIN_LATER, ambiguous=ambiguous, retry_after=retry_after)


def _read_pause(response: requests.Response) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110); its other form, a date, is not used by Vapi."""
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdecimal() else None


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


def client_from_settings() -> VapiClient | Sandbox:
    """Return this process's client for the keys in the settings; without VAPI_API_KEY the sandbox."""
    return _client_for(settings.VAPI_API_KEY, settings.VAPI_PUBLIC_KEY, settings.VAPI_BASE_URL)


@functools.lru_cache(maxsize=4)
def _client_for(api_key: str, public_key: str, base_url: str) -> VapiClient | Sandbox:
    if not api_key:
        return Sandbox(Path(settings.ROUTING_DATA_DIR) / FILE_NAME)
    return VapiClient(api_key=api_key, public_key=public_key, base_url=base_url)
