"""What Switchboard needs to answer the messages of the benchmark: a published table and a secret."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from benchmarks.messages import SECRET
from benchmarks.tables import make_table
from routing.engine.canonical import checksum_of
from routing.engine.checking import CHECKS
from routing.engine.document import write_document
from routing.engine.table import ListSpec, Purpose
from routing.models import LiveState, Revision, WebhookSecret


@contextmanager
def world(rules: int) -> Iterator[tuple[Path, dict[str, str]]]:
    """Let a table of so many rules be live; lends a folder and the environment of a server that answers by it."""
    let_live(rules)
    WebhookSecret.objects.get_or_create(name="Benchmark", defaults={"kind": "hmac", "secret": SECRET})
    with TemporaryDirectory(prefix="switchboard-bench-") as folder:
        yield Path(folder), environment(Path(folder))


def let_live(rules: int, lists: Sequence[str] = ()) -> None:
    """Make a revision of a table and let it be the live one; the draft stays as it is."""
    specs = tuple(ListSpec(key=key, name=key, purpose=Purpose.SEGMENT) for key in lists)
    document = write_document(replace(make_table(rules), lists=specs))
    number = (Revision.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # a busy machine may need more than the two seconds of a page
    revision = Revision.objects.create(
        number=number, document=document, published_at=timezone.now(), checksum=checksum_of(document), checks=CHECKS
    )
    LiveState.objects.update_or_create(pk=1, defaults={"revision": revision})


def environment(folder: Path) -> dict[str, str]:
    """Return the settings of a production server with a data directory in this folder."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS[0],
        "ROUTING_DATA_DIR": str(folder / "data"),
        "ROUTING_POLL_SECONDS": "0.5",
        "VAPI_WEBHOOK_SECRET": SECRET,
    }


def database_url() -> str:
    """Return the address of the database that this process has open."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()
