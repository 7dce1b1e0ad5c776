"""The monthly report as one page that prints on A4, and as a workbook: the figures due before the 22nd."""

from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from connectors.files_out import whole_file
from matching.explain import Actor
from reporting import charts
from reporting.monthly_facts import WORDS, Count, MonthlyFacts, MonthlyView, monthly_view
from reporting.places import province_names
from reporting.quality import FRESH_DAYS
from reporting.rates_workbook import workbook
from reporting.report import content_policy, environment, moment
from reporting.texts import Texts, texts


def write_monthly_page(out: Path, facts: MonthlyFacts, language: str = "vi") -> Path:
    """Write `monthly-YYYY-MM.html` (English: `.en.html`) into the folder `out`.

    Raises:
        UnknownLanguageError: There are no texts in `language`.
    """
    path = out / f"monthly-{facts.month}{'' if language == 'vi' else f'.{language}'}.html"
    with whole_file(path) as stream:
        stream.write(render_monthly(facts, language).encode())
    return path


def render_monthly(facts: MonthlyFacts, language: str = "vi") -> str:
    """The monthly report as one HTML document."""
    text = texts(language)
    css = Markup((resources.files("reporting") / "templates" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    template = environment().get_template("monthly.html.j2")
    return template.render(
        t=text,
        facts=facts,
        view=monthly_view(facts),
        names=province_names(),
        charts=charts,
        css=css,
        policy=content_policy(css),
        words=WORDS,
        fresh_days=FRESH_DAYS,
        month=month_in_words(facts.month),
        change=partial(change_in_words, text=text),
        moment=partial(moment, text),
        last_written=facts.last_written.strftime("%H:%M") if facts.last_written else "",
    )


def month_in_words(month: str) -> str:
    """`2026-11` as `11/2026`."""
    year, number = month.split("-")
    return f"{number}/{year}"


def change_in_words(count: Count, text: Texts) -> str:
    """How much more than a month before, and in points: `+1.204 (+0,8 điểm %)`; a dash where that is not known."""
    if count.gained is None:
        return "–"
    gained = ("+" if count.gained > 0 else "−" if count.gained < 0 else "±") + text.number(abs(count.gained))
    return (
        gained
        if count.points is None
        else f"{gained} ({text('report.points', points=text.points(count.points))})"
    )


def write_monthly_workbook(out: Path, facts: MonthlyFacts, language: str = "vi") -> Path:
    """Write `monthly-YYYY-MM.xlsx` into the folder `out`: the same figures, numbers as numbers."""
    text, shown = texts(language), monthly_view(facts)
    sheets = {
        text("sheet.headline"): _kinds(shown, text),
        text("sheet.states"): _groups(shown, text),
        text("report.province"): _provinces(shown, text),
        text("report.reason"): _reasons(shown, text),
        text("sheet.quality"): _quality(shown, text),
        text("sheet.provenance"): _provenance(facts, text),
    }
    path = out / f"monthly-{facts.month}{'' if language == 'vi' else f'.{language}'}.xlsx"
    with whole_file(path) as stream:
        stream.write(workbook(sheets))
    return path


def _counted(count: Count) -> tuple[int, int, float | None, int | None, int | None, int | None, float | None]:
    """Part, whole, rate, both a month before, the change, and the change in points."""
    rate = round(count.part / count.whole, 4) if count.whole else None
    points = None if count.points is None else round(count.points / 100, 4)
    return count.part, count.whole, rate, count.part_before, count.whole_before, count.gained, points


def _headings(part: str, whole: str, text: Texts) -> list[str]:
    before = text("monthly.before")
    return [
        text(part), text(whole), text("report.rate"), f"{text(part)}, {before}", f"{text(whole)}, {before}",
        text("monthly.change"), text("monthly.change_of_rate"),
    ]  # fmt: skip


def _frame(names: list[str], headings: list[str], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=pd.Index([*names, *headings]))
    for place in (len(names) + 2, len(names) + 6):  # the rate, and its change
        column = table.columns[place]
        table[column] = pd.to_numeric(table[column]).astype("float64")
    for place in (3, 4, 5):
        column = table.columns[len(names) + place]
        table[column] = table[column].astype("Int64")
    return table


def _kinds(shown: MonthlyView, text: Texts) -> pd.DataFrame:
    rows = [(text(f"kinds.{kind}"), *_counted(count)) for kind, _, count in shown.kinds]
    return _frame([text("report.kind")], _headings("outcome.linked", "report.in_scope", text), rows)


def _groups(shown: MonthlyView, text: Texts) -> pd.DataFrame:
    rows = [
        (text(f"cohort.{line.cohort}") if line.cohort else text(f"kinds.{line.kind}"), text(f"monthly.{name}"), *_counted(count))
        for line in shown.groups
        for name, count in (("collected", line.collected), ("linked", line.linked), ("confirmed", line.confirmed))
    ]  # fmt: skip
    names = [text("report.group"), text("monthly.figure")]
    return _frame(names, _headings("report.records", "report.in_scope", text), rows)


def _provinces(shown: MonthlyView, text: Texts) -> pd.DataFrame:
    names = province_names()
    rows = [
        (names.of_2025(code) if code else text("report.no_province"), text(f"kinds.{kind}"), *_counted(count))
        for code, counts in shown.provinces
        for (kind, _, _), count in zip(shown.kinds, counts, strict=True)
        if count
    ]
    return _frame(
        [text("report.province"), text("report.kind")],
        _headings("outcome.linked", "report.in_scope", text),
        rows,
    )


def _reasons(shown: MonthlyView, text: Texts) -> pd.DataFrame:
    def acting(actors: tuple[Actor, ...]) -> str:
        return ", ".join(text(f"actor.{actor}") for actor in actors)

    rows = [(text(f"reason.{reason}"), acting(who), *_counted(count)) for reason, who, count in shown.reasons]
    return _frame(
        [text("report.reason"), text("column.actor")],
        _headings("report.records", "report.open_sum", text),
        rows,
    )


def _quality(shown: MonthlyView, text: Texts) -> pd.DataFrame:
    rows = [
        (text(f"kinds.{kind}"), text(f"quality.{word}"), *_counted(count))
        for kind, counts in shown.quality
        for word, count in zip(WORDS, counts, strict=True)
    ]
    return _frame(
        [text("report.kind"), text("report.quality")], _headings("report.records", "sheet.of", text), rows
    )


def _provenance(facts: MonthlyFacts, text: Texts) -> pd.DataFrame:
    names = province_names()
    rows = [
        (text("monthly.month"), month_in_words(facts.month)),
        (text("monthly.ends"), text.day(facts.ends)),
        (text("monthly.runs"), ", ".join(facts.runs)),
        (text("report.model"), ", ".join(facts.models)),
        (text("report.registry_as_of"), ", ".join(facts.registry_as_of)),
        (text("report.code_version"), facts.code_version),
        *[
            (text("monthly.stale"), f"{names.of_2025(province)}: {text(f'kinds.{kind}')}")
            for kind, province in facts.not_this_month
        ],
    ]
    rows += [(text("list.notice"), text("synthetic"))] if facts.synthetic else []
    return pd.DataFrame(rows, columns=pd.Index([text("sheet.fact"), text("sheet.value")]))
