"""The figures of the report that rates.xlsx had not: the same numbers, a sheet for each section, numbers as numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from reporting.cells import plain
from reporting.facts import ReportFacts
from reporting.places import province_names
from reporting.report_view import ReportView, view
from reporting.states_view import StateLine, state_lines
from reporting.texts import Texts, texts
from reporting.verification import Age, State


def report_sheets(facts: ReportFacts, language: str = "vi") -> dict[str, pd.DataFrame]:
    """Sheet name → table."""
    text, shown = texts(language), view(facts)
    sheets = {
        "headline": _headline(shown, text),
        "former": _former(shown, text),
        "steps": _steps(shown, text),
        "states": _states(shown, text),
        "states_by_province": _by_province(facts.measures.states, text),
        "holders": _holders(shown, text),
        "quality": _quality(shown, text),
        "sample": _sample(facts, text),
        "progress": _progress(facts.measures.progress, text),
        "schools": _schools(facts.measures.schools, text),
        "provenance": _provenance(facts, text),
    }
    return {text(f"sheet.{name}"): table for name, table in sheets.items()}


def _frame(
    headings: Sequence[str], rows: Sequence[tuple[Any, ...]], shares: Sequence[int] = ()
) -> pd.DataFrame:
    """A table whose columns `shares` are per cent."""
    table = pd.DataFrame(list(rows), columns=pd.Index(list(headings)))
    for place in shares:
        table[headings[place]] = pd.to_numeric(table[headings[place]]).astype("float64")
    return table


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _headline(shown: ReportView, text: Texts) -> pd.DataFrame:
    names = ("linked", "in_scope", "rate", "gained", "clerical_review", "unlinked", "left_out")
    headings = [text("report.kind"), *(_heading(name, text) for name in names)]
    rows = [
        (
            text(f"kinds.{kind.kind}"), kind.figures.linked, kind.figures.in_scope, kind.figures.share, kind.gained,
            kind.figures.clerical_review, kind.figures.unlinked, kind.figures.left_out,
        )
        for kind in shown.kinds
    ]  # fmt: skip
    return _frame(headings, rows, [3])


def _heading(name: str, text: Texts) -> str:
    own = {"in_scope": "report.in_scope", "rate": "report.rate", "left_out": "report.out_of_scope",
           "gained": "sheet.gained"}  # fmt: skip
    return text(own.get(name, f"outcome.{name}"))


def _former(shown: ReportView, text: Texts) -> pd.DataFrame:
    names = province_names()
    rows = [
        (
            names.of_2025(line.province) if line.province else text("report.no_province"),
            names.of_number(line.former) if line.former else text("report.former_unknown"),
            text(f"kinds.{kind.kind}"), *figures, _share(*figures),
        )
        for line in shown.former.lines
        for kind, figures in zip(shown.kinds, line.by_kind, strict=True)
        if figures
    ]  # fmt: skip
    headings = [text("report.province"), text("report.former_province"), text("report.kind"),
                text("outcome.linked"), text("report.in_scope"), text("report.rate")]  # fmt: skip
    return _frame(headings, rows, [5])


def _steps(shown: ReportView, text: Texts) -> pd.DataFrame:
    rows = [
        (
            text(f"kinds.{kind.kind}"), text.label("pass", step.decided_by), step.compared, step.linked,
            _share(step.linked, kind.figures.in_scope), kind.figures.in_scope - step.before - step.linked,
        )
        for kind, steps in shown.steps
        for step in steps
    ]  # fmt: skip
    names = (
        "report.kind",
        "report.step",
        "report.compared",
        "report.records",
        "report.of_scope",
        "report.still_open",
    )
    return _frame([text(name) for name in names], rows, [4])


def _name(line: StateLine, text: Texts) -> str:
    return text(f"cohort.{line.cohort}") if line.cohort else text(f"kinds.{line.kind}")


def _state_headings(text: Texts) -> list[str]:
    figures = ("report.in_scope", "report.collected", "report.overdue")
    return [*(text(f"state.{state}") for state in State), *map(text, figures)]


def _states(shown: ReportView, text: Texts) -> pd.DataFrame:
    rows = [
        (_name(line, text), *line.by_state, line.records, line.collected, line.overdue)
        for line in shown.states.lines
    ]
    return _frame([text("report.group"), *_state_headings(text)], rows)


def _by_province(states: pa.Table, text: Texts) -> pd.DataFrame:
    names = province_names()
    rows = []
    for code, part in _split(states, "province"):
        province = names.of_2025(code) if code else text("report.no_province")
        rows += [
            (province, _name(line, text), *line.by_state, line.records, line.collected, line.overdue)
            for line in state_lines(part)
        ]
    return _frame([text("report.province"), text("report.group"), *_state_headings(text)], rows)


def _split(table: pa.Table, column: str) -> Iterator[tuple[str | None, pa.Table]]:
    frame = table.to_pandas()
    for code, part in frame.groupby(column, dropna=False):
        yield (
            (None if pd.isna(code) else str(code)),
            pa.Table.from_pandas(part, table.schema, preserve_index=False),
        )


def _holders(shown: ReportView, text: Texts) -> pd.DataFrame:
    rows = [
        (text(f"actor.{line.actor}"), line.records, *line.by_age, line.overdue)
        for line in shown.states.holders
    ]
    ages = [text(f"age.{age}") for age in Age]
    return _frame([text("report.holder"), text("report.open"), *ages, text("report.overdue")], rows)


def _quality(shown: ReportView, text: Texts) -> pd.DataFrame:
    rows = [
        (text(f"kinds.{row.kind}"), text(f"quality.{word}"), getattr(row, word), whole, _share(getattr(row, word), whole))
        for row in shown.quality
        for word, whole in (
            ("correct", row.compared), ("complete", row.in_scope), ("clean", row.in_scope), ("live", row.in_scope),
        )
    ]  # fmt: skip
    names = ("report.kind", "report.quality", "report.records", "sheet.of", "report.rate")
    return _frame([text(name) for name in names], rows, [4])


def _progress(progress: pa.Table, text: Texts) -> pd.DataFrame:
    """Every school: whoever follows up needs the one that isn't among the twenty."""
    names = province_names()
    rows = [
        (
            names.of_2025(row["province"]), plain(row["school_code"]), plain(row["school_name"]),
            text(f"cohort.{row['cohort']}") if row["cohort"] else text(f"kinds.{row['kind']}"),
            *(row[state] for state in State), sum(row[state] for state in State), row["collected"], row["overdue"],
        )
        for row in progress.to_pylist()
    ]  # fmt: skip
    headings = [
        text("report.province"),
        text("column.school_code"),
        text("report.school"),
        text("report.group"),
    ]
    return _frame([*headings, *_state_headings(text)], rows)


