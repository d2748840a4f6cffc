"""Table files that are made to eat the machine: refused, quickly and without much memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from routing.engine.document import read_document
from routing.engine.errors import TableErrors
from routing.snapshot.tablefile import LARGEST_BYTES, read_text

SECONDS, PEAK = 10.0, 400 * 1024 * 1024  # of a file of 20 MB at most; a bomb would need gigabytes
LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))],
)
BOMBS = {
    "a billion laughs": LAUGHS,
    "an alias of itself": "a: &a [*a]",
    "a merge of itself": "a: &a\n  <<: *a",
    "a tag that runs a program": "rules: !!python/object/apply:os.system [touch /tmp/pwned]",
    "a tag that makes an object": "rules: !!python/object/new:os.system [x]",
    "a million brackets": "rules: " + "[" * 1_000_000,
    "a million maps in JSON": '{"a":' * 1_000_000,
    "a million dashes": "- " * 1_000_000,
    "a long line of quotes": "a: " + "'" * 1_000_000,
    "a number of a million digits": '{"version": ' + "9" * 1_000_000 + "}",
    "many keys that stand twice": "{" + ",".join(f'"{place % 50_000}":1' for place in range(100_000)) + "}",
    "many keys that stand twice in YAML": "\n".join(f"k{place % 10_000}: 1" for place in range(20_000)),
    "too long by far": "a" * (10 * LARGEST_BYTES),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    """Sabotage seen to fail: `read_text` that asks `yaml.unsafe_load` first."""
    text = BOMBS[name]
    tracemalloc.start()
    started = time.process_time()

    with pytest.raises(TableErrors):
        read_document(read_text(text))

    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < PEAK, f"{peak / 1e6:.0f} MB"
    assert seconds < SECONDS, f"{seconds:.1f} s"
