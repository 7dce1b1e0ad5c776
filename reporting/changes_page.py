"""What a run changed as a page: one HTML file that opens offline and prints, in the dress of the report."""

from importlib import resources
from pathlib import Path

from markupsafe import Markup

from connectors.files_out import whole_file
from connectors.run_diff import Change
from reporting.report import content_policy, environment
from reporting.run_changes import ORDER, RunChanges, change_lines
from reporting.texts import Texts

FILE = "changes.html"
MOST = 500
"""Rows of one list on the page; the workbook has them all."""


def write_changes_page(path: Path, changes: RunChanges, text: Texts) -> Path:
    """Write the page."""
    with whole_file(path) as stream:
        stream.write(render_changes(changes, text).encode())
    return path


def render_changes(changes: RunChanges, text: Texts) -> str:
    """The page as one HTML document."""
    css = Markup((resources.files("reporting") / "templates" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)
    lines = {change: tuple(change_lines(changes.rows(change).slice(0, MOST), text)) for change in ORDER}
    template = environment().get_template("changes.html.j2")
    return template.render(
        t=text, changes=changes, lines=lines, order=ORDER, Change=Change, css=css, policy=content_policy(css)
    )
