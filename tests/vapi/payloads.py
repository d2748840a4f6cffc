"""Vapi's messages and answers as files: real captures with their values replaced, and shapes seen elsewhere."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "payloads"
ASSISTANT_REQUESTS = sorted(path.stem for path in FOLDER.glob("ar*.json"))
ALL = sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    """Return a payload without the note on where it comes from."""
    payload: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return {key: value for key, value in payload.items() if key != "_note"}
