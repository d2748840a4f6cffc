"""Places the calls that it is told to, a line of JSON each, with Vapi's SDK for Python; answers a line each."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import httpx
from vapi import Vapi
from vapi.core.api_error import ApiError


def place(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the call as the SDK read it, or what it raised."""
    client = Vapi(token=asked["token"], base_url=asked["url"], timeout=asked["timeout"])
    try:
        call = client.calls.create(**{_snake(name): value for name, value in asked["call"].items()})
    except ApiError as error:
        return {"error": {"name": type(error).__name__, "status": error.status_code, "body": error.body}}
    except httpx.HTTPError as error:
        return {"error": {"name": type(error).__name__, "status": None, "body": None}}
    return {"call": json.loads(call.json())}


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(place(json.loads(line)), default=str) + "\n")
        sys.stdout.flush()
