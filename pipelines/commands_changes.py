"""Commands about what runs changed: the difference between two, and one taken back."""

import json
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

import click
import sqlalchemy as sa

from connectors.database import open_database
from connectors.moments import behind
from connectors.rollback import preview_rollback, roll_back
from connectors.run_diff import Change, LinkChange, Side, run_ended
from connectors.run_diff import diff as differences
from connectors.schema import is_prepared
from pipelines.auditing import auditor, keep_head
from pipelines.cli import Asked
from pipelines.errors import RunUnknown
from pipelines.history import run_line
from pipelines.means import utc_now
from pipelines.province_names import province_name
from pipelines.scope import new_run
from pipelines.texts import Texts
from reporting.cells import masked
from reporting.texts import texts as reporting_texts


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def diff(asked: Asked, before: str, after: str, as_json: bool) -> None:
    """Who gained, lost or changed an ID between two runs, and why; IDs masked."""
    engine = open_database(asked.settings().database_url)
    try:
        found = differences(engine, _ended(engine, before), _ended(engine, after))
        reasons = [_why(engine, one, asked.text()) for one in found]
    finally:
        engine.dispose()
    counts = Counter(str(one.change) for one in found)
    if as_json:
        rows = [_row(one) for one in found]
        click.echo(json.dumps({"counts": counts, "records": rows}, ensure_ascii=False))
        return
    text = asked.text()
    for one, why in zip(found, reasons, strict=True):
        ids = f"{_shown(one.before)} → {_shown(one.after)}"
        where = f"{province_name(one.province)}  {text(f'kinds.{one.kind}')}  {one.record_id}"
        click.echo(f"{text(f'diff.{one.change}'):<10} {where}  {ids}  {why}")
    click.echo(text("diff.counts", **{str(change): text.number(counts[change]) for change in Change}))


def _ended(engine: sa.Engine, run: str) -> str:
    ended = run_ended(engine, run) if is_prepared(engine) else None
    if ended is None:
        raise RunUnknown(run)
    return ended


def _shown(side: Side | None) -> str:
    return masked(side.personal_id) if side else "–"


def _row(one: LinkChange) -> dict[str, Any]:
    sides = {name: getattr(one, name) for name in ("before", "after")}
    shown = {
        name: asdict(replace(side, personal_id=masked(side.personal_id))) if side else None
        for name, side in sides.items()
    }
    facts = {"kind": one.kind, "record_id": one.record_id, "province": one.province, "ended_by": one.ended_by}
    return {"change": str(one.change), **facts, **shown}


def _why(engine: sa.Engine, one: LinkChange, text: Texts) -> str:
    """Why the link is what it is now, or who took it away."""
    if one.after is not None:
        reason = reporting_texts(text.language).label("reason", one.after.reason)
        return text("diff.why", reason=reason, decided_by=one.after.decided_by, run=one.after.run)
    ended = run_line(engine, one.ended_by) if one.ended_by else None
    if ended is not None and ended.rollback_of:
        return text("diff.rolled_back", run=ended.run, of=ended.rollback_of)
    return text("diff.by_person", run=one.ended_by or "–")


@click.command()
@click.argument("run")
@click.option("--dry-run", is_flag=True)
@click.option("--keep-later", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def rollback(asked: Asked, run: str, dry_run: bool, keep_later: bool, as_json: bool) -> None:
    """Take back what a run wrote: a run of its own."""
    settings, text = asked.settings(), asked.text()
    engine = open_database(settings.database_url)
    try:
        if not is_prepared(engine) or run_line(engine, run) is None:
            raise RunUnknown(run)
        as_run = "" if dry_run else new_run(utc_now())
        if dry_run:
            counts = preview_rollback(engine, run)
        else:
            now = utc_now() + behind(engine, utc_now())
            done = roll_back(engine, run, as_run, now, auditor(settings), keep_later=keep_later)
            counts = done.counts
            keep_head(settings, as_run, done.head)
    finally:
        engine.dispose()
    if as_json:
        click.echo(json.dumps({"run": as_run, "rollback_of": run, **asdict(counts)}, ensure_ascii=False))
        return
    shown = {name: text.number(getattr(counts, name)) for name in ("restored", "removed", "left")}
    told = "rollback.would" if dry_run else "rollback.done"
    click.echo(text(told, run=as_run, of=run, **shown))
    if counts.left:
        click.echo(text("rollback.later", runs=", ".join(counts.later)), err=True)
