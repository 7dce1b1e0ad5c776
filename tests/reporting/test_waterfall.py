import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from reporting.waterfall import Mark, Step, document, waterfall

STEPS = [
    Step("Before", "", -24.0, "−24,0"),
    Step("Name", "the same", 16.5, "+16,5"),
    Step("Gender", "missing", 0.0, "±0,0"),
    Step("Birth date", "<different> & far", -5.0, "−5,0"),
]


def shapes(steps: list[Step], mark: Mark | None = None) -> ET.Element:
    total = Step("Sum", "", sum(step.weight for step in steps), "?")
    return ET.fromstring(document(waterfall(steps, total, mark, "Picture & title")))


def of(tree: ET.Element, tag: str) -> list[ET.Element]:
    return tree.findall(f".//{{http://www.w3.org/2000/svg}}{tag}")


def test_the_picture_is_valid_and_runs_nothing() -> None:
    tree = shapes(STEPS, Mark("nobody", -3.0))
    assert {node.tag.rpartition("}")[2] for node in tree.iter()} == {"svg", "rect", "line", "text"}
    assert tree.get("aria-label") == "Picture & title"
    assert "<different> & far" in {node.text for node in of(tree, "text")}


def test_each_bar_begins_where_the_one_before_ended() -> None:
    _background, start, name, date, total = of(shapes(STEPS), "rect")

    def ends(node: ET.Element) -> tuple[float, float]:
        left = float(node.get("x", "0"))
        return left, left + float(node.get("width", "0"))

    assert abs(ends(name)[0] - ends(start)[0]) < 0.02  # up from where "before" went down to
    assert abs(ends(date)[1] - ends(name)[1]) < 0.02  # down from there
    assert abs(ends(total)[0] - ends(date)[0]) < 0.02  # a negative sum reaches from there to zero
    assert abs(ends(total)[1] - ends(start)[1]) < 0.02


def test_up_and_down_differ_without_colour() -> None:
    _background, start, name, *_ = of(shapes(STEPS), "rect")
    assert start.get("fill") == "#ffffff"
    assert name.get("fill") != "#ffffff"


@given(st.lists(st.floats(-400, 400), min_size=1, max_size=12), st.floats(-500, 500))
def test_every_shape_lies_inside(weights: list[float], mark: float) -> None:
    steps = [Step("a", "b", weight, f"{weight:+.1f}") for weight in weights]
    tree = shapes(steps, Mark("nobody", mark))
    left, _, width, _ = map(float, tree.get("viewBox", "").split())
    for node in of(tree, "rect"):
        assert left <= float(node.get("x", "0"))
        assert float(node.get("x", "0")) + float(node.get("width", "0")) <= left + width + 0.02
