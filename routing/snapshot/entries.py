"""List entries that change one by one while a process holds a million of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from routing.engine.live import ListHit
from routing.engine.table import Purpose
from routing.models.list_changes import KEPT, ListChange
from routing.snapshot.live import entry_rows
from routing.snapshot.livefile import Hits, build_entries

REACH = KEPT // 2  # versions; lines that are about to be forgotten are not relied on
MOST_AT_ONCE, MOST = 1_000, 10_000  # changed numbers that are read apart, and that are kept apart


class Layered(Mapping[str, tuple[ListHit, ...]]):
    """Hits with some of them changed: a copy of a million would hold up the process at each change.

    ``changed`` holds the new hits of a number, none for one that is on no list any more.
    """

    __slots__ = ("base", "changed")

    def __init__(self, base: Hits, changed: Hits) -> None:
        self.base = base
        self.changed = changed

    def __getitem__(self, number: str) -> tuple[ListHit, ...]:
        hits = self.changed.get(number)
        if hits is None:
            return self.base[number]
        if not hits:
            raise KeyError(number)
        return hits

    def get(self, number: str, /, default: Any = None) -> Any:
        """Return the hits as ``[]`` does, but without an exception for a number on no list: half the time."""
        hits = self.changed.get(number)
        return self.base.get(number, default) if hits is None else hits or default

    def __iter__(self) -> Iterator[str]:
        yield from (number for number in self.base if number not in self.changed)
        yield from (number for number, hits in self.changed.items() if hits)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def change_entries(held: Hits, purposes: Mapping[str, Purpose], since: int, until: int) -> Hits | None:
    """Bring entries as of one version of the live data to another, or later; None: they have to be read all.

    Raises DatabaseError.
    """
    numbers = _changed_numbers(since, until)
    if not numbers:
        return None if numbers is None else held
    base, before = (held.base, held.changed) if isinstance(held, Layered) else (held, {})
    gone: dict[str, tuple[ListHit, ...]] = dict.fromkeys(numbers, ())
    changed = {**before, **gone, **build_entries(entry_rows(numbers), purposes)}
    return Layered(base, changed) if len(changed) <= MOST else None


def _changed_numbers(since: int, until: int) -> set[str] | None:
    if not 0 <= until - since <= REACH:
        return None
    lines = ListChange.objects.filter(live_version__gt=since, live_version__lte=until)
    numbers = set(lines.values_list("number", flat=True).distinct()[: MOST_AT_ONCE + 1])
    return None if "" in numbers or len(numbers) > MOST_AT_ONCE else numbers
