"""The call in hand: named while it is, forgotten after, harmless whatever its id holds."""

import pytest

from routing.telemetry.call_id import call_in_hand, handling_call


def test_a_call_is_named_while_it_is_in_hand() -> None:
    with handling_call("outer"):
        with handling_call("inner"):
            inner = call_in_hand()
        outer = call_in_hand()

    assert (inner, outer, call_in_hand()) == ("inner", "outer", "")


def test_it_is_forgotten_when_something_breaks() -> None:
    with pytest.raises(ZeroDivisionError), handling_call("broken"):
        raise ZeroDivisionError

    assert call_in_hand() == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("a-1", "a-1"), ("x" * 100, "x" * 64), ("a\nforged line", ""), ("\ud800", ""), ("\x1b[31m", "")],
    ids=repr,
)
def test_what_could_break_a_log_line_is_not_kept(given: str, kept: str) -> None:
    with handling_call(given):
        assert call_in_hand() == kept
