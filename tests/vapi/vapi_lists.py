"""A Vapi that lists: filters and order as Vapi's own, faults and secrets as the test wants them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

START = datetime(2026, 1, 1, tzinfo=UTC)
# None of these may be found anywhere after a synchronisation.
SECRETS = ("planted-token", "planted-server-secret", "planted-key", "planted-password")


def row(place: int, *, minute: float | None = None, updated: float | None = None, **more: Any) -> dict[str, Any]:
    """Return a row as Vapi lists it, created and changed so many minutes after the start."""
    created = place if minute is None else minute
    return {
        "id": f"00000000-0000-4000-8000-{place:012d}",
        "orgId": "org",
        "name": f"Thing {place}",
        "createdAt": write(created),
        "updatedAt": write(created if updated is None else updated),
        "twilioAuthToken": SECRETS[0],
        "server": {"url": "https://example.com", "secret": SECRETS[1], "headers": {"X": SECRETS[2]}},
        "authentication": {"realm": "r", "username": "u", "password": SECRETS[3]},
    } | more


def write(minutes: float) -> str:
    """Return an instant as Vapi writes it."""
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(kw_only=True)
class VapiLists:
    """Rows by path; ``faults`` are answered first, one a request. ``cap`` is the most rows that it gives at once."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: dict[int, Response] = field(default_factory=dict)  # by the number of the request, from 0
    cap: int = 1000
    newest_first: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def serve(self, server: HTTPServer) -> str:
        """Answer from now on; returns the base URL."""
        for path in ("assistant", "squad", "phone-number"):
            server.expect_request(f"/{path}", method="GET").respond_with_handler(self._answer)
        return server.url_for("/").rstrip("/")

    def _answer(self, request: Request) -> Response:
        path, query = request.path.strip("/"), dict(request.args)
        self.asked.append((path, dict(query)))
        fault = self.faults.get(len(self.asked) - 1)
        if fault is not None:
            return fault
        limit = min(self.cap, int(query.pop("limit", "100")))
        fitting = [row for row in self.rows.get(path, []) if all(_fits(row, *item) for item in query.items())]
        fitting.sort(key=lambda row: str(row["createdAt"]), reverse=self.newest_first)
        return Response(json.dumps(fitting[:limit]), content_type="application/json")


def _fits(row: dict[str, Any], name: str, edge: str) -> bool:
    value = str(row[name[:-2]])
    return {"Gt": value > edge, "Ge": value >= edge, "Lt": value < edge, "Le": value <= edge}[name[-2:]]
