"""The lists of records that did not match: CSV for machines and a workbook for people, per province or school.

Every record in scope that is not linked is in a list, with what the school typed, why it is open, the field
that differs, who must act, and up to three candidates. Numbers are masked to their last four digits; ethnicity
and religion are not in the data at all.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from connectors.files_out import write_csv
from connectors.worklist import COLUMNS
from reporting.open_rows import ListFacts, ListRow, ListTables, rows_by_province
from reporting.texts import texts
from reporting.workbook import write_workbook

_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def write_unmatched(out: Path, tables: ListTables, facts: ListFacts) -> list[Path]:
    """Write the lists of every province in `tables` into the folder `out`.

    Per province `unmatched-<province>-<kind>.csv` for each kind that has open records, and
    `unmatched-<province>.xlsx` with a sheet for each. A province without open records has no file.

    Returns:
        The files, by province.
    """
    files: list[Path] = []
    for province, rows in rows_by_province(tables, facts):
        stem = f"unmatched-{in_file_name(province)}"
        kinds = _by_kind(rows)
        files += [write_list(out / f"{stem}-{kind}.csv", some) for kind, some in kinds.items()]
        files.append(_workbook(out / f"{stem}.xlsx", kinds, facts))
    return files


def write_school_workbooks(out: Path, tables: ListTables, facts: ListFacts) -> list[Path]:
    """Write `<province>/unmatched-<school>.xlsx` for every school with open records, and in it only its own."""
    files: list[Path] = []
    for province, rows in rows_by_province(tables, facts):
        folder = out / in_file_name(province)
        schools = sorted(rows, key=lambda row: row.cells["school_code"])  # stable: kinds stay together
        for school, some in groupby(schools, key=lambda row: row.cells["school_code"]):
            files.append(_workbook(folder / f"unmatched-{in_file_name(school)}.xlsx", _by_kind(some), facts))
    return files


def write_commune_workbooks(out: Path, tables: ListTables, facts: ListFacts) -> list[Path]:
    """Write `<province>/unmatched-<commune>.xlsx` for every commune with open records, in it those of its schools, school after school."""
    communes = dict(
        zip(*(tables.schools[name].to_pylist() for name in ("school_code", "commune_code")), strict=True)
    )
    files: list[Path] = []
    for province, rows in rows_by_province(tables, facts):
        parts: dict[str | None, list[ListRow]] = {}
        for row in rows:
            parts.setdefault(communes.get(row.cells["school_code"]), []).append(row)
        for commune in sorted(parts, key=lambda code: code or ""):
            path = out / in_file_name(province) / f"unmatched-{in_file_name(commune)}.xlsx"
            files.append(_workbook(path, _by_kind(parts[commune]), facts))
    return files


def write_list(path: Path, rows: Sequence[ListRow]) -> Path:
    """Write one list as CSV, its columns `connectors.worklist.COLUMNS`."""
    columns = {column: [row.cells.get(column, "") for row in rows] for column in COLUMNS}
    write_csv(pa.table(columns, pa.schema([(column, pa.string()) for column in COLUMNS])), path)
    return path


def in_file_name(code: str | None) -> str:
    """`code` as a part of a file name; what could name another file becomes a short digest."""
    if not code:
        return "none"
    return code if _FILE_NAME.fullmatch(code) else "x" + sha256(code.encode(errors="replace")).hexdigest()[:8]


def _by_kind(rows: Iterable[ListRow]) -> dict[str, list[ListRow]]:
    return {kind: list(some) for kind, some in groupby(rows, key=lambda row: row.cells["kind"])}


def _workbook(path: Path, kinds: dict[str, list[ListRow]], facts: ListFacts) -> Path:
    return write_workbook(path, kinds, texts(facts.language), facts.run, synthetic=facts.synthetic)
