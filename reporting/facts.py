"""What a report is made from: the counts of the partitions, added up, and the facts of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from matching.registry import RegistryFacts
from reporting.backlog import Backlog, RegistryHealth
from reporting.former_provinces import FORMER_RATES, former_rates
from reporting.open_records import REJECT_COUNTS, SCHOOLS_OPEN, reject_counts, schools_open
from reporting.quality import NOTHING_VERIFIED, QUALITY, quality
from reporting.rates import LINK_RATES, rates
from reporting.search_facts import SearchKind
from reporting.verification import PROGRESS, STATE_COUNTS, progress, state_counts, verification

CALIBRATION = pa.schema(
    [
        pa.field("bin_low", pa.float64()),
        pa.field("bin_high", pa.float64()),
        pa.field("pairs", pa.int64()),
        pa.field("stated", pa.float64()),
        pa.field("observed", pa.float64()),
    ]
)
"""The reliability table: in each bin of match probability, what was stated on average and what was true."""


@dataclass(frozen=True)
class Scope:
    """Which records a run took."""

    kinds: tuple[str, ...]
    provinces: tuple[str, ...]
    """Two-digit codes of the 34."""
    changed_since: str | None = None
    """ISO 8601, or None for all records."""


@dataclass(frozen=True)
class RunFacts:
    """Where the figures come from."""

    run: str
    started: str
    """ISO 8601, as are all moments here."""
    finished: str
    scope: Scope
    model: str
    code_version: str
    registry: RegistryFacts
    synthetic: bool
    """True says on every page that no real person is in these figures."""
    passes: tuple[str, ...] = ()
    """The cascade of the run, in order."""
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    """Stage → seconds, in the order in which the stages ran."""


@dataclass(frozen=True)
class WriteBack:
    """What writing back did to the education database."""

    added: int
    changed: int
    """A confirmed ID that became another: an alarm, whatever the number."""
    kept: int
    conflicts: int


@dataclass(frozen=True)
class Measures:
    """The counts of one partition or of several; all tables are additive."""

    rates: pa.Table
    """`reporting.rates.LINK_RATES`."""
    quality: pa.Table
    """`reporting.quality.QUALITY`."""
    schools: pa.Table
    """`reporting.open_records.SCHOOLS_OPEN`."""
    rejects: pa.Table
    """`reporting.open_records.REJECT_COUNTS`."""
    former: pa.Table = field(default_factory=FORMER_RATES.empty_table)
    """`reporting.former_provinces.FORMER_RATES`."""
    states: pa.Table = field(default_factory=STATE_COUNTS.empty_table)
    """`reporting.verification.STATE_COUNTS`."""
    progress: pa.Table = field(default_factory=PROGRESS.empty_table)
    """`reporting.verification.PROGRESS`."""


@dataclass(frozen=True)
class ReportFacts:
    """Everything the report says; what is None is left out of it."""

    run: RunFacts
    measures: Measures
    previous: pa.Table | None = None
    """`LINK_RATES` of the last run over the same scope."""
    calibration: pa.Table | None = None
    """`CALIBRATION`."""
    write_back: WriteBack | None = None
    said: Mapping[str, int] = field(default_factory=dict)
    """Verdict of people → records that it holds for; `withdrawn`: decisions that lost their ground."""
    search: tuple[SearchKind, ...] = ()
    """What the search says of itself, one for each kind that was searched."""
    backlog: Backlog | None = None
    """What waits for people."""
    health: RegistryHealth | None = None
    """How the registry answered."""


def measure(
    decisions: pa.Table,
    records: pa.Table,
    schools: pa.Table,
    rejects: pa.Table,
    *,
    today: date,
    verified: pa.Table = NOTHING_VERIFIED,
    standing: pa.Table | None = None,
) -> Measures:
    """Count one partition.

    Args:
        decisions: `matching.schemas.DECISIONS`, one row for every record.
        records: `matching.schemas.RECORDS`, the same records.
        schools: `matching.schemas.SCHOOLS`.
        rejects: `matching.schemas.REJECTS`.
        today: The day of the run.
        verified: `reporting.quality.VERIFIED`, earlier confirmations.
        standing: `reporting.verification.VERIFICATION`; without it, every open record counts as open since today.

    Raises:
        CountsDisagreeError: Decisions and records don't belong together.
    """
    standing = verification(decisions, records, today) if standing is None else standing
    return Measures(
        rates(decisions, records),
        quality(decisions, records, rejects, today, verified),
        schools_open(decisions, records, schools),
        reject_counts(rejects),
        former_rates(decisions, records, schools),
        state_counts(standing),
        progress(standing, schools),
    )


def together(parts: Sequence[Measures]) -> Measures:
    """The measures of several partitions as one."""
    return Measures(
        pa.concat_tables([LINK_RATES.empty_table(), *(part.rates for part in parts)]),
        pa.concat_tables([QUALITY.empty_table(), *(part.quality for part in parts)]),
        pa.concat_tables([SCHOOLS_OPEN.empty_table(), *(part.schools for part in parts)]),
        pa.concat_tables([REJECT_COUNTS.empty_table(), *(part.rejects for part in parts)]),
        pa.concat_tables([FORMER_RATES.empty_table(), *(part.former for part in parts)]),
        pa.concat_tables([STATE_COUNTS.empty_table(), *(part.states for part in parts)]),
        pa.concat_tables([PROGRESS.empty_table(), *(part.progress for part in parts)]),
    )
