import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from connectors.database import writing
from connectors.education_tables import link_rates, review_items, sync_partitions, sync_runs
from connectors.run_measures import MEASURED, keep_measures, read_measures
from pipelines.ages import open_since
from pipelines.errors import MonthUnknown
from pipelines.monthly import monthly_facts, period, print_page, write_monthly
from reporting.rates import totals


def add_run(engine, run, finished, linked, provinces=("38",), state="done"):
    """A run that wrote students of some provinces; 100 in scope in each."""
    with writing(engine) as connection:
        connection.execute(sync_runs.insert().values(
            run=run, started_at=finished, state="done", scope=json.dumps({}), model=f"model of {run}"))  # fmt: skip
        for province in provinces:
            key = {"run": run, "kind": "student", "province": province}
            connection.execute(
                sync_partitions.insert().values(**key, state=state, rows=100, finished_at=finished)
            )
            connection.execute(link_rates.insert().values(
                **key, level="primary", in_scope=100, linked=linked, clerical_review=0, unlinked=100 - linked, left_out=0))  # fmt: skip


def linked(figures):
    return totals(figures.rates)["linked"].to_pylist()


def test_a_month_ends_with_the_21st_in_viet_nam():
    november = period("2026-11")
    assert november.last_day == date(2026, 11, 21)
    assert november.ends.astimezone(UTC) == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert period("2026-01").begins.astimezone(UTC) == datetime(2025, 12, 21, 17, tzinfo=UTC)


@pytest.mark.parametrize("month", ["2026", "2026-13", "11/2026", "2026-11-01", "0000-01", "", "２０２６-11"])
def test_what_is_no_month_is_refused(month):
    with pytest.raises(MonthUnknown):
        period(month)


def test_each_province_counts_with_its_last_run_before_the_22nd(settings, engine):
    add_run(engine, "october", "2026-10-20T01:00:00.000000+00:00", 50, ("38", "79"))
    add_run(engine, "november", "2026-11-20T01:00:00.000000+00:00", 80)
    add_run(engine, "held", "2026-11-20T05:00:00.000000+00:00", 10, state="gate")
    add_run(engine, "late", "2026-11-21T17:00:00.000000+00:00", 90)
    facts = monthly_facts(settings, engine, "2026-11")
    assert (linked(facts.now), linked(facts.before)) == ([80 + 50], [100])
    assert facts.runs == ("october", "november")
    assert facts.not_this_month == (("student", "79"),)
    assert linked(monthly_facts(settings, engine, "2026-12").now) == [90 + 50]


def test_before_the_first_run_there_is_no_month(settings, engine):
    add_run(engine, "november", "2026-11-20T01:00:00.000000+00:00", 80)
    with pytest.raises(MonthUnknown):
        monthly_facts(settings, engine, "2026-10")
    assert monthly_facts(settings, engine, "2026-11").before is None


def test_papers_are_written_and_a_missing_browser_is_no_failure(settings, engine, monkeypatch):
    add_run(engine, "november", "2026-11-20T01:00:00.000000+00:00", 80)
    monkeypatch.setattr("pipelines.monthly.shutil.which", lambda _: None)
    papers = write_monthly(settings, engine, "2026-11")
    assert papers.page.is_file()
    assert papers.workbook.is_file()
    assert papers.pdf is None


def test_a_browser_that_fails_leaves_no_pdf(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.monthly.shutil.which", lambda _: "/bin/false")
    page = tmp_path / "monthly.html"
    page.write_text("x")
    assert print_page(page) is None
    assert list(tmp_path.iterdir()) == [page]


def test_measures_of_a_province_are_replaced_and_come_back_as_they_were(engine):
    row = {"kind": "student", "province": "38", "cohort": None, "measure": "state.differs", "records": 7}
    wrong = pa.Table.from_pylist([{**row, "records": 1}], schema=MEASURED)
    right = pa.Table.from_pylist([row, {**row, "cohort": "grade_12"}], schema=MEASURED)
    keep_measures(engine, "r", "38", wrong)
    keep_measures(engine, "r", "38", right)
    keep_measures(engine, "r", "79", wrong)
    found = read_measures(engine, "r").to_pylist()
    assert [one for one in found if one["province"] == "38"] == right.to_pylist()
    assert [one["records"] for one in found if one["province"] == "79"] == [1]


def test_age_is_counted_in_runs_that_wrote_the_partition(engine):
    for run, day in (("r1", "01"), ("r2", "02"), ("r3", "03")):
        add_run(engine, run, f"2026-11-{day}T01:00:00.000000+00:00", 1)
    with writing(engine) as connection:
        for record, run, day in (("old", "r1", "01"), ("new", "r3", "03"), ("gone", "r0", "01")):
            connection.execute(review_items.insert().values(
                kind="student", record_id=record, province="38", outcome="unlinked", reason="nobody_found", candidates="[]",
                run=run, open_since_run=run, open_since=f"2026-11-{day}T01:00:00.000000+00:00"))  # fmt: skip
    found = {
        row["record_id"]: (row["open_since"], row["runs"]) for row in open_since(engine, "38").to_pylist()
    }
    assert found == {
        "old": (date(2026, 11, 1), 3),
        "new": (date(2026, 11, 3), 1),
        "gone": (date(2026, 11, 1), 1),
    }
