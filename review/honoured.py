"""What still holds of people's decisions when a partition is run: handed to the linkage as a table, or withdrawn."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database import writing
from connectors.review_store import DECIDED, count_caused, decisions_numbered, hold_reviews
from connectors.review_tables import State
from connectors.worklist import ENTRY_SEEN, FINGERPRINTED, entry_fingerprint, key_name, record_fingerprint
from matching.schemas import VERDICTS
from review.book import Book
from review.errors import SealKeyDiffers


def on_records(decided: pa.Table, raw: pa.Table) -> pa.Table:
    """Decisions on the records of a partition.

    Args:
        decided: `connectors.review_store.DECIDED`.
        raw: `matching.schemas.RAW_RECORDS`.
    """
    return decided.filter(pc.is_in(decided["record_id"], value_set=raw["record_id"].combine_chunks()))


def record_changed(decided: pa.Table, raw: pa.Table, key: bytes) -> pa.Array:
    """Numbers of decisions on records that say something else by now.

    Args:
        decided: DECIDED, of the records of `raw`.
        raw: RAW_RECORDS.
        key: The secret under the fingerprints.

    Raises:
        SealKeyDiffers: They were made under another key: to withdraw them all would be wrong, to pass over them as well.
    """
    foreign = decided.filter(pc.invert(pc.starts_with(decided["fingerprint"], key_name(key))))
    if len(foreign):
        raise SealKeyDiffers(pc.count_distinct(foreign["decision"]).as_py())
    ids = pc.unique(decided["record_id"])
    records = raw.filter(pc.is_in(raw["record_id"], value_set=ids)).select(["record_id", *FINGERPRINTED])
    now = {row["record_id"]: record_fingerprint(key, row) for row in records.to_pylist()}
    return _numbers(
        row["decision"] for row in decided.to_pylist() if now.get(row["record_id"]) != row["fingerprint"]
    )


def entries_changed(decided: pa.Table, entries: pa.Table, key: bytes) -> pa.Array:
    """Numbers of decisions on entries that say something else by now, or are gone.

    Args:
        decided: DECIDED.
        entries: `matching.schemas.ENTRY`, those that decisions are about, as the registry has them.
        key: The secret under the fingerprints.
    """
    columns = ["personal_id", *ENTRY_SEEN]
    now = {row["personal_id"]: entry_fingerprint(key, row) for row in entries.select(columns).to_pylist()}
    about = decided.filter(pc.is_valid(decided["personal_id"])).to_pylist()
    return _numbers(row["decision"] for row in about if now.get(row["personal_id"]) != row["seen"])


def but(decided: pa.Table, numbers: pa.Array) -> pa.Table:
    """Decisions without some."""
    return decided.filter(pc.invert(pc.is_in(decided["decision"], value_set=numbers)))


def verdicts(decided: pa.Table) -> pa.Table:
    """DECIDED as the linkage takes it: VERDICTS, each said once however many people said it."""
    return decided.select(VERDICTS.names).group_by(VERDICTS.names).aggregate([]).cast(VERDICTS)


def counted(decided: pa.Table) -> Mapping[str, int]:
    """Verdict → records that it holds for."""
    some = (
        decided.select(["verdict", "record_id"])
        .group_by(["verdict"])
        .aggregate([("record_id", "count_distinct")])
    )
    return dict(zip(some["verdict"].to_pylist(), some["record_id_count_distinct"].to_pylist(), strict=True))


def withdraw(engine: sa.Engine, numbers: Iterable[int], cause: str, now: datetime) -> int:
    """Withdraw decisions whose ground has changed; doing it again changes and says the same.

    Args:
        engine: The education database.
        numbers: The decisions.
        cause: The run that saw it.
        now: When.

    Returns:
        How many were withdrawn for this cause, now or before it was broken off.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return 0
    with writing(engine) as connection:
        hold_reviews(connection)
        book = Book(connection)
        book.open({one.key for one in decisions_numbered(connection, wanted)})
        book.withdraw(wanted, cause)
        book.close(now)
        return count_caused(connection, wanted, State.WITHDRAWN, cause)


def _numbers(found: Iterable[int]) -> pa.Array:
    return pa.array(sorted(set(found)), DECIDED.field("decision").type)
