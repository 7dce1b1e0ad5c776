import json

import pytest
from click.testing import CliRunner

from mock_population_api.cli import app
from mock_population_api.world_folder import digests


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_generate_writes_registry_education_and_truth_beside(run, tmp_path):
    result = run(
        "generate",
        "--people",
        3000,
        "--students",
        200,
        "--teachers",
        30,
        "--provinces",
        "01,48",
        "--out",
        tmp_path,
    )
    assert result.exit_code == 0, result.output
    assert "3,000 entries" in result.output
    assert (tmp_path / "registry" / "part-00000.parquet").exists()
    assert not list((tmp_path / "registry").glob("*truth*"))
    assert (tmp_path / "truth" / "truth.parquet").exists()
    manifest = json.loads((tmp_path / "MANIFEST.json").read_text(encoding="utf-8"))
    assert manifest["arguments"]["provinces"] == "01,48"
    assert manifest["files"] == digests(tmp_path)


def test_generate_says_when_too_few_people_live_there(run, tmp_path):
    result = run("generate", "--people", 1000, "--students", 5000, "--provinces", "48", "--out", tmp_path)
    assert result.exit_code == 0
    assert "of 5,000 students live there" in result.output


def test_a_wrong_province_is_a_message_and_no_trace_back(run, tmp_path):
    result = run("generate", "--people", 1000, "--provinces", "99", "--out", tmp_path)
    assert result.exit_code == 1
    assert result.output.startswith("Error: '99' is no province code")


def test_evolve_ages_a_world_in_place(run, tmp_path):
    run(
        "generate",
        "--people",
        3000,
        "--students",
        300,
        "--teachers",
        30,
        "--out",
        tmp_path,
        "--format",
        "csv",
    )
    before = digests(tmp_path)
    result = run("evolve", tmp_path)
    assert result.exit_code == 0, result.output
    changed = {name for name, digest in digests(tmp_path).items() if digest != before[name]}
    assert "education/students.csv" in changed
    assert not any(name.startswith("registry/") for name in changed)


def test_serve_is_offered_and_imported_only_when_called(run):
    assert "serve" in run("--help").output
