"""The rates of a run as a workbook for people who go on reckoning in Excel: by province, by school level, by reason.

The same figures as in the report and in rates.csv; numbers are numbers, and a rate stands beside the two it is made of.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyarrow as pa

from connectors.files_out import whole_file
from matching.decision import Outcome
from matching.explain import actors
from matching.schemas import KINDS
from reporting.places import province_names
from reporting.rates import OUTCOMES, breakdown, totals
from reporting.school_levels import school_levels
from reporting.texts import Texts, texts

SHOWN = ("linked", "in_scope", "rate", "clerical_review", "unlinked", "left_out")
"""The figures of each group, in the order of their columns."""

NOTHING_FURTHER: Mapping[str, pd.DataFrame] = MappingProxyType({})


def write_rates_workbook(
    out: Path, counted: pa.Table, language: str = "vi", further: Mapping[str, pd.DataFrame] = NOTHING_FURTHER
) -> Path:
    """Write `rates.xlsx` into the folder `out`.

    Args:
        out: Where to.
        counted: `reporting.rates.LINK_RATES`.
        language: vi or en.
        further: More sheets, name → table (`reporting.report_sheets`).
    """
    text = texts(language)
    names, by_level = province_names(), counted.schema.get_field_index("level")
    grouped = counted.set_column(by_level, "level", school_levels(counted["level"]))
    sheets = {
        text("report.province"): _by(counted, "province", names.of_2025, text, "report.province"),
        text("report.level"): _by(
            grouped, "level", lambda word: text.label("level_of_school", word), text, "report.level"
        ),
        text("report.reason"): _reasons(counted, text),
        **further,
    }
    path = out / "rates.xlsx"
    with whole_file(path) as file:
        file.write(workbook(sheets))
    return path


def _by(
    counted: pa.Table, column: str, name_of: Callable[[str | None], str], text: Texts, heading: str
) -> pd.DataFrame:
    """One row per kind and value of a column, then a sum per kind."""
    groups, sums = totals(counted, ["kind", column]), totals(counted, ["kind"])
    names = [*map(name_of, groups[column].to_pylist()), *[text("report.sum")] * len(sums)]
    figures = pd.concat([groups.to_pandas(), sums.to_pandas()], ignore_index=True).assign(name=names)
    figures["rate"] = (figures["linked"] / figures["in_scope"].where(figures["in_scope"] > 0)).round(4)
    figures["order"] = figures["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    figures["kind"] = figures["kind"].map({kind: text(f"kinds.{kind}") for kind in KINDS})
    shown: pd.DataFrame = figures.sort_values("order", kind="stable")[["kind", "name", *SHOWN]]
    shown.columns = pd.Index([text("report.kind"), text(heading), *(_heading(name, text) for name in SHOWN)])
    return shown


def _heading(name: str, text: Texts) -> str:
    own = {"in_scope": "report.in_scope", "rate": "report.rate", "left_out": "report.out_of_scope"}
    return text(own.get(name, f"outcome.{name}"))


def _reasons(counted: pa.Table, text: Texts) -> pd.DataFrame:
    """Open records by reason and who must act, a column per kind; the most frequent reason first."""
    rows = breakdown(counted, ["kind", "reason"], [name for name in OUTCOMES if name != Outcome.LINKED])
    table = rows.to_pandas().pivot_table(index="reason", columns="kind", values="records", aggfunc="sum")
    by_kind = table.reindex(columns=list(KINDS)).fillna(0).astype(int)
    by_kind["sum"] = by_kind.sum(axis=1)
    ordered = by_kind.sort_values("sum", ascending=False)
    who = [", ".join(text(f"actor.{actor}") for actor in actors(reason)) for reason in ordered.index]
    named = [text(f"reason.{reason}") for reason in ordered.index]
    shown = pd.DataFrame({text("report.reason"): named, text("column.actor"): who})
    for kind in KINDS:
        shown[text(f"kinds.{kind}")] = ordered[kind].to_numpy()
    shown[text("report.sum")] = ordered["sum"].to_numpy()
    return shown


def workbook(sheets: dict[str, pd.DataFrame]) -> bytes:
    """One sheet per table: its header stays in sight, its columns are as wide as their texts, shares read as per cent."""
    stream = BytesIO()
    with pd.ExcelWriter(stream, engine="xlsxwriter") as writer:
        for title, table in sheets.items():
            table.to_excel(writer, sheet_name=title, index=False)
            sheet, per_cent = writer.sheets[title], writer.book.add_format({"num_format": "0.0 %"})
            sheet.freeze_panes(1, 1)
            sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
            for position, column in enumerate(table.columns):
                texts_of = table[column].astype(str)
                width = (
                    max(len(str(column)), int(texts_of.str.len().fillna(0).max()) if len(table) else 0) + 2
                )
                share = table[column].dtype.kind == "f"
                sheet.set_column(position, position, min(width, 60), per_cent if share else None)
    return stream.getvalue()
