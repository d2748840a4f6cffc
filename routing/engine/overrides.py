"""Overrides are merged here because Vapi replaces instead of merging."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return one fresh object: later layers win, objects merge by key, lists and scalars replace."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            if isinstance(value, Mapping):
                merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
            else:
                merged[key] = deepcopy(value) if isinstance(value, list) else value
    return merged
