"""Time to write the lists of a large province, and whether LibreOffice opens them without a word.

    python -m benchmarks.lists.write [--rows 50000] [--out FOLDER]

The rows are invented: names drawn from a short list, every record open, three candidates beside each. LibreOffice is asked to read the
workbook and write it as CSV; that the ID and the Vietnamese come back as they were is checked row by row. Without it the check is
skipped, and said to be.
"""

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from connectors.conflicts import CONFLICTS
from matching.schemas import CANDIDATES, DECISIONS, RAW_RECORDS, RECORDS, SCHOOLS
from reporting.follow_lists import FollowTables, write_follow_lists
from reporting.open_rows import ListFacts, ListTables
from reporting.unmatched import write_commune_workbooks, write_school_workbooks, write_unmatched
from reporting.verification import verification

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Võ", "Đặng", "Bùi", "Đỗ")
MIDDLE = ("Thị", "Văn", "Ngọc", "Thị Thuỳ", "Đức", "Minh", "Thanh", "Gia")
GIVEN = ("Hòa", "Ước", "Quỳnh", "Đạt", "An", "Ân", "Bảo", "Ý", "Yến", "Vượng", "Lan", "Ngữ")
REASONS = (
    "name_differs",
    "birth_date_differs",
    "nobody_found",
    "several_fit",
    "number_wrong_form",
    "number_unknown",
)
SCHOOLS_OF_PROVINCE = 800
TODAY = date(2026, 11, 21)


def partition(rows: int) -> ListTables:
    """A province of `rows` open students."""
    draw = np.random.default_rng(7)

    def pick(words: tuple[str, ...]) -> np.ndarray:
        return np.array(words, dtype=object)[draw.integers(len(words), size=rows)]

    names = pick(FAMILY) + " " + pick(MIDDLE) + " " + pick(GIVEN)
    ids = [f"{number:010d}" for number in range(rows)]
    schools = [f"79{number:06d}" for number in draw.integers(SCHOOLS_OF_PROVINCE, size=rows)]
    numbers = [f"0793{tail:08d}" for tail in draw.integers(10**8, size=rows)]
    reasons = pick(REASONS)
    born = [date(2010 + int(year), 1 + int(month), 1 + int(day))
            for year, month, day in zip(*(draw.integers(high, size=rows) for high in (8, 12, 28)), strict=True)]  # fmt: skip
    kind = ["student"] * rows
    shared = {"kind": kind, "record_id": ids}
    evidence = [{"name": "one_edit", "birth_date": "day_month_swapped"}] * rows
    decisions = {**shared, "outcome": ["unlinked"] * rows, "reason": reasons, "evidence": evidence}
    records = {
        **shared, "province": ["79"] * rows, "school_code": schools, "level": ["primary"] * rows, "grade": ["5"] * rows,
        "birth_from": born, "birth_to": born, "birth_precision": ["day"] * rows, "claimed_id": numbers,
        "claimed_form": ["personal"] * rows, "residence_commune": ["27226"] * rows,
    }  # fmt: skip
    raw = {
        **shared, "province": ["79"] * rows, "school_code": schools, "level": ["primary"] * rows, "grade": ["5"] * rows,
        "full_name": names, "birth_date": [f"{day:%d/%m/%Y}" for day in born], "gender": ["Nữ"] * rows,
        "birth_place": ["Thừa Thiên Huế"] * rows, "claimed_id": numbers,
    }  # fmt: skip
    return ListTables(
        _table(decisions, DECISIONS),
        pa.concat_tables([_candidates(ids, names, rank) for rank in (1, 2, 3)]),
        _table(records, RECORDS),
        _table(raw, RAW_RECORDS),
        _schools(),
    )


