"""The blocks that a rule's conditions are edited in, and which of them a form uses."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Block -> the fields it holds, in the order of the page, and what the menu calls it.
BLOCKS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("channels", "Way the call comes", ("channels",)),
    ("customer", "Customer's number", ("customer",)),
    ("lists", "Number lists", ("lists_any", "lists_none")),
    ("numbers", "Our numbers", ("numbers",)),
    ("campaigns", "Campaigns", ("campaigns",)),
    ("schedule", "Schedule", ("schedule", "schedule_is_open")),
    ("dates", "First and last day", ("valid_from", "valid_until", "timezone")),
    ("attributes", "Attributes", ()),
)
# These always have a value, which means nothing without the rest of their block.
NEVER_ALONE = frozenset({"schedule_is_open"})
# These say how the rest of their block is meant, and hold for every call by themselves.
NO_CONDITION = NEVER_ALONE | {"timezone"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One block of the page; one that is not used is hidden until it is chosen from the menu."""

    name: str
    label: str
    is_used: bool


def read_blocks(form: Any, inlines: Iterable[Any]) -> dict[str, Block]:
    """Return the blocks by name; used are those in which something stands or is wrong."""
    rows = {inline.formset.prefix: inline.formset for inline in inlines}
    return {
        name: Block(
            name=name,
            label=label,
            is_used=any(_is_used(form, field) for field in fields) or _has_rows(rows.get(name)),
        )
        for name, label, fields in BLOCKS
    }


def empty_blocks(shown: Collection[str], data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the first field of each shown block without a condition: saved like that, it would mean every call."""
    for name, _, fields in BLOCKS:
        if name in shown and fields and not any(data.get(field) for field in fields if field not in NO_CONDITION):
            yield fields[0]


def _is_used(form: Any, field: str) -> bool:
    if field not in form.fields:
        return False
    return bool(form.errors.get(field)) or (field not in NEVER_ALONE and bool(form[field].value()))


def _has_rows(formset: Any) -> bool:
    return formset is not None and bool(formset.forms)
