import json
from pathlib import Path
from typing import Any

from reporting.facts import RunFacts, WriteBack
from reporting.rates import LINK_RATES
from reporting.run_file import headline, write_run_file


def test_run_json_holds_counts_and_facts(partition: Any, run_facts: RunFacts, tmp_path: Path) -> None:
    partition.person("s1")
    partition.person("s2", "nobody_found")
    files = [tmp_path / "lists" / "a.csv", Path("/elsewhere/b.csv")]
    path = write_run_file(tmp_path, run_facts, partition.measures.rates, files, WriteBack(1, 0, 0, 0))
    run = json.loads(path.read_text(encoding="utf-8"))
    assert (run["run"], run["model"], run["registry"]["entries"]) == ("run-a", "model-a", 1_234_567)
    assert run["counts"]["student"]["linked"] == 1
    assert run["counts"]["student"]["in_scope"] == 2
    assert run["scope"]["provinces"] == ["01", "79"]
    assert run["stage_seconds"] == {"extract": 1.5, "link": 8.25}
    assert run["write_back"]["added"] == 1
    assert run["files"] == ["b.csv", "lists/a.csv"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_headline_lines_stand_under_each_other(partition: Any) -> None:
    partition.person("s1")
    partition.person("s2", "several_fit", outcome="clerical_review", province="79")
    partition.person("s3", "foreign_national", left_out="foreign_national")
    partition.person("s4", province=None)
    lines = headline(partition.measures.rates).replace("\u00a0", " ").splitlines()
    assert lines == [
        "Học sinh: 2 / 3 (66,7 %)",
        "  Cần xem xét 1, Chưa khớp 0; Ngoài phạm vi, không tính vào tỷ lệ: 1 hồ sơ, gồm: người nước ngoài 1.",
        "  Hà Nội           1 / 1  (100,0 %)",
        "  TP. Hồ Chí Minh  0 / 1    (0,0 %)",
        "  Không rõ tỉnh    1 / 1  (100,0 %)",
    ]


def test_headline_in_english_and_of_nothing(partition: Any) -> None:
    partition.person("s1")
    assert headline(partition.measures.rates, "en").startswith("Students: 1 / 1 (100.0%)")
    assert headline(LINK_RATES.empty_table(), "en") == "There are no records in this run."
