"""Which run is taken up again, and what it takes."""

import sqlalchemy as sa

from connectors.schema import is_prepared
from connectors.writeback import DONE, ROLLED_BACK
from pipelines import history
from pipelines.auditing import head_kept
from pipelines.errors import RunUnknown
from pipelines.means import runs_folder
from pipelines.scope import Scope
from pipelines.settings import Settings


def resumable(engine: sa.Engine, settings: Settings, run: str = "") -> tuple[str, Scope]:
    """The run to continue and what it takes: the one named, else the last one that has something left to do.

    Raises:
        RunUnknown: There is none.
    """
    found = history.runs(engine, limit=1000) if is_prepared(engine) else []
    able = [
        one for one in found if run in ("", one.run) and _has_something_left(settings, one, named=bool(run))
    ]
    if not able:
        raise RunUnknown(run)
    return able[0].run, Scope.model_validate(able[0].scope)


def _has_something_left(settings: Settings, one: history.RunLine, *, named: bool) -> bool:
    if one.state == DONE and one.rollback_of is None:
        # killed when it was done, before the last of its files
        return (runs_folder(settings) / one.run).is_dir() and not head_kept(settings, one.run)
    return one.state in history.STATES_TO_RESUME or (named and one.state != ROLLED_BACK)


def begun_or(engine: sa.Engine, settings: Settings, run: str, fresh: Scope | None) -> Scope:
    """What a run takes: as it was when it began, where it has begun already; else `fresh`, where that is given.

    Raises:
        RunUnknown: It has ended and can't be taken up again, or there is no such run.
    """
    begun = is_prepared(engine) and history.run_line(engine, run) is not None
    return fresh if fresh is not None and not begun else resumable(engine, settings, run)[1]


def whole_run_since(engine: sa.Engine, moment: str, *, everything: bool, but: str = "") -> str | None:
    """A run over all provinces and kinds that began at a moment or later, of everything where that is asked for."""
    if not is_prepared(engine):
        return None
    for one in history.runs(engine, limit=1000):
        scope = None if one.rollback_of else Scope.model_validate(one.scope)
        if one.started_at < moment or one.run == but or scope is None:
            continue
        whole = not scope.provinces and len(scope.kinds) == len(Scope.model_fields["kinds"].default)
        if whole and not scope.dry_run and (scope.everything or not everything):
            return one.run
    return None
