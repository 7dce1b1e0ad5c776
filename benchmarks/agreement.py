"""Do the service and the extract lead to the same decisions? After `identity-sync demo --folder DEMO`:

    python -m benchmarks.agreement DEMO

Links the demo's world by `identity-sync link` (own blocking over the extract) and compares with the links and open records that the
run over HTTP wrote into the database (candidates by the registry's own search), per kind; then lists what differs, by reason on both sides.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import sqlalchemy as sa

SAME = """
    SELECT kind, count(*) AS records,
           count(*) FILTER (f.personal_id IS NOT DISTINCT FROM h.personal_id) AS agree,
           round(agree / records, 4) AS share
    FROM folders f LEFT JOIN service h USING (kind, record_id) GROUP BY ROLLUP (kind) ORDER BY kind NULLS LAST
"""

DIFFERENT = """
    SELECT kind, f.outcome AS by_folders, f.reason AS why_folders, coalesce(h.outcome, 'unlinked') AS by_service,
           coalesce(h.reason, '') AS why_service, count(*) AS records, round(avg(f.match_probability), 3) AS p_folders,
           round(avg(h.match_probability), 3) AS p_service
    FROM folders f LEFT JOIN service h USING (kind, record_id)
    WHERE f.personal_id IS DISTINCT FROM h.personal_id GROUP BY ALL ORDER BY records DESC LIMIT 25
"""

WRITTEN = """
    SELECT kind, record_id, 'linked' AS outcome, reason, personal_id, match_probability FROM links
    UNION ALL
    SELECT kind, record_id, outcome, reason, NULL, NULL FROM review_items
"""


def main() -> None:
    """Link the world from its folders and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("demo", type=Path)
    demo = parser.parse_args().demo
    world, out = demo / "world", demo / "out"
    folders = [str(folder) for folder in (world / "education", world / "registry", out)]
    subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "link", *folders], check=True, stdout=subprocess.DEVNULL
    )
    with sa.create_engine(f"sqlite:///{demo / 'education.db'}").connect() as connection:
        service = pd.read_sql(sa.text(WRITTEN), connection)
    with duckdb.connect() as con:
        con.register("service", service)
        con.execute(f"CREATE VIEW folders AS SELECT * FROM '{out}/decisions.parquet'")
        for query in (SAME, DIFFERENT):
            print(con.sql(query).to_arrow_table().to_pandas().to_string(index=False))


if __name__ == "__main__":
    main()
