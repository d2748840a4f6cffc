"""What the tests ask of Vapi."""

from collections.abc import Callable
from typing import Any

from routing.vapi.client import CallPlacer, VapiClient

BODY = {"assistantId": "a", "customer": {"number": "+12025550102"}}


def connect(base_url: str, **keys: str) -> VapiClient:
    """Return a client for a server of the test."""
    return VapiClient(base_url=base_url, **{"api_key": "private"} | keys)


CREATES: dict[str, Callable[[CallPlacer], dict[str, Any]]] = {
    "call": lambda client: client.create_call(BODY),
    "web call": lambda client: client.create_web_call({"assistantId": "a"}),
}
ALL: dict[str, Callable[[CallPlacer], dict[str, Any]]] = CREATES | {"get": lambda client: client.get_call("c")}
