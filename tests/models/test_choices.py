"""Each word of the engine has a label for staff, and nothing else has."""

from enum import StrEnum

import pytest

from routing.engine.context import Channel
from routing.engine.decision import Reason
from routing.engine.table import Operator, Purpose, TargetKind
from routing.models import choices


@pytest.mark.parametrize(
    ("kinds", "offered"),
    [
        (Channel, choices.CHANNELS),
        (TargetKind, choices.TARGET_KINDS),
        (Purpose, choices.PURPOSES),
        (Operator, choices.OPERATORS),
        (Reason, choices.REASONS),
    ],
)
def test_choices_cover_the_engine(kinds: type[StrEnum], offered: list[tuple[str, str]]) -> None:
    assert choices.values(offered) == [kind.value for kind in kinds]
    assert all(type(value) is str for value, _ in offered)
