"""Job `changes`: what the registry changed since the last time, brought to the links.

A number that was superseded is replaced, the link before it goes to the history; a person who died is flagged; a link whose entry was
corrected is decided anew by the next run. The cursor moves when all provinces have the news, so a job that broke off is simply run again.
"""

from collections import Counter

import pyarrow as pa

from connectors.errors import RegistryRefused
from connectors.locks import province_lock
from connectors.registry_news import News, bring, cursor, move_cursor, news_of, preview, provinces_touched
from connectors.registry_records import CHANGES, Page
from pipelines.registry_jobs import Counts, Job, noted

SCOPES = "changes"


def bring_changes(job: Job) -> Counts:
    """Read the feed and bring it to the links of all provinces.

    Returns:
        `told_<word>`: changes of the feed; `superseded`, `deceased`, `corrected`, `shared`: links; `anew`: 1 where the feed was
        read from its beginning, because it isn't the one that was read before.

    Raises:
        RegistryProblem: The feed can't be read; nothing was written.
        ProvinceLocked: A run holds a province; those before it have the news, and all get it again next time.
    """
    with noted(job, "changes") as counts:
        since = cursor(job.means.engine)
        pages, anew = _pages(job, since)
        news = news_of(pa.concat_tables([CHANGES.empty_table(), *(page.changes for page in pages)]))
        counts.update({f"told_{word}": count for word, count in news.counts.items()})
        counts["anew"] += anew
        for province in provinces_touched(job.means.engine, news):
            counts.update(_to_province(job, news, province))
        if pages and not job.dry_run:
            move_cursor(job.means.engine, pages[-1].next, pages[-1].as_of, job.run)
    return dict(counts)


def _pages(job: Job, since: str | None) -> tuple[list[Page], bool]:
    client = job.means.asking(job.run, SCOPES)
    try:
        return list(client.changes(since)), False
    except RegistryRefused as refusal:
        if refusal.code != "cursor_invalid" or since is None:
            raise
    return list(client.changes(None)), True


def _to_province(job: Job, news: News, province: str) -> Counter[str]:
    if job.dry_run:
        return preview(job.means.engine, news, province)
    with province_lock(job.means.engine, province, job.run, job.means.clock):
        return bring(job.means.engine, news, province, job.run, job.means.clock(), job.means.auditor)
