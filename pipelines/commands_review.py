"""identity-sync review: lists out, decisions in, and where they stand."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import click

from pipelines.cli import Asked
from pipelines.commands_review_page import serve, user
from pipelines.commands_sync import codes, near
from pipelines.means import utc_now
from pipelines.province_names import province_name
from pipelines.texts import Texts
from review.importing import Judged, TakenIn
from review.judging import Fate

_MOST_ROWS = 40
"""Row numbers shown for one reason."""


@click.group()
def review() -> None:
    """Decisions of people."""


review.add_command(serve)
review.add_command(user)


@review.command("export")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--province", "--tinh", "provinces", multiple=True)
@click.option("--schools", is_flag=True)
@click.option("--communes", is_flag=True)
@click.option("--conflicts", is_flag=True)
@click.option("--decided", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def export_lists(
    asked: Asked, /, out: Path, provinces: tuple[str, ...], as_json: bool, **wanted: bool
) -> None:
    """Write the lists for reviewers."""
    from connectors.database import open_database
    from connectors.education import provinces as all_provinces
    from pipelines import review_lists

    settings, text = asked.settings(), asked.text()
    chosen = codes(provinces, text)
    engine = open_database(settings.database_url)
    try:
        files = review_lists.export_lists(
            settings, engine, chosen or all_provinces(engine), out, review_lists.Wanted(**wanted)
        )
    finally:
        engine.dispose()
    if as_json:
        click.echo(json.dumps([str(path) for path in files], ensure_ascii=False))
        return
    for path in files:
        click.echo(near(path))
    click.echo(text("review.exported", count=text.number(len(files))), err=True)


@review.command("sample")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--province", "--tinh", required=True)
@click.option("--size", type=click.IntRange(1, 10_000), default=200, show_default=True)
@click.pass_obj
def sample(asked: Asked, out: Path, province: str, size: int) -> None:
    """Write a random sample of automatic links as a list for reviewers."""
    from connectors.education import create_sync_tables
    from pipelines.link_sample import write_sample
    from pipelines.means import open_means

    text = asked.text()
    (code,) = codes((province,), text)
    with open_means(asked.settings()) as means:
        create_sync_tables(means.engine)
        path, count = write_sample(means, code, size, out)
    click.echo(near(path))
    click.echo(text("review.sampled", count=text.number(count)), err=True)


@review.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--reviewer", required=True)
@click.option("--dry-run", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def import_lists(asked: Asked, files: tuple[Path, ...], reviewer: str, dry_run: bool, as_json: bool) -> None:
    """Take decisions in from lists that came back."""
    from connectors.database import open_database
    from connectors.list_files import read_list
    from pipelines.review_lists import import_means
    from review.importing import take_in

    settings, text = asked.settings(), asked.text()
    read = [read_list(path) for path in files]
    engine = open_database(settings.database_url)
    try:
        done = take_in(engine, read, import_means(settings), reviewer, utc_now(), dry_run=dry_run)
    finally:
        engine.dispose()
    if as_json:
        facts = [
            {"file": one.file, "counts": one.counts, "rows": [asdict(row) for row in one.rows]}
            for one in done
        ]
        click.echo(json.dumps({"dry_run": dry_run, "files": facts}, ensure_ascii=False))
        return
    for one in done:
        for line in _told(one, text):
            click.echo(line)
    click.echo(text("review.would" if dry_run else "review.done"), err=True)


def _told(taken: TakenIn, text: Texts) -> Iterator[str]:
    """What becomes of a file, in words: counts, then every row that needs somebody."""
    counts = {str(fate): text.number(count) for fate, count in taken.counts.items()}
    yield text("review.counts", file=taken.file, **counts)
    settling = [row for row in taken.rows if row.settles]
    if settling:
        yield "  " + text("review.settling", rows=_rows(settling, text))
    odd = [row for row in taken.rows if row.fate in (Fate.CONFLICTING, Fate.STALE, Fate.INVALID)]
    for why, some in groupby(sorted(odd, key=_reason), key=_reason):
        rows = list(some)
        columns = ", ".join(sorted({column for row in rows for column in row.columns}))
        yield "  " + text(
            f"review.{'.'.join(part for part in why if part)}", rows=_rows(rows, text), columns=columns
        )


def _reason(row: Judged) -> tuple[str, str]:
    return str(row.fate), str(row.why)


def _rows(rows: list[Judged], text: Texts) -> str:
    """Where they stand: `Học sinh 7, 9, 12`; a sheet as a whole by its name alone."""
    parts = []
    for sheet, some in groupby(rows, key=lambda row: row.place.sheet):
        numbers = sorted(row.place.row for row in some if row.place.row)
        shown = ", ".join(str(number) for number in numbers[:_MOST_ROWS])
        more = f" … (+{text.number(len(numbers) - _MOST_ROWS)})" if len(numbers) > _MOST_ROWS else ""
        parts.append(" ".join(part for part in (sheet, shown) if part) + more)
    return "; ".join(part for part in parts if part) or "–"


@review.command("status")
@click.option("--province", "--tinh", "province", default="")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def status(asked: Asked, province: str, as_json: bool) -> None:
    """Where decisions stand, and which wait for a third person."""
    from connectors.database import open_database
    from connectors.education import create_sync_tables
    from connectors.review_store import count_states, waiting

    settings, text = asked.settings(), asked.text()
    code = codes((province,), text)[0] if province else None
    engine = open_database(settings.database_url)
    try:
        create_sync_tables(engine)
        counts, differing = count_states(engine, code), waiting(engine, code)
    finally:
        engine.dispose()
    if as_json:
        lines = [
            {"kind": one.kind, "record_id": one.record_id, "province": one.province, "verdict": one.verdict,
             "reviewer": one.reviewer, "decided_at": one.decided_at}
            for one in differing
        ]  # fmt: skip
        states = [
            {"verdict": verdict, "state": state, "decisions": count}
            for (verdict, state), count in counts.items()
        ]
        click.echo(json.dumps({"states": states, "waiting": lines}, ensure_ascii=False))
        return
    for (verdict, state), count in counts.items():
        click.echo(f"{text(f'verdict.{verdict}')}: {text(f'state.{state}')} {text.number(count)}")
    for one in differing:
        where = f"{province_name(one.province)}, {text(f'kinds.{one.kind}')} {one.record_id}"
        said = text(
            "review.said",
            verdict=text(f"verdict.{one.verdict}"),
            reviewer=one.reviewer,
            day=one.decided_at[:10],
        )
        click.echo(f"  {where}: {said}")
    if not counts:
        click.echo(text("review.none"), err=True)
