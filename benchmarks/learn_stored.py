"""Learn the stored model and frequencies that come with the package, from one generated world; synthetic, and said so in their name.

    python -m benchmarks.learn_stored WORLD NAME

WORLD as `mock-population-api generate --people 1000000 --students 20000 --teachers 16000 --seed 7 --out WORLD` makes it; another seed than any
benchmark's. What relatives share isn't learned but assumed: it stays as it stands in the file.
"""

import argparse
import datetime
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc

from connectors.education_records import families, raw_records
from connectors.files import read_education_folder
from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching import model
from matching.found import LinkSettings
from matching.frequency_file import dump_frequencies
from matching.linkage import Terms
from matching.normalise.records import normalise_records
from matching.schemas import KINDS
from matching.sector import link_sector

PACKAGE = Path(model.__file__).parent


def main() -> None:
    """Link the world once and keep what was learned."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", type=Path)
    parser.add_argument("name")
    asked = parser.parse_args()
    tables = read_education_folder(asked.world / "education", KINDS)
    records, _ = normalise_records(raw_records(tables), datetime.date(2026, 11, 1))
    by_kind = {kind: records.filter(pc.equal(records["kind"], kind)).combine_chunks() for kind in KINDS}
    with tempfile.TemporaryDirectory() as work:
        registry = Snapshot(build_index(asked.world / "registry", Path(work)))
        known = registry.frequencies()
        terms = {
            kind: Terms(registry, one, known, LinkSettings(), "learn") for kind, one in model.load().items()
        }
        linkages = link_sector(by_kind, families(tables), terms)
    learned = {kind: linkage.facts.model for kind, linkage in linkages.items() if linkage.facts is not None}
    if set(learned) != set(KINDS):
        raise SystemExit(f"{asked.world} holds no records of {', '.join(set(KINDS) - set(learned))}")
    kept = {kind: replace(one, verified=0, threshold=0.0) for kind, one in learned.items()}
    model.dump(kept, PACKAGE / "stored_model.json", asked.name)
    dump_frequencies(replace(known, communes={}), PACKAGE / "stored_frequencies.json")


if __name__ == "__main__":
    main()
