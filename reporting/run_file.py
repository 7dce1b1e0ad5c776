"""What a run leaves for machines (`run.json`) and the lines it prints at its end."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from connectors.files_out import whole_file
from reporting.facts import RunFacts, WriteBack
from reporting.places import province_names
from reporting.rates import totals
from reporting.report_view import KindView, figures_of, view_kinds
from reporting.texts import Texts, texts


def write_run_file(
    out: Path,
    run: RunFacts,
    counted: pa.Table,
    files: Sequence[Path] = (),
    write_back: WriteBack | None = None,
) -> Path:
    """Write `run.json` into the folder `out`.

    Args:
        out: The folder of the run.
        run: Its facts.
        counted: Its rates (`reporting.rates.LINK_RATES`).
        files: What it wrote; named relative to `out` where they are below it.
        write_back: What it did to the education database, if anything.
    """
    facts = {
        **asdict(run),
        "counts": {row.pop("kind"): row for row in totals(counted, ["kind"]).to_pylist()},
        "write_back": asdict(write_back) if write_back else None,
        "files": sorted(_below(path, out) for path in files),
    }
    path = out / "run.json"
    with whole_file(path) as stream:
        stream.write(json.dumps(facts, ensure_ascii=False, indent=2).encode() + b"\n")
    return path


def headline(counted: pa.Table, language: str = "vi") -> str:
    """The figures for a terminal: per kind and province linked / in scope (share), and what was left out and why.

    One line per province, one per kind above them when it has several; columns stand under each other.
    """
    text = texts(language)
    lines: list[str] = []
    for kind in view_kinds(counted, None):
        rows = [row for row in totals(counted, ["kind", "province"]).to_pylist() if row["kind"] == kind.kind]
        lines.append(f"{text(f'kinds.{kind.kind}')}: {text.of(kind.figures.linked, kind.figures.in_scope)}")
        lines.append("  " + _left_out(kind, text))
        lines += _table([_cells(row, text) for row in rows]) if len(rows) > 1 else []
    return "\n".join(lines) if lines else text("report.nothing")


def _left_out(kind: KindView, text: Texts) -> str:
    figures = kind.figures
    open_records = (
        f"{text('outcome.clerical_review')} {text.number(figures.clerical_review)}, "
        f"{text('outcome.unlinked')} {text.number(figures.unlinked)}"
    )
    if not kind.left_out:
        return f"{open_records}; {text('report.nothing_left_out')}"
    reasons = ", ".join(
        f"{text.label('left_out', reason)} {text.number(count)}" for reason, count in kind.left_out
    )
    return f"{open_records}; {text('report.left_out', count=text.number(figures.left_out))} {reasons}."


def _cells(row: Mapping[str, object], text: Texts) -> tuple[str, str, str, str]:
    figures = figures_of(row)
    name = province_names().of_2025(str(row["province"])) if row["province"] else text("report.no_province")
    share = text.share(figures.linked, figures.in_scope)
    return name, text.number(figures.linked), text.number(figures.in_scope), f"({share})"


def _table(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    name, linked, whole, share = (max(len(row[place]) for row in rows) for place in range(4))
    return [f"  {row[0]:<{name}}  {row[1]:>{linked}} / {row[2]:>{whole}}  {row[3]:>{share}}" for row in rows]


def _below(path: Path, out: Path) -> str:
    return path.relative_to(out).as_posix() if path.is_relative_to(out) else path.name
