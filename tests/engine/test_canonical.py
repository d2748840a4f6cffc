"""JSON in pieces is the JSON of the whole."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.canonical import AT_ONCE, PieceDecoder, PieceEncoder, checksum_of, json_pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def whole(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(VALUES)
def test_pieces_make_the_whole(value: Any) -> None:
    text = json.dumps(value, cls=PieceEncoder)

    assert text == whole(value)
    assert json.loads(text, cls=PieceDecoder) == value


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE, 1_234])
def test_long_lists_come_in_pieces(count: int) -> None:
    document = {"rules": [{"key": f"ré{place}", "b": [1], "a": None} for place in range(count)], "default": "x"}

    pieces = list(json_pieces(document))

    assert "".join(pieces) == whole(document)
    assert max(map(len, pieces)) < 5_000
    assert checksum_of(document) == hashlib.sha256(whole(document).encode()).hexdigest()
