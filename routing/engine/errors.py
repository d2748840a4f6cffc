"""Mistakes in a routing table, collected and told together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableError:
    """One mistake: whose it is (``rule 'vip-callers'``), in which field, and what to do."""

    subject: str
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.subject}, {self.field}" if self.field else self.subject
        return f"{where}: {self.message}"


class TableErrors(ValueError):
    """A table that cannot be used; ``errors`` holds every mistake found."""

    def __init__(self, errors: Iterable[TableError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))
