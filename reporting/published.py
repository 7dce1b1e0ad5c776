"""The report for everybody: sums without schools, small cells left out, and nothing about how the run went inside.

Each table is shown with its sums, and what would let a reader work out a small cell is left out with it (`reporting.suppression`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from markupsafe import Markup

from connectors.files_out import whole_file
from reporting.facts import ReportFacts
from reporting.places import province_names
from reporting.report import content_policy, environment, moment
from reporting.report_view import Figures, ReportView, view
from reporting.suppression import SMALLEST, hidden
from reporting.texts import Texts, texts
from reporting.verification import State

LEFT_OUT = "×"
"""Stands where a figure is left out."""


@dataclass(frozen=True)
class Line:
    """A row of a published table, as text."""

    name: str
    cells: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """One published table."""

    title: str
    about: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]


def write_published(out: Path, facts: ReportFacts, language: str = "vi") -> Path:
    """Write `published.html` (Vietnamese) or `published.en.html` into the folder `out`.

    Raises:
        UnknownLanguageError: There are no texts in `language`.
    """
    name = "published.html" if language == "vi" else f"published.{language}.html"
    with whole_file(out / name) as stream:
        stream.write(render_published(facts, language).encode())
    return out / name


def render_published(facts: ReportFacts, language: str = "vi") -> str:
    """The published report as one HTML document."""
    text = texts(language)
    css = Markup((resources.files("reporting") / "templates" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    template = environment().get_template("published.html.j2")
    return template.render(
        t=text,
        run=facts.run,
        css=css,
        policy=content_policy(css),
        tables=published_tables(facts, text),
        as_of=moment(text, facts.run.registry.as_of),
        finished=moment(text, facts.run.finished),
        smallest=SMALLEST,
        left_out=LEFT_OUT,
    )


def published_tables(facts: ReportFacts, text: Texts) -> list[Table]:
    """Every table of the published report, small cells left out."""
    shown = view(facts)
    return [
        _outcomes("report.title_kinds", "", _kinds(shown, text), text, sums=False),
        *[
            _outcomes("report.provinces", text(f"kinds.{kind.kind}"), _provinces(shown, place, text), text)
            for place, kind in enumerate(shown.kinds)
        ],
        *[
            _outcomes("report.levels", text(f"kinds.{kind.kind}"), _levels(shown, kind.kind, text), text)
            for kind in shown.kinds
        ],
        _states(shown, text),
    ]


def _kinds(shown: ReportView, text: Texts) -> list[tuple[str, Figures]]:
    return [(text(f"kinds.{kind.kind}"), kind.figures) for kind in shown.kinds]


def _provinces(shown: ReportView, place: int, text: Texts) -> list[tuple[str, Figures]]:
    names = province_names()
    return [
        (names.of_2025(one.code) if one.code else text("report.no_province"), figures)
        for one in shown.provinces
        if (figures := one.by_kind[place]) is not None
    ]


def _levels(shown: ReportView, kind: str, text: Texts) -> list[tuple[str, Figures]]:
    """Levels only: grade 12 is a part of one of them, and stands apart in the states."""
    return [
        (text.label("level_of_school", level.level), level.figures)
        for level in shown.levels
        if level.kind == kind and not level.grade_12
    ]


def _outcomes(
    title: str, about: str, groups: Sequence[tuple[str, Figures]], text: Texts, *, sums: bool = True
) -> Table:
    """Linked, open, in scope and rate of each group, and of all of them where they add up."""
    cells = [(figures.linked, figures.open) for _, figures in groups]
    mask = hidden(cells) if sums else [hidden([row])[0] for row in cells]
    lines = [
        _line(name, linked, opened, masked, text)
        for (name, _), (linked, opened), masked in zip(groups, cells, mask, strict=True)
    ]
    whole = tuple(map(sum, zip(*cells, strict=True))) or (0, 0)
    if sums and len(groups) > 1:
        small = [0 < count < SMALLEST for count in whole]
        lines.append(_line(text("report.sum"), whole[0], whole[1], [any(small)] * 2, text, strong=True))
    headings = ("outcome.linked", "report.not_linked", "report.in_scope", "report.rate")
    return Table(text(title), about, tuple(map(text, headings)), tuple(lines))


def _line(
    name: str, linked: int, opened: int, mask: Sequence[bool], text: Texts, *, strong: bool = False
) -> Line:
    whole = linked + opened
    small = 0 < whole < SMALLEST
    shown = [
        LEFT_OUT if mask[0] or small else text.number(linked),
        LEFT_OUT if mask[1] or small else text.number(opened),
        LEFT_OUT if small else text.number(whole),
        LEFT_OUT if any(mask) or small else text.share(linked, whole),
    ]
    return Line(name, tuple(shown), strong)


def _states(shown: ReportView, text: Texts) -> Table:
    lines = shown.states.lines
    mask = [hidden([line.by_state])[0] for line in lines]
    rows = [
        Line(
            text(f"cohort.{line.cohort}") if line.cohort else text(f"kinds.{line.kind}"),
            (
                *(LEFT_OUT if left_out else text.number(count)
                  for count, left_out in zip(line.by_state, masked, strict=True)),
                LEFT_OUT if 0 < line.records < SMALLEST else text.number(line.records),
            ),
        )
        for line, masked in zip(lines, mask, strict=True)
    ]  # fmt: skip
    headings = [*(text(f"state.{state}") for state in State), text("report.in_scope")]
    return Table(text("report.states"), text("report.states_lead"), tuple(headings), tuple(rows))