def _schools(schools: pa.Table, text: Texts) -> pd.DataFrame:
    names = province_names()
    rows = [
        (
            plain(row["school_code"]), plain(row["school_name"]), names.of_2025(row["province"]), text(f"kinds.{row['kind']}"),
            row["open"], row["in_scope"], row["school_acts"], text(f"reason.{row['main_reason']}"),
        )
        for row in schools.sort_by([("open", "descending"), ("school_code", "ascending")]).to_pylist()
    ]  # fmt: skip
    names_of = ("column.school_code", "report.school", "report.province", "report.kind", "report.open", "report.in_scope",
                "report.school_acts", "report.main_reason")  # fmt: skip
    return _frame([text(name) for name in names_of], rows)


def _sample(facts: ReportFacts, text: Texts) -> pd.DataFrame:
    """What people say of automatic links that were drawn; shares as numbers."""
    sample = facts.backlog.sample if facts.backlog else None
    told: dict[str, float] = {}
    if sample is not None:
        told = {
            "right": sample.right,
            "wrong": sample.wrong,
            "unsure": sample.unsure,
            "waiting": sample.waiting,
        }
    if sample is not None and sample.judged:
        told |= {"precision": sample.right / sample.judged, "low": sample.low, "high": sample.high}
    rows = [(text(f"sample.{name}"), round(value, 4)) for name, value in told.items()]
    return _frame([text("sheet.fact"), text("sheet.value")], rows)


def _provenance(facts: ReportFacts, text: Texts) -> pd.DataFrame:
    run = facts.run
    told: Mapping[str, str] = {
        "run": run.run, "started": run.started, "finished": run.finished, "registry": run.registry.source,
        "registry_as_of": run.registry.as_of, "model": run.model, "code_version": run.code_version,
    }  # fmt: skip
    rows = [(text(f"report.{name}"), value) for name, value in told.items()]
    rows += [(text("list.notice"), text("synthetic"))] if run.synthetic else []
    return _frame([text("sheet.fact"), text("sheet.value")], rows)
