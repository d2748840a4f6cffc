"""Charts are drawn to scale: a decade is as long as the next one."""

import re
from xml.etree import ElementTree as ET

from benchmarks.chart import draw


def test_decades_are_of_one_length() -> None:
    chart = draw("Time & rules", "rules", "µs", {"index": [(10, 1), (100, 10), (1_000, 100)], "walk": [(10, 1.5)]})

    ET.fromstring(chart)
    first = re.findall(r'points="([^"]+)"', chart)[0]
    places = [tuple(map(float, pair.split(","))) for pair in first.split()]
    steps = [(x - before_x, y - before_y) for (x, y), (before_x, before_y) in zip(places[1:], places, strict=False)]
    assert abs(steps[0][0] - steps[1][0]) < 0.2
    assert steps[0][0] > 0, "more rules stand to the right"
    assert abs(steps[0][1] - steps[1][1]) < 0.2
    assert steps[0][1] < 0, "more time stands higher"


def test_names_of_lines_that_end_together_stand_apart() -> None:
    chart = draw("Rate", "processes", "requests/s", {"one": [(1, 100), (8, 2_000)], "two": [(1, 90), (8, 2_010)]})

    heights = [float(each) for each in re.findall(r'y="([\d.]+)" fill="#\w+">(?:one|two)<', chart)]
    assert heights[0] - heights[1] >= 14
