"""A request as its sender made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class SentRequest:
    """Headers may be written in any case."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    method: str = "POST"
    url: str = ""

    def header(self, name: str) -> str:
        """Return a header by its name in lower case."""
        return {key.lower(): value for key, value in self.headers.items()}.get(name, "").strip()
