"""Automatic links that were drawn to be looked at by people: what is known of how many are right rests on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.database import insert_if_absent, rows_written, writing
from connectors.education_tables import moment, sync_metadata, text_column
from connectors.review_store import Key

link_samples = sa.Table(
    "link_samples",
    sync_metadata,
    text_column("kind", key=True),
    text_column("record_id", key=True),
    text_column("personal_id", key=True),
    text_column("province"),
    text_column("decided_by"),
    text_column("drawn_at"),
)
"""Each link that was ever drawn, and the pass that had made it; what people said of it stands in `review_decisions`."""

sa.Index("link_samples_by_province", link_samples.c.province)


@dataclass(frozen=True)
class Drawn:
    """One link that was drawn."""

    kind: str
    record_id: str
    personal_id: str
    province: str
    decided_by: str
    drawn_at: str = ""

    @property
    def key(self) -> Key:
        """The record."""
        return self.kind, self.record_id


def keep_sample(engine: sa.Engine, links: Sequence[Drawn], now: datetime) -> int:
    """Note that links were drawn; one that was drawn before keeps its first moment.

    Returns:
        How many are new.
    """
    with writing(engine) as connection:
        return sum(
            rows_written(
                connection,
                insert_if_absent(connection, link_samples).values(vars(one) | {"drawn_at": moment(now)}),
            )
            for one in links
        )


def drawn_links(connection: sa.Connection, provinces: Iterable[str]) -> list[Drawn]:
    """All that were ever drawn in some provinces."""
    here = link_samples.c.province.in_(sorted(provinces))
    names = [column.name for column in link_samples.c]
    rows = connection.execute(sa.select(link_samples).where(here)).tuples()
    return [Drawn(**dict(zip(names, row, strict=True))) for row in rows]
