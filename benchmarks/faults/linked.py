"""One linkage of a school folder, through the service or from an extract, and what tells two of them apart."""

import datetime
import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.faults.service import IDENTITY, Counting, Service, processor_seconds
from connectors.education_records import families, raw_records
from connectors.files import read_education_folder
from connectors.registry import RegistryClient
from connectors.registry_patience import Limits
from connectors.registry_records import FACTS
from connectors.traced import TracedRegistry
from matching import model
from matching.found import LinkSettings
from matching.frequency_file import load_frequencies
from matching.linkage import Linkage, Terms, links_of
from matching.normalise.records import normalise_records
from matching.registry import Registry
from matching.schemas import KINDS
from matching.sector import link_sector
from pipelines.enrichment import grade_codes

AS_OF = datetime.date(2026, 11, 21)
STATED_AT = "2026-11-21T00:00:00+07:00"


@dataclass(frozen=True)
class School:
    """What is linked: RECORDS by kind, FAMILIES, and who teaches or learns where."""

    records: dict[str, pa.Table]
    families: pa.Table

    @property
    def size(self) -> int:
        """Records of all kinds."""
        return sum(len(table) for table in self.records.values())


def read_school(folder: Path) -> School:
    """Read and normalise an education folder."""
    tables = read_education_folder(folder, KINDS)
    records, _ = normalise_records(raw_records(tables), AS_OF)
    return School(
        {kind: records.filter(pc.equal(records["kind"], kind)).combine_chunks() for kind in KINDS},
        families(tables),
    )


@dataclass(frozen=True)
class Linked:
    """What came of it."""

    seconds: float
    processor: float
    """Seconds of processor for the linkage, those of the service included."""
    digest: str
    """Of all decisions."""
    linked: int
    calls: Counter[str]
    jobs: int
    facts: Counter[str]
    """Outcome → facts sent."""

    @property
    def asked(self) -> int:
        """All calls."""
        return sum(self.calls.values())


def link_school(school: School, registry: Registry, entries: int) -> tuple[float, dict[str, Linkage]]:
    """Seconds, and the decisions."""
    settings, stored, known = LinkSettings(sample=1_000), model.load(), load_frequencies(entries)
    terms = {kind: Terms(registry, stored[kind], known, settings, "run") for kind in KINDS}
    began = time.perf_counter()
    linkages = link_sector(school.records, school.families, terms)
    return time.perf_counter() - began, linkages


def digest(linkages: dict[str, Linkage]) -> str:
    """The same for the same decisions, to the last digit of every probability."""
    whole = hashlib.sha256()
    for kind in KINDS:
        decisions = linkages[kind].decisions.sort_by("record_id").combine_chunks()
        for row in decisions.to_pylist():
            whole.update(repr(row).encode())
    return whole.hexdigest()[:16]


def link_through(service: Service, client: str, school: School, limits: Limits) -> Linked:
    """Link through the service, then tell it where the linked people learn and teach."""
    counting = Counting()
    with httpx2.Client(base_url=service.address, transport=counting) as http:
        registry = RegistryClient(http, service.credentials(client), IDENTITY, limits, run="run")
        entries = registry.facts().entries
        before = processor_seconds() + processor_seconds(service.process)
        seconds, linkages = link_school(school, TracedRegistry(registry), entries)
        used = processor_seconds() + processor_seconds(service.process) - before
        told: Counter[str] = Counter()
        for part in registry.enrich(facts_of(linkages, school)):
            told.update(part["outcome"].to_pylist())
    linked = sum(len(links_of(linkage.decisions)) for linkage in linkages.values())
    return Linked(seconds, used, digest(linkages), linked, counting.calls, service.jobs(client), told)


def facts_of(linkages: dict[str, Linkage], school: School) -> pa.Table:
    """FACTS of linked students and teachers, one for each person."""
    rows = []
    for kind in ("student", "teacher"):
        links = links_of(linkages[kind].decisions)
        schools = school.records[kind].select(["record_id", "school_code", "grade"])
        schools = schools.set_column(2, "grade", grade_codes(schools["grade"]))
        joined = links.join(schools, "record_id").sort_by("record_id").to_pylist()
        first = {row["personal_id"]: row for row in reversed(joined) if row["school_code"]}
        rows += [
            {"ref": row["record_id"], "personal_id": number, "role": kind, "school_year": "2026-2027",
             "school_code": row["school_code"], "grade": row["grade"], "stated_at": STATED_AT}
            for number, row in sorted(first.items())
        ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=FACTS)
