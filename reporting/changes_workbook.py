"""What a run changed as a workbook: a list of those with another ID, of those who lost theirs, of those who gained one."""

from io import BytesIO
from pathlib import Path

from connectors.run_diff import Change
from reporting.list_workbook import Heading, Sheet, pour_lists, write_lists
from reporting.run_changes import ORDER, RunChanges, change_lines
from reporting.texts import Texts

FILE = "changes.xlsx"
MOST = 100_000
"""Rows of one list: more than that nobody reads, and the file would be slow to open."""

_WIDTHS = {
    "kind": 12, "record_id": 16, "full_name": 26, "school_name": 30, "province": 16, "before": 15, "after": 15,
    "why": 70, "written": 14,
}  # fmt: skip


def write_changes_workbook(path: Path, changes: RunChanges, text: Texts) -> Path:
    """Write the workbook; a list without rows has its sheet all the same."""
    return write_lists(path, _sheets(changes, text))


def changes_workbook(changes: RunChanges, text: Texts) -> bytes:
    """The same as bytes."""
    stream = BytesIO()
    pour_lists(stream, _sheets(changes, text))
    return stream.getvalue()


def _sheets(changes: RunChanges, text: Texts) -> list[Sheet]:
    return [_sheet(changes, change, text) for change in ORDER]


def _sheet(changes: RunChanges, change: Change, text: Texts) -> Sheet:
    rows = changes.rows(change).slice(0, MOST)
    about = [text(f"changes.about.{change}", count=text.number(changes.of(change)))]
    if len(rows) < changes.of(change):
        about.append(text("changes.cut", shown=text.number(len(rows))))
    if changes.dry_run:
        about.append(text("changes.dry_run"))
    if changes.synthetic:
        about.append(text("synthetic"))
    lines = [
        (one.kind, one.record_id, one.name, one.school, one.province, one.before, one.after, one.why, _written(one.stopped, changes, text))
        for one in change_lines(rows, text)
    ]  # fmt: skip
    headings = tuple(Heading(text(f"changes.column.{name}"), width) for name, width in _WIDTHS.items())
    return Sheet(text(f"changes.{change}"), " ".join(about), headings, lines)


def _written(stopped: bool, changes: RunChanges, text: Texts) -> str:
    word = "stopped" if stopped else "dry" if changes.dry_run else "yes"
    return text(f"changes.written.{word}")
