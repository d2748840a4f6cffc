"""How we and Vapi reach each other: what is configured, and what was last seen of it. No secret leaves this module."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from routing.engine.context import Channel
from routing.models import Call, LiveState, WebhookOutcome, WebhookSecret
from routing.recorder.files import PATTERN, WAITING_PATTERN, spool_folder
from routing.services.count_messages import ACCEPTED, REFUSED, Sighting, count_messages, last_message
from routing.snapshot import store

WEBHOOK_PATH = "/vapi/webhook"
API_PATH = "/api/v1"
SHOWN_OF_A_KEY = 4
LONG_ENOUGH = 16  # of a shorter key the last letters would give too much away
LATEST_CALLS = 10_000  # among which the last outbound one is looked for
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 - an address to warn about


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where Vapi or a server reaches us, and what is wrong with the address; empty where nothing is known to be."""

    url: str
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key of Vapi's: whether it is set, and the end of it."""

    name: str
    purpose: str
    ending: str
    is_set: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretInUse:
    """A way in which Vapi may prove itself. ``row`` is None for the one of the environment."""

    name: str
    header: str
    how: str
    row: int | None
    enabled: bool
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Spool:
    """Records on the local disk that are not in the database yet."""

    files: int
    size_bytes: int
    oldest_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """Everything that the Connection page tells."""

    webhook: Address
    api_url: str
    secrets: tuple[SecretInUse, ...]
    accepted: Sighting | None
    refused: Sighting | None
    today: Mapping[WebhookOutcome, int]
    outbound: Call | None
    keys: tuple[Key, ...]
    vapi_url: str
    is_sandbox: bool
    spool: Spool
    data_folder: Path
    database: str
    live_revision: int | None
    own_revision: int | None
    is_stale: bool
    process: int


def read_connection(*, since: datetime, now: datetime) -> Connection:
    """Return the state of the connection; ``since`` is when today began."""
    snapshot = store.current()
    return Connection(
        webhook=webhook_address(),
        api_url=f"{_public_url()}{API_PATH}",
        secrets=_secrets(),
        accepted=last_message(*ACCEPTED),
        refused=last_message(*REFUSED),
        today=count_messages(since, now),
        outbound=_last_outbound(),
        keys=_keys(),
        vapi_url=settings.VAPI_BASE_URL,
        is_sandbox=not settings.VAPI_API_KEY,
        spool=read_spool(),
        data_folder=Path(settings.ROUTING_DATA_DIR),
        database=_database(),
        live_revision=LiveState.objects.filter(pk=1).values_list("revision_id", flat=True).first(),
        own_revision=snapshot.revision,
        is_stale=snapshot.stale,
        process=os.getpid(),
    )


def webhook_address() -> Address:
    """Return the address to enter at Vapi as the number's server URL."""
    public = urlsplit(settings.PUBLIC_URL)
    faults = []
    if not settings.PUBLIC_URL:
        faults.append(
            "PUBLIC_URL is not set, so this is only where this machine listens. Set PUBLIC_URL to the address under "
            "which the internet reaches it, for example https://calls.example.com, and start again."
        )
    elif public.scheme != "https":
        faults.append("PUBLIC_URL begins with http: secrets and telephone numbers would travel unprotected. Use https.")
    if settings.PUBLIC_URL and (public.hostname or "") in LOCAL_HOSTS:
        faults.append("PUBLIC_URL names this machine itself, which Vapi cannot reach. Write its public name.")
    return Address(url=f"{_public_url()}{WEBHOOK_PATH}", faults=tuple(faults))


def _public_url() -> str:
    return settings.PUBLIC_URL.rstrip("/") or f"http://{settings.HOST}:{settings.PORT}"


def read_spool() -> Spool:
    """Look at the spool's files. Those of a process that just recorded something are empty seconds later."""
    folder, sizes, ages = spool_folder(), [], []
    for path in (*folder.glob(PATTERN), *folder.glob(WAITING_PATTERN)):
        try:
            seen = path.stat()
        except FileNotFoundError:
            continue  # drained meanwhile
        if seen.st_size:
            sizes.append(seen.st_size)
            ages.append(time.time() - seen.st_mtime)
    return Spool(files=len(sizes), size_bytes=sum(sizes), oldest_seconds=max(ages, default=0.0))


def _secrets() -> tuple[SecretInUse, ...]:
    columns = ("pk", "name", "kind", "header_name", "with_prefix", "signature_header", "enabled", "expires_at")
    rows = WebhookSecret.objects.order_by("name").values_list(*columns)
    found = [
        SecretInUse(
            name=name,
            header=header if kind == "bearer" else signature_header,
            how=_how(kind, with_prefix),
            row=pk,
            enabled=enabled,
            expires_at=expires_at,
        )
        for pk, name, kind, header, with_prefix, signature_header, enabled, expires_at in rows
    ]
    if settings.VAPI_WEBHOOK_SECRET:
        found.append(
            SecretInUse(
                name="VAPI_WEBHOOK_SECRET",
                header="Authorization or X-Vapi-Secret",
                how="token, with or without Bearer",
                row=None,
                enabled=True,
                expires_at=None,
            )
        )
    return tuple(found)


def _how(kind: str, with_prefix: bool) -> str:
    if kind != "bearer":
        return "signature (HMAC)"
    return "token after the word Bearer" if with_prefix else "token alone"


def _keys() -> tuple[Key, ...]:
    return (
        _key("VAPI_API_KEY", settings.VAPI_API_KEY, "places calls and reads assistants, squads and numbers"),
        _key("VAPI_PUBLIC_KEY", settings.VAPI_PUBLIC_KEY, "starts web calls; without it the API key does"),
    )


def _key(name: str, value: str, purpose: str) -> Key:
    ending = value[-SHOWN_OF_A_KEY:] if len(value) >= LONG_ENOUGH else ""
    return Key(name=name, purpose=purpose, ending=ending, is_set=bool(value))


def _last_outbound() -> Call | None:
    latest = Call.objects.order_by("-decided_at", "-id").values("pk")[:LATEST_CALLS]
    outbound = Call.objects.filter(pk__in=latest, channel=Channel.OUTBOUND.value)
    return outbound.defer("context", "facts").order_by("-decided_at", "-id").first()


def _database() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite, {settings.DATABASES['default']['NAME']}"
    host = settings.DATABASES["default"].get("HOST") or "this machine"
    return f"{connection.display_name} at {host}"
