"""What the report says of the reviewers' desk and of the registry: read from the database and from what provinces kept."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database import reading
from connectors.link_samples import drawn_links
from connectors.review_store import count_states, decisions_of, waiting
from connectors.schema import is_prepared
from matching.decision import Reason
from matching.explain import Actor
from matching.registry import RegistryFacts
from pipelines.checkpoints import Checkpoint
from pipelines.gates import registry_age
from pipelines.history import run_line, runs
from pipelines.settings import Settings
from reporting.backlog import Backlog, RegistryHealth
from reporting.facts import Measures
from reporting.reviewed_sample import Sample
from review.sampled import judged


def backlog(engine: sa.Engine, provinces: Sequence[str], kept: Sequence[Checkpoint]) -> Backlog | None:
    """The desk of the reviewers; None before the first run that wrote anything.

    Args:
        engine: The education database.
        provinces: Those of the run.
        kept: What the provinces of the run kept.
    """
    if not is_prepared(engine):
        return None
    oldest = [day for one in kept if (day := _oldest(one.table("report", "verification"))) is not None]
    records = {decision.key for decision in waiting(engine)}
    return Backlog(
        count_states(engine), len(records), min(oldest, default=None), reviewed_sample(engine, provinces)
    )


def _oldest(standing: pa.Table) -> date | None:
    theirs = standing.filter(pc.equal(standing["lies_with"], Actor.REVIEWER))
    found: date | None = pc.min(theirs["open_since"]).as_py()
    return found


def registry_health(
    engine: sa.Engine, settings: Settings, run: str, today: date, registry: RegistryFacts, measures: Measures
) -> RegistryHealth:
    """How the registry did, as far as the run shows it."""
    vain = measures.rates.filter(pc.equal(measures.rates["reason"], Reason.COULD_NOT_ASK))
    counted = vain.group_by("kind").aggregate([("records", "sum")]).to_pylist()
    questions = pa.array(["lookup", "trace", "relatives"])
    from_registry = measures.rejects.filter(pc.is_in(measures.rejects["table"], value_set=questions))
    return RegistryHealth(
        registry_age(registry.as_of, today),
        settings.gate_registry_age_days,
        {row["kind"]: row["records_sum"] for row in counted},
        pc.sum(from_registry["rejected"]).as_py() or 0,
        _entries_before(engine, run),
    )


def _entries_before(engine: sa.Engine, run: str) -> int | None:
    if not is_prepared(engine):
        return None
    line = run_line(engine, run)
    started = line.started_at if line else "~"  # a dry run leaves no line: every run was before it
    earlier = [one for one in runs(engine, limit=50) if one.started_at < started and "registry" in one.counts]
    return int(earlier[0].counts["registry"]["entries"]) if earlier else None


def reviewed_sample(engine: sa.Engine, provinces: Sequence[str]) -> Sample | None:
    """What people say of the links that were ever drawn in some provinces; None where none were."""
    with reading(engine) as connection:
        drawn = drawn_links(connection, provinces)
        return judged(drawn, decisions_of(connection, [one.key for one in drawn])) if drawn else None
