"""The open records of the last runs, laid out for the review page; what lies there goes with the tables of its run."""

import hmac
import logging
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from threading import Event

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import reading, writing
from connectors.education import create_sync_tables, provinces
from connectors.errors import ConnectorError
from connectors.review_cases import NewCase, clear_cases, laid_out
from connectors.review_store import Seen
from matching.schemas import FAMILIES, RAW_RECORDS
from pipelines.checkpoints import Checkpoint
from pipelines.errors import CheckpointDamaged
from pipelines.history import last_run, read_schools
from pipelines.means import runs_folder, utc_now
from pipelines.scope import Kind
from pipelines.seals import seal_key
from pipelines.settings import Settings
from reporting.open_cases import families_of_open, open_cases
from reporting.open_rows import ListTables
from review.laying_out import lay_out

_SHARES = 2**32
_log = logging.getLogger("identity_sync.review")


def lay_out_new(settings: Settings, engine: sa.Engine, now: datetime) -> int:
    """Lay out what runs have written since; where a run's tables are gone, take away what lies there.

    Returns:
        How many partitions are laid out anew.
    """
    create_sync_tables(engine)
    with reading(engine) as connection:
        there = laid_out(connection)
    count = 0
    for province in provinces(engine):
        for kind in Kind:
            before = last_run(engine, kind, province, "")
            kept = Checkpoint(runs_folder(settings) / before.run / province / kind) if before else None
            if before is None or kept is None or not kept.done("resolve"):
                if (kind, province) in there:
                    with writing(engine) as connection:
                        clear_cases(connection, kind, province)
            elif there.get((kind, province)) != before.run:
                cases = list(_cases(settings, engine, kind, province, kept))
                lay_out(engine, (kind, province), before.run, cases, now)
                count += 1
    return count


def keep_laid_out(settings: Settings, engine: sa.Engine, ended: Event, pause: float) -> None:
    """Lay out what runs write, until told to end.

    Args:
        settings: The installation's.
        engine: The education database.
        ended: When to end.
        pause: Seconds between two looks.
    """
    while not ended.wait(pause):
        try:
            lay_out_new(settings, engine, utc_now())
        except (ConnectorError, CheckpointDamaged) as error:
            # a busy database or a run being written: what lies there stays, and the next look tries again
            _log.warning("nothing was laid out: %s", error)


def _cases(
    settings: Settings, engine: sa.Engine, kind: Kind, province: str, kept: Checkpoint
) -> Iterator[NewCase]:
    tables = ListTables(
        decisions=kept.table("resolve", "decisions"),
        candidates=kept.table("resolve", "candidates"),
        records=kept.table("normalise", "records"),
        raw=kept.table("extract", "raw"),
        schools=read_schools(engine, [province]),
    )
    family = _family(kept, kind, tables)
    return new_cases((kind, province), tables, family, seal_key(settings), settings.review_twice)


def new_cases(
    partition: tuple[str, str], tables: ListTables, family: pa.Table, key: bytes, share: float
) -> Iterator[NewCase]:
    """The open records of a partition as they are laid out.

    Args:
        partition: Kind and province.
        tables: What lists are made from.
        family: `reporting.open_cases.FAMILY`.
        key: The installation's secret.
        share: Of the records, how many two people are to decide on.
    """
    kind, province = partition
    for case in open_cases(kind, tables, family, key):
        yield NewCase(
            kind=case.kind,
            record_id=case.record_id,
            province=province,
            place=case.place,
            school_code=case.school_code,
            reason=case.reason,
            words_needed=2 if reviewed_twice(key, case.kind, case.record_id, share) else 1,
            fingerprint=case.fingerprint,
            entries=tuple(Seen(number, looks) for number, looks in case.entries),
            content=case.content,
        )


def _family(kept: Checkpoint, kind: Kind, tables: ListTables) -> pa.Table:
    """Relatives, from what the same run kept of the other kind."""
    beside = {one: Checkpoint(kept.folder.parent / one) for one in Kind}
    students = beside[Kind.STUDENT]
    families = students.table("extract", "families") if students.done("extract") else FAMILIES.empty_table()
    raw = {
        one: beside[one].table("extract", "raw") if beside[one].done("extract") else RAW_RECORDS.empty_table()
        for one in (Kind.STUDENT, Kind.GUARDIAN)
    }
    return families_of_open(kind, tables.decisions, families, raw[Kind.STUDENT], raw[Kind.GUARDIAN])


def reviewed_twice(key: bytes, kind: str, record_id: str, share: float) -> bool:
    """Whether two people are to decide on a record independently: drawn by its ID, so that every run draws the same."""
    drawn = hmac.digest(key, f"twice/{kind}/{record_id}".encode(), sha256)[:4]
    return int.from_bytes(drawn, "big") < share * _SHARES
