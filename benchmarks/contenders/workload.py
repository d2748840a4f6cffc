"""The rules and calls of the benchmark in plain JSON, which every engine can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

Facts = dict[str, Any]  # channel, customer, our_number ("" for none), campaign ("" for none), office_open
Decide = Callable[[Any], str]  # Facts, or what they were prepared to


class Test(TypedDict):
    """One condition: ``is`` compares with one value, ``in`` with several, ``starts`` with a beginning."""

    field: str
    op: str
    value: Any


class Rule(TypedDict):
    """A rule matches if all its tests hold."""

    key: str
    tests: list[Test]


DEFAULT = "default"
