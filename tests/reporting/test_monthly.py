import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from connectors.run_measures import MEASURED
from reporting.monthly import change_in_words, render_monthly, write_monthly_page, write_monthly_workbook
from reporting.monthly_facts import Count, MonthFigures, MonthlyFacts, monthly_view
from reporting.rates import LINK_RATES
from reporting.texts import LANGUAGES, texts


def rates(linked: int, unlinked: int, province: str = "38") -> list[dict[str, Any]]:
    """Students of a province."""
    row = {"kind": "student", "province": province, "level": "primary", "grade_12": False}
    return [
        {**row, "outcome": "linked", "records": linked},
        {**row, "outcome": "unlinked", "records": unlinked},
    ]


def measures(**counts: int) -> pa.Table:
    """Measures of pupils; `state__differs` stands for `state.differs`."""
    rows = [
        {
            "kind": "student",
            "province": "38",
            "cohort": "to_grade_11",
            "measure": name.replace("__", "."),
            "records": count,
        }
        for name, count in counts.items()
    ]
    return pa.Table.from_pylist(rows, schema=MEASURED)


@pytest.fixture
def facts() -> MonthlyFacts:
    """Two provinces this month, one of them the month before."""
    now = MonthFigures(
        pa.Table.from_pylist([*rates(95, 5), *rates(40, 10, "79")], schema=LINK_RATES),
        measures(state__confirmed=60, state__linked=75, state__no_number=10, state__differs=5, collected=80, overdue=3,
                 reason__nobody_found=9, reason__name_differs=6, quality__in_scope=150, quality__compared=135,
                 quality__correct=120, quality__complete=130, quality__clean=140, quality__live=135),
    )  # fmt: skip
    before = MonthFigures(
        pa.Table.from_pylist(rates(80, 20), schema=LINK_RATES),
        measures(
            state__confirmed=50, state__linked=30, state__no_number=20, collected=60, reason__nobody_found=20
        ),
    )
    return MonthlyFacts(
        month="2026-11", ends=date(2026, 11, 21), now=now, before=before, runs=("r2", "r1"),
        last_written=datetime(2026, 11, 20, 3, tzinfo=UTC), not_this_month=(("student", "79"),), models=("m",),
        registry_as_of=("2026-11-19",), code_version="0.1.0", synthetic=True,
    )  # fmt: skip


def _text(html: str) -> str:
    bare = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    return " ".join(bare.replace("\u00a0", " ").split())


def test_both_months_stand_with_both_numbers(facts: MonthlyFacts) -> None:
    text = _text(render_monthly(facts))
    assert "135 / 150 học sinh (90,0 %)" in text
    assert "+55 (+10,0 điểm %) so với tháng trước (80 / 100)" in text
    assert "Số liệu đến hết ngày 21/11/2026" in text


def test_collected_linked_and_confirmed_are_three_figures(facts: MonthlyFacts) -> None:
    [line] = monthly_view(facts).groups
    assert line.collected == Count(80, 150, 60, 100)
    assert line.linked == Count(135, 150, 80, 100)
    assert line.confirmed == Count(60, 150, 50, 100)
    assert line.overdue == 3


def test_reasons_are_of_what_is_open(facts: MonthlyFacts) -> None:
    [first, second] = monthly_view(facts).reasons
    assert (first[0], first[2]) == ("nobody_found", Count(9, 15, 20, 20))
    assert (second[0], second[2].gained) == ("name_differs", 6)


def test_old_figures_are_said_to_be_old(facts: MonthlyFacts) -> None:
    assert "là của kỳ trước: TP. Hồ Chí Minh (học sinh)." in _text(render_monthly(facts))
    assert "kỳ trước:" not in _text(render_monthly(replace(facts, not_this_month=())))


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_month_before_nothing_is_compared(facts: MonthlyFacts, language: str) -> None:
    html = render_monthly(replace(facts, before=None), language)
    assert texts(language)("monthly.no_before") in html
    assert "<script" not in html
    assert not re.search(r"url\(|@import|https?:", html)


def test_a_month_before_without_measures_is_not_known(facts: MonthlyFacts) -> None:
    assert facts.before is not None
    bare = replace(facts, before=MonthFigures(facts.before.rates, MEASURED.empty_table()))
    [line] = monthly_view(bare).groups
    assert line.linked == Count(135, 150, None, None)


def test_change_in_words() -> None:
    text = texts("vi")
    assert change_in_words(Count(5, 10, 8, 10), text).replace("\u00a0", " ") == "−3 (−30,0 điểm %)"
    assert change_in_words(Count(5, 10), text) == "–"
    assert change_in_words(Count(0, 0, 0, 0), text) == "±0"


def test_the_workbook_has_the_same_figures_as_numbers(facts: MonthlyFacts, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_monthly_workbook(tmp_path, facts))
    [heading, line] = list(book.worksheets[0].iter_rows(values_only=True))
    assert line == ("Học sinh", 135, 150, 0.9, 80, 100, 55, 0.1)
    assert len(heading) == len(line)
    assert len(book.worksheets) == 6


def test_files_are_named_by_month_and_language_and_private(facts: MonthlyFacts, tmp_path: Path) -> None:
    paths = [write_monthly_page(tmp_path, facts), write_monthly_page(tmp_path, facts, "en")]
    assert [path.name for path in paths] == ["monthly-2026-11.html", "monthly-2026-11.en.html"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)
