import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.quality.score import lines, score
from matching.schemas import CANDIDATES, DECISIONS

TRUTH = pa.schema(
    [
        ("kind", pa.string()),
        ("record_id", pa.string()),
        ("personal_id", pa.string()),
        ("errors", pa.list_(pa.string())),
        ("minority", pa.bool_()),
    ]
)

PEOPLE = [
    # record, true entry, errors, minority, outcome, best candidate, stated
    ("right", "000000000001", [], False, "linked", "000000000001", 0.9995),
    ("wrong", "000000000002", ["typo", "year_off"], True, "linked", "000000000009", 0.9993),
    ("nobody", None, [], False, "linked", "000000000008", 0.995),
    ("reviewed", "000000000003", ["typo"], False, "clerical_review", "000000000003", 0.8),
    ("second", "000000000004", [], False, "clerical_review", "000000000007", 0.6),
    ("lost", "000000000005", ["other_name"], True, "unlinked", None, None),
]


@pytest.fixture
def scored(tmp_path):
    truth = [
        {"kind": "teacher", "record_id": name, "personal_id": true, "errors": errors, "minority": minority}
        for name, true, errors, minority, *_ in PEOPLE
    ]
    decisions = [
        {
            "kind": "teacher", "record_id": name, "outcome": outcome, "match_probability": stated,
            "personal_id" if outcome == "linked" else "candidate_id": best, "evidence": {"name": "same", "birth_date": "same_day"},
        }
        for name, _, _, _, outcome, best, stated in PEOPLE
    ]  # fmt: skip
    candidates = [{"kind": "teacher", "record_id": "second", "rank": 2, "personal_id": "000000000004"}]
    for name, rows, schema in (
        ("truth", truth, TRUTH), ("decisions", decisions, DECISIONS), ("candidates", candidates, CANDIDATES),
    ):  # fmt: skip
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / f"{name}.parquet")
    return score(*(tmp_path / f"{name}.parquet" for name in ("truth", "decisions", "candidates")))


def test_counts_of_all_records(scored):
    (everyone, minority) = scored["kinds"]
    assert (everyone["records"], everyone["findable"], everyone["linked"], everyone["found"]) == (6, 5, 3, 1)
    assert everyone["false_links"] == 2
    assert everyone["recall"] == pytest.approx(1 / 5)
    assert (minority["group"], minority["records"], minority["false_links"]) == ("minority", 2, 1)


def test_a_link_of_somebody_the_registry_does_not_hold_is_false(scored):
    made = [row["made"] for row in scored["false_links"]]
    assert sorted(made) == ["(not in registry)", "typo+year_off"]
    assert all(row["evidence"] == "name=same birth_date=same_day" for row in scored["false_links"])


def test_review_and_what_was_in_sight(scored):
    everyone = scored["kinds"][0]
    assert (everyone["review"], everyone["review_right"]) == (2, 1)
    assert everyone["in_sight"] == 3  # linked right, best in review, second in review


def test_each_error_is_counted_where_it_occurred(scored):
    by_error = {row["group"]: row for row in scored["errors"]}
    assert (by_error["typo"]["records"], by_error["typo"]["false_links"]) == (2, 1)
    assert by_error["other_name"]["recall"] == 0
    assert by_error["(none)"]["records"] == 3


def test_a_bin_holds_its_lower_edge(scored):
    bins = {row["low"]: row for row in scored["calibration"]}
    assert (bins[0.8]["records"], bins[0.8]["right"]) == (1, 1)
    assert (bins[0.5]["records"], bins[0.5]["right"]) == (1, 0)
    assert (bins[0.999]["records"], bins[0.999]["right"]) == (2, 1)
    assert (bins[0.99]["records"], bins[0.99]["verdict"]) == (1, "overconfident")


def test_the_tables_can_be_printed(scored):
    assert any(line.startswith("teacher") and "typo+year_off" in line for line in lines(scored))
