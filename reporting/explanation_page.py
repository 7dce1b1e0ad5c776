"""A decision laid open as one HTML file, under the same content policy as the report: no script, nothing loaded."""

from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from connectors.files_out import whole_file
from reporting.cells import plain
from reporting.explanation import Case
from reporting.explanation_words import (
    comparisons_in_words,
    facts_in_words,
    picture,
    probability_in_words,
    values_in_words,
    weight_in_words,
)
from reporting.report import content_policy
from reporting.texts import texts
from reporting.waterfall import document

_STYLES = ("report.css", "explanation.css")


def write_explanation(
    path: Path, case: Case, language: str, *, synthetic: bool, whole_numbers: bool = False
) -> None:
    """Write the page; readable by its owner only.

    Raises:
        UnknownLanguageError: There are no texts in `language`.
    """
    with whole_file(path) as stream:
        stream.write(
            explanation_page(case, language, synthetic=synthetic, whole_numbers=whole_numbers).encode()
        )


def write_picture(path: Path, case: Case, language: str) -> None:
    """Write the waterfall of the best candidate as a file of its own; nothing where no weights were kept.

    Raises:
        UnknownLanguageError: There are no texts in `language`.
    """
    shown = [picture(case, one, texts(language)) for one in case.candidates[:1]]
    if shown and shown[0] is not None:
        with whole_file(path) as stream:
            stream.write(document(shown[0]).encode())


def explanation_page(case: Case, language: str, *, synthetic: bool, whole_numbers: bool = False) -> str:
    """The page.

    Args:
        case: What to explain.
        language: vi or en.
        synthetic: Say that no real person is in it.
        whole_numbers: Show personal IDs with all their digits.
    """
    text, css = texts(language), _css()
    return (
        _environment()
        .get_template("explanation.html.j2")
        .render(
            t=text,
            case=case,
            record=plain(case.decision["record_id"]),
            facts=facts_in_words(case, text),
            values=values_in_words(case, text, whole_numbers=whole_numbers),
            comparisons=comparisons_in_words(case, text),
            pictures=[shown for one in case.candidates if (shown := picture(case, one, text)) is not None],
            probability=lambda value: probability_in_words(value, text),
            weight=lambda value: weight_in_words(value, text),
            css=css,
            policy=content_policy(css),
            synthetic=synthetic,
        )
    )


@cache
def _css() -> Markup:
    folder = resources.files("reporting") / "templates"
    return Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in _STYLES))  # noqa: S704 - our own files


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