def _table(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    rows = len(columns["record_id"])  # type: ignore[arg-type]
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _candidates(ids: list[str], names: np.ndarray, rank: int) -> pa.Table:
    rows = len(ids)
    columns = {
        "kind": ["student"] * rows, "record_id": ids, "rank": [rank] * rows, "match_probability": [0.4 / rank] * rows,
        "personal_id": [f"0793{rank}{place:07d}" for place in range(rows)], "entry_full_name": _near(names, rank),
        "entry_birth_date": [date(2014, 3, 4)] * rows, "entry_birth_precision": ["day"] * rows,
        "entry_gender": ["F"] * rows, "entry_birth_province": ["079"] * rows, "entry_status": ["alive"] * rows,
        "evidence": [{"name": "one_edit", "birth_date": "same_day"}] * rows,
    }  # fmt: skip
    return _table(columns, CANDIDATES)


def _near(names: np.ndarray, rank: int) -> list[str]:
    """The best candidate differs by a mark, a letter or the case only; the others have another given name."""
    if rank == 1:
        return [
            (name.replace("Thị", "Thi"), name.replace("n", "m", 1), name.upper())[place % 3]
            for place, name in enumerate(names)
        ]
    return [
        f"{name.rsplit(' ', 1)[0]} {GIVEN[(place + rank) % len(GIVEN)]}" for place, name in enumerate(names)
    ]


def _schools() -> pa.Table:
    rows = [
        {"school_code": f"79{number:06d}", "name": f"Trường Tiểu học Số {number}", "province_code": "79",
         "commune_code": f"{27226 + 3 * (number % 100)}"}
        for number in range(SCHOOLS_OF_PROVINCE)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHOOLS)


def timed(work: Callable[[], list[Path]]) -> dict[str, float]:
    """What it took and what was written; seconds of the processor are what counts on a machine that others share."""
    began, busy = time.perf_counter(), time.process_time()
    files = work()
    return {
        "cpu_seconds": round(time.process_time() - busy, 1),
        "seconds": round(time.perf_counter() - began, 1),
        "files": len(files),
        "MB": round(sum(path.stat().st_size for path in files) / 1e6, 1),
    }


def opened(path: Path, out: Path, rows: int) -> dict[str, object]:
    """What LibreOffice says of a workbook, and whether IDs and names came through it."""
    program = shutil.which("soffice")
    if program is None:
        return {"skipped": "soffice is not installed"}
    command = [
        program, "--headless", f"-env:UserInstallation=file://{out.resolve()}/profile", "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1", "--outdir", str(out), str(path),
    ]  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900)
    seconds = time.perf_counter() - began
    [back] = out.glob("*.csv")
    with back.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream))
    body = [line for line in lines if len(line) > 1 and line[0].isdigit()]
    whole = len(body) == rows and all(len(line[0]) == 10 for line in body)
    words = {word for line in body for word in line[1].split()}
    return {
        "seconds": round(seconds, 1),
        "code": done.returncode,
        "said": [line for line in done.stderr.splitlines() if line.strip() and "javaldx" not in line],
        "ids_are_text": whole,
        "vietnamese_intact": words <= {word for name in (*FAMILY, *MIDDLE, *GIVEN) for word in name.split()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = arguments.out or Path(scratch)
        tables = partition(arguments.rows)
        facts = ListFacts("benchmark", b"k" * 32, lambda number: "p" + number[::-1], synthetic=True)
        followed = FollowTables(
            tables, verification(tables.decisions, tables.records, TODAY), CONFLICTS.empty_table()
        )
        figures: dict[str, object] = {"rows": arguments.rows}
        works: dict[str, Callable[[], list[Path]]] = {
            "province": lambda: write_unmatched(out / "province", tables, facts),
            "communes": lambda: write_commune_workbooks(out / "communes", tables, facts),
            "schools": lambda: write_school_workbooks(out / "schools", tables, facts),
            "follow": lambda: write_follow_lists(out / "follow", "79", followed, facts),
        }
        for name, work in works.items():
            figures[name] = timed(work)
            print(name, figures[name], flush=True)
        (out / "opened").mkdir(exist_ok=True)
        figures["libreoffice"] = opened(
            out / "province" / "unmatched-79.xlsx", out / "opened", arguments.rows
        )
        print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
