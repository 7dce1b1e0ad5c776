"""A run's report written once more, from what its provinces kept: in another language, or after it was deleted."""

from pathlib import Path

import sqlalchemy as sa

from connectors.database import open_database
from connectors.education import provinces
from connectors.schema import is_prepared
from matching.registry import RegistryFacts
from pipelines import history
from pipelines.errors import RunUnknown
from pipelines.reports import Finished, report_run
from pipelines.scope import Scope
from pipelines.settings import Settings


def write_again(settings: Settings, run: str = "", *, published: bool = False) -> Path:
    """Write the report of a run, the last one if none is named; on request the variant for everybody too, which is then returned.

    Raises:
        RunUnknown: There is no such run, or none at all.
    """
    engine = open_database(settings.database_url)
    try:
        line = _wanted(engine, run)
        scope = Scope.model_validate(line.scope)
        finished = Finished(
            run=line.run,
            scope=scope,
            provinces=scope.provinces or tuple(provinces(engine)),
            started=line.started_at,
            ended=line.ended_at or line.started_at,
            registry=RegistryFacts(**line.counts.get("registry", {"entries": 0, "as_of": "", "source": ""})),
            model=line.model or "",
            changed_since=line.counts.get("changed_since"),
            seconds=line.counts.get("seconds", {}),
            written=line.counts.get("written", {}),
        )
        return report_run(settings, engine, finished, published=published)
    finally:
        engine.dispose()


def _wanted(engine: sa.Engine, run: str) -> history.RunLine:
    if not is_prepared(engine):
        raise RunUnknown(run)
    last = (one for one in history.runs(engine, limit=1000) if one.rollback_of is None)
    found = history.run_line(engine, run) if run else next(last, None)
    if found is None or found.rollback_of is not None:
        raise RunUnknown(run)
    return found
