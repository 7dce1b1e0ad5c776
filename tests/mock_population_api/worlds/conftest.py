"""One small world for all tests of what a world must be; made once, read only."""

from types import SimpleNamespace

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from mock_population_api.population import write_population
from mock_population_api.schools import write_schools

PROVINCES = ("01", "66")


def registry_of(folder):
    return ds.dataset(sorted(str(path) for path in (folder / "registry").glob("part-*.parquet"))).to_table()


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_population(
        folder / "registry", 20_000, 7, provinces=PROVINCES, truth=folder / "truth" / "population", workers=1
    )
    counts = write_schools(
        folder / "education", folder / "registry", folder / "truth", PROVINCES, 1_500, 300, 7
    )
    tables = {path.stem: pq.read_table(path) for path in (folder / "education").glob("*.parquet")}
    return SimpleNamespace(
        folder=folder,
        counts=counts,
        registry=registry_of(folder),
        entry_truth=pa.concat_tables(
            pq.read_table(p) for p in (folder / "truth" / "population").glob("*.parquet")
        ),
        tables=tables,
        truth=pq.read_table(folder / "truth" / "truth.parquet"),
    )
