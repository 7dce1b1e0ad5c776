"""Files that only their owner may read, put in place whole: text, and CSV as Excel and machines both take it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reporting.cells import guarded

OWNER_ONLY = 0o600


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to, empty and for the owner only; it becomes `path` at the end.

    So a reader never sees half a file, and an error leaves what was there before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=OWNER_ONLY, exist_ok=False)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    """Write `text` as UTF-8."""
    with placed(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """UTF-8 with BOM (else Excel guesses the encoding), CRLF, cells that look like formulas guarded."""
    with placed(path) as part, part.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows([guarded(cell) for cell in row] for row in rows)
    return path
