"""Where the pictures put what they show: read from the SVG, in the units of its axes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from listening_test.analysis.figures import Series, boxes, violins

MUSHRA, FIVE = (0.0, 100.0), (1.0, 5.0)
COLOURS = {"var(--series-0, #0072b2)": "system", "var(--other, #6b7280)": "other", "currentColor": "ink"}
POINTS_PER_INCH = 72
OPACITIES = ("opacity", "fill-opacity", "stroke-opacity")
LARGEST_DOT = 5.0  # points; what matplotlib repeats is a marker, or a surface

VALUES = np.array([59.0, 42, 44, 72, 46, 48, 50, 40])  # quartiles 43 and 54.5: 72 lies beyond 71.75, 59 is the last


class Mark(NamedTuple):
    """A line, ``width`` points wide, or a surface, which has no width; its points as (score, row)."""

    colour: str
    width: float
    opacity: float
    points: tuple[tuple[float, float], ...]


class Dot(NamedTuple):
    """A marker: its colour, how opaque it is within, half its size, how many lines and curves bound it, and where."""

    colour: str
    opacity: float
    size: float
    sides: int
    score: float
    row: float


@dataclass(frozen=True)
class Drawn:
    width: float
    height: float
    left: float
    marks: list[Mark | Dot]
    """In the order of drawing: what comes later lies on top."""
    texts: dict[str, tuple[float, float]]
    """Text to where it stands, in points of the page."""


def drawn(svg: str, limits: tuple[float, float], rows: int) -> Drawn:
    """What is drawn between the axes, whose scales are those that the page promises."""
    root = ElementTree.fromstring(svg)
    [frame] = root.iter("rect")
    left, top, across, down = (float(frame.get(name, "")) for name in ("x", "y", "width", "height"))
    margin = 0.015 * (limits[1] - limits[0])
    scores = limits[1] - limits[0] + 2 * margin

    def place(x: float, y: float) -> tuple[float, float]:
        return limits[0] - margin + (x - left) / across * scores, -0.55 + (y - top) / down * (rows + 0.1)

    shapes = {one.get("id"): one.get("d", "") for one in root.iter("path") if one.get("id")}
    marks: list[Mark | Dot] = []
    for one in root.iter():
        style = dict(part.split(": ", 1) for part in one.get("style", "").split("; ") if ": " in part)
        colour = COLOURS.get(style.get("stroke", "none")) or COLOURS.get(style.get("fill", "none"))
        opacity = float(next((style[name] for name in OPACITIES if name in style), 1))
        if colour and one.tag == "use":
            shape = shapes[one.get("href", "")[1:]]
            outline, (x, y) = _points(shape), (float(one.get(name, "")) for name in ("x", "y"))
            size = max(abs(number) for point in outline for number in point)
            if size > LARGEST_DOT:
                marks.append(Mark(colour, 0, opacity, tuple(place(x + right, y + below) for right, below in outline)))
            else:
                marks.append(Dot(colour, opacity, size, len(re.findall("[LCz]", shape)), *place(x, y)))
        elif colour and one.tag == "path" and not one.get("id"):
            width = float(style.get("stroke-width", 0))
            marks.append(Mark(colour, width, opacity, tuple(place(*point) for point in _points(one.get("d", "")))))
    texts = {one.text or "": (float(one.get("x", "")), float(one.get("y", ""))) for one in root.iter("text")}
    width, height = map(float, root.get("viewBox", "").split()[2:])
    return Drawn(width, height, left, marks, texts)


def _points(path: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def mark(colour: str, width: float, *points: tuple[float, float], opacity: float = 1.0) -> Mark:
    near = tuple((pytest.approx(score, abs=0.01), pytest.approx(row, abs=0.002)) for score, row in points)
    return Mark(colour, width, opacity, near)  # type: ignore[arg-type]


def dot(colour: str, size: float, sides: int, score: float, row: float, opacity: float = 1.0) -> Dot:
    """Expected, as exactly as an SVG with two decimals can say."""
    return Dot(colour, opacity, size, sides, pytest.approx(score, abs=0.01), pytest.approx(row, abs=0.002))


def series(name: str, values: np.ndarray, mean: float = 50.0, system: bool = True) -> Series:
    return Series(name, values, mean, mean - 5, mean + 8, system)


def test_a_box_with_its_whiskers_outliers_and_mean():
    two = series("b", np.append(VALUES, 10.0) + 5, 55.0, system=False)
    found = drawn(boxes([series("a", VALUES), two], MUSHRA, "label"), MUSHRA, 2)
    outline = [(43, -0.28), (54.5, -0.28), (54.5, 0.28), (43, 0.28)]
    lower = [(47, 0.72), (55, 0.72), (55, 1.28), (47, 1.28)]  # of 15, 45, 47, 49, 51, 53, 55, 64, 77
    assert found.marks == [
        mark("system", 0, *outline, opacity=0.16),
        mark("other", 0, *lower, opacity=0.16),
        mark("system", 1.1, *outline, outline[0]),
        mark("system", 1.1, (40, 0), (43, 0)),
        mark("system", 1.1, (54.5, 0), (59, 0)),
        mark("system", 1.1, (40, -0.12), (40, 0.12)),
        mark("system", 1.1, (59, -0.12), (59, 0.12)),
        mark("system", 2.2, (47, -0.28), (47, 0.28)),
        dot("system", 1.3, 9, 72, -0.15, opacity=0),
        mark("other", 1.1, *lower, lower[0]),
        mark("other", 1.1, (45, 1), (47, 1)),
        mark("other", 1.1, (55, 1), (64, 1)),
        mark("other", 1.1, (45, 0.88), (45, 1.12)),
        mark("other", 1.1, (64, 0.88), (64, 1.12)),
        mark("other", 2.2, (51, 0.72), (51, 1.28)),
        dot("other", 1.3, 9, 15, 0.85, opacity=0),
        dot("other", 1.3, 9, 77, 1.0354, opacity=0),  # beside the other, or both would look like one
        dot("ink", 3.18, 4, 50, 0),
        mark("ink", 1.6, (45, 0), (58, 0)),
        dot("ink", 3.18, 4, 55, 1),
        mark("ink", 1.6, (50, 1), (63, 1)),
    ]


def test_a_violin_has_the_shape_of_the_density_and_every_score():
    values = VALUES[:4]  # 42, 44, 59, 72
    found = drawn(violins([series("a", values)], MUSHRA, "label"), MUSHRA, 1)
    surface, ticks, lines = found.marks[0], found.marks[1:5], found.marks[5:]
    grid = np.linspace(0, 100, 201)
    half = gaussian_kde(values)(grid)
    half *= 0.4 / half.max()
    points = np.array(surface.points)
    assert surface[:3] == ("system", 0, 0.28)
    for sign in (-1, 1):
        side = points[sign * points[:, 1] > 0.05]
        assert sign * side[:, 1] == pytest.approx(np.interp(side[:, 0], grid, half), abs=0.003)
        assert (sign * points[:, 1]).max() == pytest.approx(0.4, abs=0.002)
        assert len(side) > 50
    assert ticks == [mark("system", 0.6, (score, -0.1), (score, 0.1), opacity=0.5) for score in values]
    assert lines == [
        mark("ink", 1.8, (51.5, -0.34), (51.5, 0.34)),
        mark("ink", 0.9, (43, -0.22), (43, 0.22)),
        mark("ink", 0.9, (65.5, -0.22), (65.5, 0.22)),
    ]


@pytest.mark.parametrize("values", [[3.0, 4.0], [4.0, 4.0, 4.0]])
def test_too_few_scores_and_equal_ones_have_no_density(values):
    found = drawn(violins([series("a", np.array(values), system=False)], FIVE, "label"), FIVE, 1)
    assert len(found.marks) == len(values) + 3
    assert found.marks[0] == mark("other", 0.6, (values[0], -0.1), (values[0], 0.1), opacity=0.5)


def test_three_scores_with_spread_have_a_density():
    found = drawn(violins([series("a", np.array([3.0, 4.0, 4.0]))], FIVE, "label"), FIVE, 1)
    assert len(found.marks) == 1 + 3 + 3


def test_a_condition_without_scores_has_a_row_and_no_box():
    empty, full = series("empty", np.array([]), np.nan), series("full", VALUES, 50.0)
    assert drawn(violins([empty], MUSHRA, "label"), MUSHRA, 1).marks == []
    found = drawn(boxes([empty, full], MUSHRA, "label"), MUSHRA, 2)
    assert {"empty", "full"} <= set(found.texts)
    assert found.marks[0] == mark("system", 0, (43, 0.72), (54.5, 0.72), (54.5, 1.28), (43, 1.28), opacity=0.16)


@pytest.mark.parametrize(("count", "height"), [(1, 1.36), (2, 1.36), (3, 1.70)])
def test_every_row_has_the_same_height_and_its_name(count, height):
    found = drawn(boxes([series(f"{place}", VALUES) for place in range(count)], FIVE, "label"), FIVE, count)
    assert (found.width, found.height) == pytest.approx((6.2 * POINTS_PER_INCH, height * POINTS_PER_INCH))
    middle = [row.score for row in found.marks if isinstance(row, Dot) and row.colour == "ink"]
    assert len(middle) == count
    names = [found.texts[str(place)][1] for place in range(count)]
    apart = (height - 0.26 - 0.42) * POINTS_PER_INCH / (count + 0.1)
    assert np.diff(names) == pytest.approx(apart, abs=0.02)
    assert names[0] == pytest.approx(0.26 * POINTS_PER_INCH + 0.55 * apart + 3.04, abs=0.02), "in its middle"


def test_the_scale_of_mushra_has_its_bands():
    texts = drawn(boxes([series("a", VALUES)], MUSHRA, "label"), MUSHRA, 1).texts
    assert list(texts) == ["0", "20", "40", "60", "80", "100", "score", "a", "Bad", "Poor", "Fair", "Good", "Excellent"]
    for place, band in enumerate(("Bad", "Poor", "Fair", "Good", "Excellent")):
        low, high = (texts[str(20 * (place + step))][0] for step in (0, 1))
        assert texts[band][0] == pytest.approx((low + high) / 2, abs=0.02)
        assert 0 < texts[band][1] < 0.26 * POINTS_PER_INCH
    five = drawn(boxes([series("a", VALUES / 20)], FIVE, "label"), FIVE, 1).texts
    assert "Bad" not in five
    assert {"1.0", "5.0"} <= set(five) or {"1", "5"} <= set(five)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x" * 30, "x" * 30),
        ("abcdefghijklmnopqrstuvwxyz01234", "abcdefghijklmnopqrstu…xyz01234"),
        ("two\n words ", "two words"),
    ],
)
def test_long_names_keep_both_ends_and_have_room(name, shown):
    found = drawn(boxes([series("a", VALUES), series(name, VALUES)], MUSHRA, "label"), MUSHRA, 2)
    assert shown in found.texts
    assert found.left == pytest.approx((0.03 + 0.0105 * len(shown)) * found.width, abs=0.01)


def test_pictures_tell_their_label_to_those_who_do_not_see():
    for draw in (boxes, violins):
        svg = draw([series("a", VALUES)], MUSHRA, "Scores <of> each")
        assert svg.startswith('<svg role="img" aria-label="Scores &lt;of&gt; each" ')
