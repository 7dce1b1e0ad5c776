"""The rates as a workbook: the same figures as the report, numbers as numbers."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from openpyxl import load_workbook

from reporting.rates import rates, totals
from reporting.rates_workbook import write_rates_workbook


@pytest.fixture
def counted(partition: Any) -> pa.Table:
    partition.person("s1")
    partition.person("s2", "nobody_found")
    partition.person("s3", "several_fit", outcome="clerical_review", province="79", level="upper_secondary")
    partition.person("s4", "foreign_national", left_out="foreign_national")
    partition.person("t1", kind="teacher", grade=None, level=None)
    tables = partition.tables
    return rates(tables["decisions"], tables["records"])


def rows(path, sheet):
    return list(load_workbook(path).worksheets[sheet].iter_rows(values_only=True))


def test_each_group_has_its_figures_and_each_kind_its_sum(counted, tmp_path):
    heading, *lines = rows(write_rates_workbook(tmp_path, counted), 0)
    assert heading[2:5] == ("Đã khớp", "Trong phạm vi", "Tỷ lệ")
    sums = [line for line in lines if line[1] == "Tổng"]
    for line, wanted in zip(
        sums, totals(counted, ["kind"]).sort_by([("kind", "descending")]).to_pylist(), strict=True
    ):
        assert (line[2], line[3]) == (wanted["linked"], wanted["in_scope"])
        assert line[4] == pytest.approx(wanted["linked"] / wanted["in_scope"], abs=1e-4)


def test_reasons_add_up_to_what_is_open(counted, tmp_path):
    heading, *lines = rows(write_rates_workbook(tmp_path, counted), 2)
    is_open = pc.is_in(counted["outcome"], value_set=pa.array(["clerical_review", "unlinked"]))
    assert heading[1] == "Ai xử lý"
    assert sum(line[-1] for line in lines) == pc.sum(counted.filter(is_open)["records"]).as_py()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_run_without_records_has_a_workbook_too(tmp_path, counted, language):
    path = write_rates_workbook(tmp_path, counted.slice(0, 0), language)
    assert len(load_workbook(path).worksheets) == 3
    assert path.stat().st_mode & 0o077 == 0
