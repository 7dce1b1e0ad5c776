import xml.etree.ElementTree as ET

import numpy as np

from benchmarks.quality.compare import missed_ratios
from benchmarks.quality.curves import Curve
from benchmarks.quality.svg import Series, picture


def _points(text, dashed):
    lines = list(ET.fromstring(text).iter("{http://www.w3.org/2000/svg}polyline"))
    return [line for line in lines if ("stroke-dasharray" in line.attrib) == dashed]


def test_curves_differ_without_colour():
    text = picture(
        [
            (
                "teacher",
                [
                    Series("a", [(0.0, 0.96), (1.0, 0.99)], dashed=False),
                    Series("b", [(0.0, 0.95), (1.0, 0.98)], dashed=True),
                ],
                (0.5, 0.98),
            )
        ]
    )
    assert len(_points(text, dashed=False)) == len(_points(text, dashed=True)) == 1


def test_missed_links_at_the_same_rate():
    def swept(found):
        return Curve(np.array([0.9]), np.array([found]), np.array([0]), 100)

    assert missed_ratios(swept(98), swept(96), (1.0,)) == {"1.00": 0.5}
    assert missed_ratios(swept(98), swept(100), (1.0,)) == {"1.00": None}
