import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from matching.registry import RegistryFacts
from reporting.charts import TILES
from reporting.facts import CALIBRATION, Measures, ReportFacts, RunFacts, Scope, WriteBack, together
from reporting.places import province_names
from reporting.report import moment, render, write_report
from reporting.search_facts import search_kind
from reporting.texts import LANGUAGES, texts


class _Page(HTMLParser):
    """The visible text, the tags and the attributes of a page; complains about tags that don't close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())


@pytest.fixture
def measures(partition: Any) -> Measures:
    """Two provinces, two kinds, one of each outcome, one left out, a reject."""
    partition.schools = [{"school_code": "01000001", "name": "Trường <script>alert(1)</script> =cmd|'x'"}]
    partition.person("s1")
    partition.person("s2", "family_agrees", decided_by="family")
    partition.person("s3", "birth_date_differs")
    partition.person("s4", "several_fit", outcome="clerical_review")
    partition.person("s5", "foreign_national", left_out="foreign_national")
    partition.person("s6", grade="12", level="upper_secondary", province="79")
    partition.person("t1", kind="teacher", grade=None)
    partition.rejects = [
        {"table": "students", "row": 1, "record_id": "s3", "column": "birth_date", "reason": "cell_damaged"}
    ]
    return partition.measures


@pytest.fixture
def facts(measures: Measures, run_facts: RunFacts) -> ReportFacts:
    """Everything that a report can say."""
    calibration = pa.Table.from_pylist(
        [
            {"bin_low": 0.9, "bin_high": 0.99, "pairs": 1200, "stated": 0.951, "observed": 0.948},
            {"bin_low": 0.99, "bin_high": 1.0, "pairs": 0, "stated": None, "observed": None},
        ],
        schema=CALIBRATION,
    )
    return ReportFacts(run_facts, measures, measures.rates, calibration, WriteBack(11, 0, 22, 33))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_and_runs_nothing(facts: ReportFacts, language: str) -> None:
    html = render(facts, language)
    page = _Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    given = {name for _, attributes in page.tags for name in attributes}
    assert given.isdisjoint({"src", "href", "style", "srcset", "action", "onclick", "onload", "xlink:href"})
    assert not re.search(r"url\(|@import|https?:", html)


def test_the_policy_forbids_all_but_the_one_style_sheet(facts: ReportFacts) -> None:
    html = render(facts)
    [policy] = [attributes["content"] for tag, attributes in _Page(html).tags if attributes.get("http-equiv")]
    [css] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = b64encode(sha256(css.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_headline_has_both_numbers_and_what_was_left_out(facts: ReportFacts) -> None:
    text = _Page(render(facts)).text
    assert "3 / 5 học sinh (60,0 %)" in text
    assert "1 / 1 giáo viên (100,0 %)" in text
    assert "Ngoài phạm vi, không tính vào tỷ lệ: 1 hồ sơ, gồm: người nước ngoài 1." in text
    assert "Dữ liệu tổng hợp" in text


def test_the_change_since_the_last_run(facts: ReportFacts) -> None:
    worse = facts.measures.rates.filter(pa.compute.not_equal(facts.measures.rates["decided_by"], "family"))
    text = _Page(render(replace(facts, previous=worse))).text
    assert "+60,0 điểm %" not in text
    assert "so với lần chạy trước (+1 hồ sơ đã khớp)" in text
    assert "Không có lần chạy trước" in _Page(render(replace(facts, previous=None))).text


def test_english_says_the_same(facts: ReportFacts) -> None:
    text = _Page(render(facts, "en")).text
    assert "3 / 5 students (60.0%)" in text
    assert "foreign nationals 1" in text
    assert not re.search(r"\bhồ sơ\b|\bkhớp\b", text)


def test_reasons_stand_with_who_must_act(facts: ReportFacts) -> None:
    text = _Page(render(facts)).text
    assert text.index("Nhà trường") < text.index("Sai khác ngày sinh") < text.index("Công an cấp xã")
    assert text.index("Người xem xét (Sở, Phòng)") < text.index("Nhiều người cùng khớp")


def test_names_of_schools_are_text_and_nothing_else(facts: ReportFacts) -> None:
    html = render(facts)
    assert "<script" not in html
    assert "Trường &lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_provinces_go_by_their_names_and_grade_12_stands_apart(facts: ReportFacts) -> None:
    text = _Page(render(facts)).text
    assert "Hà Nội" in text
    assert "TP. Hồ Chí Minh" in text
    assert "Riêng khối 12" in text


def test_levels_go_by_one_name_however_they_are_written(partition: Any, run_facts: RunFacts) -> None:
    for number, level in enumerate(["THPT", "Trung học  phổ thông", "thpt", "Trường nghề X", None]):
        partition.person(f"s{number}", level=level)
    text = _Page(render(ReportFacts(run_facts, partition.measures))).text
    assert "Trung học phổ thông 3 3 100,0 %" in text
    assert "Trường nghề X 1 1 100,0 %" in text
    assert "Không rõ cấp học 1 1 100,0 %" in text


def test_a_changed_id_is_an_alarm_and_none_is_not(facts: ReportFacts) -> None:
    assert "Cảnh báo" not in _Page(render(facts)).text
    changed = replace(facts, write_back=WriteBack(1, 2, 3, 4))
    assert "Cảnh báo: 2 hồ sơ" in _Page(render(changed)).text


def test_what_is_not_known_is_left_out(facts: ReportFacts) -> None:
    html = render(
        replace(
            facts,
            calibration=None,
            write_back=None,
            run=replace(facts.run, stage_seconds={}, synthetic=False),
        )
    )
    text = _Page(html).text
    assert "Xác suất khớp có đáng tin" not in text
    assert "Ghi kết quả vào" not in text
    assert "Dữ liệu tổng hợp" not in text


def test_calibration_is_a_table_and_a_chart(facts: ReportFacts) -> None:
    page = _Page(render(facts))
    assert "90,00 – 99,00 1.200 95,10 94,80" in page.text
    assert len([1 for tag, attributes in page.tags if tag == "circle"]) == 1


def test_an_empty_run_still_has_a_page(run_facts: RunFacts) -> None:
    assert "Không có hồ sơ nào" in _Page(render(ReportFacts(run_facts, together([])))).text


def test_every_chart_says_what_it_shows(facts: ReportFacts) -> None:
    charts = [attributes for tag, attributes in _Page(render(facts)).tags if tag == "svg"]
    assert charts
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)


def test_no_run_of_twelve_digits(facts: ReportFacts) -> None:
    style_aside = re.sub(r"<style>.*?</style>|sha256-[^']*", "", render(facts), flags=re.DOTALL)
    assert not re.search(r"\d{9}", style_aside)


def test_a_tile_for_each_of_the_34_on_a_place_of_its_own() -> None:
    assert set(TILES) == set(province_names().since_2025)
    assert len(TILES) == len(set(TILES.values())) == 34


def test_the_file_is_private_and_named_by_language(facts: ReportFacts, tmp_path: Path) -> None:
    paths = [write_report(tmp_path, facts), write_report(tmp_path, facts, "en")]
    assert [path.name for path in paths] == ["report.html", "report.en.html"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)


def test_scope_of_one_province_has_no_tile_chart(partition: Any, run_facts: RunFacts) -> None:
    partition.person("s1")
    run = replace(
        run_facts,
        scope=Scope(("student",), ("01",), "2026-11-01T00:00:00"),
        registry=RegistryFacts(1, "đợt 3", "x"),
    )
    page = _Page(render(ReportFacts(run, partition.measures)))
    assert "Hà Nội; hồ sơ thay đổi từ 01/11/2026 00:00" in page.text
    assert "đợt 3" in page.text
    assert not [1 for tag, attributes in page.tags if attributes.get("class") == "tiles"]


def test_the_search_says_what_it_found_lost_and_may_have_linked_wrongly(facts: ReportFacts) -> None:
    kept = {
        "compared": {"claimed_id": 6, "fuzzy": 4_321},
        "settled": {"claimed_id": 1_000},
        "rules": {"name_date": {"pairs": 77, "found": 0.5, "alone": 0.25}},
        "reliability": [[0.99, 0.999, 100, 0.995, 0.99]],
        "expected_false": 0.1,
        "threshold": 0.993,
        "missed": 0.0123,
    }
    search = search_kind("student", [kept])
    assert search is not None
    text = _Page(render(replace(facts, search=(search,)))).text
    assert "Học sinh 1.000 99,3 % 0,10 1,00 / 10.000 1 1 / 100" in text
    assert "1,2 %" in text
    assert "Họ tên không dấu + ngày sinh 77 50,0 25,00" in text
    assert "So sánh gần đúng nhiều trường 4.321 0" in text
    assert "Mỗi quy tắc" not in _Page(render(facts)).text


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("2026-11-21T18:30:05.1+00:00", "22/11/2026 01:30"),
        ("2026-11-21T18:30:05", "21/11/2026 18:30"),
        ("2026-11-21", "21/11/2026"),
        ("the day before", "the day before"),
    ],
)
def test_moments_are_told_by_the_clock_of_viet_nam(when, told) -> None:
    assert moment(texts("vi"), when) == told
