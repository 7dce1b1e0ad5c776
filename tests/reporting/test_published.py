import re
from typing import Any

import pytest

from reporting.facts import ReportFacts, RunFacts
from reporting.published import LEFT_OUT, published_tables, render_published
from reporting.report_sheets import report_sheets
from reporting.texts import LANGUAGES, texts


@pytest.fixture
def facts(partition: Any, run_facts: RunFacts) -> ReportFacts:
    """Two provinces: in one three open pupils, in the other thirty."""
    partition.schools = [
        {"school_code": "01000001", "name": "Trường Tiểu học Kim Đồng", "commune_code": "00004"}
    ]
    for number in range(40):
        partition.person(
            f"a{number}", "nobody_found" if number < 3 else "number_verified", claimed_form="personal"
        )
    for number in range(60):
        reason = "nobody_found" if number < 30 else "number_verified"
        partition.person(f"b{number}", reason, province="79", claimed_form="personal")
    return ReportFacts(run_facts, partition.measures)


def test_a_small_cell_can_t_be_worked_out(facts: ReportFacts) -> None:
    provinces = next(
        table
        for table in published_tables(facts, texts("vi"))
        if table.title == texts("vi")("report.provinces")
    )
    cells = {line.name: line.cells for line in provinces.lines}
    assert cells["Hà Nội"] == (LEFT_OUT, LEFT_OUT, "40", LEFT_OUT)
    # the sum would give the other one away
    assert cells["TP. Hồ Chí Minh"] == (LEFT_OUT, LEFT_OUT, "60", LEFT_OUT)
    assert cells["Tổng"][:3] == ("67", "33", "100")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_school_no_run_and_nothing_that_loads(facts: ReportFacts, language: str) -> None:
    html = render_published(facts, language)
    assert "Kim Đồng" not in html
    assert facts.run.run not in html
    assert "<script" not in html
    assert not re.search(r"url\(|@import|https?:", html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_the_report_has_a_sheet(facts: ReportFacts, language: str) -> None:
    sheets = report_sheets(facts, language)
    assert len(sheets) == 11
    assert all(len(name) <= 31 for name in sheets)
    headline = sheets[texts(language)("sheet.headline")]
    assert headline.iloc[0, 1:4].tolist() == [67, 100, pytest.approx(0.67)]
    progress = sheets[texts(language)("sheet.progress")]
    assert progress.iloc[:, 4:10].to_numpy().sum() == 100
