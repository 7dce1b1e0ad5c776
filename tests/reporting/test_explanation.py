import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.console import Console

from matching.parts import PARTS
from reporting.explanation import COMPARISONS, Case, CaseRows, case
from reporting.explanation_page import explanation_page
from reporting.explanation_terminal import print_explanation
from reporting.explanation_words import probability_in_words
from reporting.texts import LANGUAGES, texts

EVIDENCE = {
    "name": "marks_differ", "birth_date": "same_day", "gender": "same", "birth_place": "same",
    "residence": "different", "number": "one_digit", "parents": None,
}  # fmt: skip
DECISION = {
    "kind": "student", "record_id": "0000012345", "outcome": "clerical_review", "reason": "several_fit",
    "personal_id": None, "candidate_id": "001315000001", "match_probability": 0.6, "runner_up_probability": 0.3,
    "decided_by": None, "evidence": EVIDENCE, "model": "m", "run": "r",
}  # fmt: skip
TYPED = {
    "full_name": "Nguyễn <script>alert(1)</script> Hòa", "birth_date": "04/03/2015", "gender": "Nữ", "birth_place": "Hà Nội",
    "claimed_id": "001315000002", "residence_province": "01", "residence_commune": None,
}  # fmt: skip
ENTRY = {
    "full_name": "Nguyễn Thị Hoà", "birth_date": date(2015, 3, 4), "birth_precision": "day", "gender": "F",
    "birth_province": "001", "residence_province": "01", "residence_commune": "00004", "status": "deceased",
}  # fmt: skip


def weighed(rank: int, number: str, probability: float, **parts: float) -> dict[str, Any]:
    own = {**dict.fromkeys(PARTS, 0.0), "prior": -20.0, **parts}
    return {
        "rank": rank, "personal_id": number, "probability": probability, "nobody": 0.1, "weight": sum(own.values()),
        "evidence": EVIDENCE, "decided_by": "fuzzy", "model": "m", **own,
    }  # fmt: skip


@pytest.fixture
def rows() -> CaseRows:
    weights = [
        weighed(1, "001315000001", 0.6, name=15.0, birth_date=14.0, place=-2.0, age=-1.5),
        weighed(2, "001315000009", 0.3, name=15.0, birth_date=14.0, place=-3.0, age=-1.5),
    ]
    candidates = [
        {"rank": 1, "personal_id": "001315000001", "match_probability": 0.6, "evidence": EVIDENCE}
        | {f"entry_{name}": value for name, value in ENTRY.items()}
    ]
    return CaseRows(DECISION, TYPED, candidates, weights, [])


@pytest.fixture
def found(rows: CaseRows) -> Case:
    return case(rows)


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_and_runs_nothing(found: Case, language: str) -> None:
    page = _Tags(explanation_page(found, language, synthetic=True))
    assert "script" not in {tag for tag, _ in page.seen}
    given = {name for _, attributes in page.seen for name in attributes}
    assert given.isdisjoint({"src", "href", "style", "srcset", "action", "onclick", "onload", "xlink:href"})
    [policy] = [attributes["content"] for _, attributes in page.seen if attributes.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert len([tag for tag, _ in page.seen if tag == "svg"]) == 2


def test_record_and_candidates_stand_side_by_side(found: Case) -> None:
    text = _Tags(explanation_page(found, "vi", synthetic=True)).text
    assert "Hồ sơ 0000012345 (học sinh)" in text
    assert "Họ tên Nguyễn <script>alert(1)</script> Hòa Nguyễn Thị Hoà –" in text
    assert "Ngày sinh 04/03/2015 04/03/2015 –" in text
    assert "đã mất" in text
    assert "Xác suất khớp 60,0 % 30,0 %" in text
    assert "So sánh gần đúng nhiều trường" in text


def test_numbers_are_masked_unless_asked_for(found: Case) -> None:
    masked = explanation_page(found, "vi", synthetic=True)
    assert not re.search(r"\d{12}", re.sub(r"<style>.*?</style>|sha256-[^']*", "", masked, flags=re.DOTALL))
    assert "001315000009" in explanation_page(found, "vi", synthetic=True, whole_numbers=True)


def test_what_it_would_be_without_each(found: Case) -> None:
    text = _Tags(explanation_page(found, "en", synthetic=False)).text
    # without the place the two are equal, and the mass of nobody stays: .6/.25 each, of twice that and .1 of the whole
    assert "Birth place, residence ≠ Birth place: the same; Residence: another province −2.0 49.0%" in text
    assert "Synthetic" not in text


def test_without_weights_levels_are_shown_and_it_is_said(rows: CaseRows) -> None:
    bare = case(CaseRows(rows.decision, None, rows.candidates, [], []))
    assert not bare.weighed
    text = _Tags(explanation_page(bare, "vi", synthetic=True)).text
    assert "không được giữ lại (không có weights.parquet)" in text
    assert "Chỉ có kết quả" in text
    assert "sai khác dấu" in text


def test_the_decision_alone_is_enough(rows: CaseRows) -> None:
    [only] = case(CaseRows({**DECISION, "personal_id": "001315000001"}, None, [], [], [])).candidates
    assert (only.personal_id, only.probability, only.evidence) == ("001315000001", 0.6, EVIDENCE)
    assert case(CaseRows({**DECISION, "candidate_id": None}, None, [], [], [])).candidates == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_says_the_same(found: Case, language: str) -> None:
    console = Console(record=True, width=160, file=None, quiet=False)
    with console.capture() as printed:
        print_explanation(console, found, texts(language))
    words = printed.get()
    assert texts(language)("explain.as_nobody") not in words
    for comparison in COMPARISONS:
        assert texts(language)(f"explain.field.{comparison}") in words
    assert "+15" in words
    assert "001315000001" not in words


def test_nobody_found_is_said(rows: CaseRows) -> None:
    empty = case(CaseRows({**DECISION, "candidate_id": None, "match_probability": None}, TYPED, [], [], []))
    assert "Không có ứng viên nào." in explanation_page(empty, "vi", synthetic=True)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "50.0%"), (0.9996, "99.96%"), (0.99998, "99.998%"), (1 - 1e-12, "> 99.99999%"), (0.0004, "0.04%"), (0.0, "< 0.00001%"), (None, "–")],
)  # fmt: skip
def test_only_certainty_prints_as_certain(value: float | None, shown: str) -> None:
    assert probability_in_words(value, texts("en")) == shown
