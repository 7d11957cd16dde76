"""Colours that everybody can read and tell apart.

Formulas: contrast of WCAG 2.2, colour blindness of Machado and others (2009), distance of CIE 1976.
"""

import itertools

import pytest

from dashboards import colours
from tests.dashboards.generated import DASHBOARDS, KEYS, walk

WHITE, BACKGROUND = "#FFFFFF", "#181B1F"  # text on a verdict; a panel of Grafana's dark theme
VERDICTS = (colours.QUIET, colours.LOOK, colours.TROUBLE, colours.NO_DATA)
# How a display's linear red, green and blue look to someone who lacks one kind of cone.
BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def contrast(one, other):
    lights = [
        sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True)) + 0.05
        for colour in (one, other)
    ]
    return max(lights) / min(lights)


def lab(colour, blindness):
    seen = [
        min(1, max(0, sum(m * v for m, v in zip(row, linear(colour), strict=True))))
        for row in BLINDNESS[blindness]
    ]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    whites = (0.9505, 1.0, 1.089)
    xyz = [
        sum(m * v for m, v in zip(row, seen, strict=True)) / white
        for row, white in zip(to_xyz, whites, strict=True)
    ]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def apart(one, other, blindness):
    pairs = zip(lab(one, blindness), lab(other, blindness), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


@pytest.mark.parametrize("colour", VERDICTS)
def test_white_can_be_read_on_every_verdict(colour):
    assert contrast(colour, WHITE) >= 4.5


@pytest.mark.parametrize("colour", [*colours.SERIES, colours.BAR, colours.NOBODY])
def test_every_line_stands_out_from_the_background(colour):
    assert contrast(colour, BACKGROUND) >= 3


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_series_can_be_told_apart_without_one_kind_of_cone(blindness):
    side_by_side = (*colours.SERIES[:5], colours.NOBODY)
    for one, other in itertools.combinations(side_by_side, 2):
        assert apart(one, other, blindness) >= 20, (one, other)


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_verdicts_can_be_told_apart_without_one_kind_of_cone(blindness):
    for one, other in itertools.combinations(VERDICTS, 2):
        assert apart(one, other, blindness) >= 10, (one, other)


@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_no_dashboard_uses_any_other_colour_nor_a_palette_of_grafana(key):
    ours = {*VERDICTS, *colours.SERIES, colours.BAR, colours.NOBODY}
    for value in walk(DASHBOARDS[key]):
        if isinstance(value, dict):
            found = [value.get("fixedColor"), value.get("iconColor"), value.get("color")]
            assert {colour for colour in found if isinstance(colour, str)} <= ours
            if isinstance(value.get("color"), dict):
                assert value["color"]["mode"] in ("fixed", "thresholds", "shades")
