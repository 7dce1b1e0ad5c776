"""Tables of what the registry told beside links, owned by the sync: its changes, residences, what became of facts sent to it."""

import sqlalchemy as sa

from connectors.education_tables import TEXT, sync_metadata


def _text(name: str, *, key: bool = False, needed: bool = True) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=key, nullable=not needed)


registry_runs = sa.Table(
    "registry_runs",
    sync_metadata,
    _text("run", key=True),
    _text("job"),
    _text("started_at"),
    _text("ended_at", needed=False),
    _text("state"),
    _text("counts", needed=False),
)
"""Each run of the jobs beside the sync (changes, residence, enrich): its counts as JSON."""

registry_cursors = sa.Table(
    "registry_cursors", sync_metadata, _text("feed", key=True), _text("cursor"), _text("as_of"), _text("run")
)
"""Up to where a feed was read, and by which run."""

link_rechecks = sa.Table(
    "link_rechecks",
    sync_metadata,
    _text("kind", key=True),
    _text("record_id", key=True),
    _text("province"),
    _text("cause"),
    _text("run"),
)
"""Links whose entry has changed since: the next run decides on their records anew."""

link_flags = sa.Table(
    "link_flags",
    sync_metadata,
    _text("kind", key=True),
    _text("record_id", key=True),
    _text("flag", key=True),
    _text("personal_id"),
    _text("province"),
    _text("at"),
    _text("run"),
)
"""What an officer must know of a link that stands; `flag` is deceased, `at` when the registry recorded it."""

residences = sa.Table(
    "residences",
    sync_metadata,
    _text("kind", key=True),
    _text("record_id", key=True),
    _text("personal_id"),
    _text("found"),
    _text("province", needed=False),
    _text("commune", needed=False),
    _text("as_of"),
    _text("run"),
)
"""Permanent residence of linked people in the catalogue of 2025, as of when the registry told it."""

sent_facts = sa.Table(
    "sent_facts",
    sync_metadata,
    _text("kind", key=True),
    _text("record_id", key=True),
    _text("school_year", key=True),
    _text("personal_id"),
    _text("digest"),
    _text("outcome"),
    _text("reason", needed=False),
    _text("run"),
)
"""What was told to the registry of linked people (a digest of it), and what became of it."""

sa.Index("link_rechecks_by_province", link_rechecks.c.province, link_rechecks.c.kind)
sa.Index("link_flags_by_province", link_flags.c.province, link_flags.c.kind)
