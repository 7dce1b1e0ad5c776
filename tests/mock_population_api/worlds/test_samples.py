import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from mock_population_api.cli import app
from mock_population_api.world_folder import digests

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.fixture(scope="module")
def manifest():
    return json.loads((SAMPLES / "MANIFEST.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def regenerated(manifest, tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    arguments = [f"--{name}={value}" for name, value in manifest["arguments"].items() if value is not None]
    result = CliRunner().invoke(app, ["generate", *arguments, f"--out={folder}"])
    assert result.exit_code == 0, result.output
    return folder


def test_the_samples_are_those_of_the_manifest(manifest):
    assert digests(SAMPLES) == manifest["files"]


def test_the_samples_come_out_of_their_seed_again(manifest, regenerated):
    for name in manifest["files"]:
        if name.endswith(".parquet") and manifest["pyarrow"] != pa.__version__:
            assert pq.read_table(regenerated / name).equals(pq.read_table(SAMPLES / name)), name
        else:
            assert (regenerated / name).read_bytes() == (SAMPLES / name).read_bytes(), name


def test_the_samples_are_small_and_said_to_be_invented(manifest):
    assert sum((SAMPLES / name).stat().st_size for name in manifest["files"]) < 2_000_000
    assert manifest["synthetic"] is True
    assert "synthetic" in (SAMPLES / "README.md").read_text(encoding="utf-8")
