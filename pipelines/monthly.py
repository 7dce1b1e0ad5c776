"""The monthly preset: the figures due before the 22nd, out of what the database kept of every run."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import moment, sync_partitions, sync_runs
from connectors.files_out import whole_file
from connectors.run_measures import MEASURED, read_measures
from connectors.runs import read_rates
from connectors.schema import is_prepared
from connectors.writeback import DONE
from pipelines.checkpoints import owners_folder
from pipelines.errors import MonthUnknown
from pipelines.measures import report_rates
from pipelines.settings import Settings
from reporting.monthly import write_monthly_page, write_monthly_workbook
from reporting.monthly_facts import MonthFigures, MonthlyFacts
from reporting.rates import LINK_RATES

DUE_DAY = 22
"""The figures are due before this day."""

TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")
_PDF_SECONDS = 120


@dataclass(frozen=True)
class Period:
    """A month of reporting: from the 22nd of the month before to the end of the 21st."""

    month: str
    begins: datetime
    ends: datetime
    """The first moment that does not count."""

    @property
    def last_day(self) -> date:
        """The last day that counts."""
        return (self.ends - timedelta(days=1)).date()


@dataclass(frozen=True)
class Papers:
    """What was written."""

    page: Path
    workbook: Path
    pdf: Path | None
    """None where there is no browser to print it."""


@dataclass(frozen=True)
class _Written:
    """One partition as a run wrote it."""

    kind: str
    province: str
    run: str
    finished_at: str
    model: str | None
    registry_as_of: str | None


def period(month: str) -> Period:
    """The period of a month `YYYY-MM`.

    Raises:
        MonthUnknown: It is no month.
    """
    found = _MONTH.fullmatch(month)
    if not found:
        raise MonthUnknown(month)
    year, number = int(found[1]), int(found[2])
    ends = datetime(year, number, DUE_DAY, tzinfo=TIME_ZONE)
    before = (year, number - 1) if number > 1 else (year - 1, 12)
    return Period(month, datetime(*before, DUE_DAY, tzinfo=TIME_ZONE), ends)


def write_monthly(settings: Settings, engine: sa.Engine, month: str) -> Papers:
    """Write page, workbook and, where Chromium is installed, PDF of a month into `HOME/reports/monthly`.

    Raises:
        MonthUnknown: It is no month, or nothing was written before its end.
    """
    facts = monthly_facts(settings, engine, month)
    out = owners_folder(settings.home / "reports" / "monthly")
    page = write_monthly_page(out, facts, settings.language)
    return Papers(page, write_monthly_workbook(out, facts, settings.language), print_page(page))


def monthly_facts(settings: Settings, engine: sa.Engine, month: str) -> MonthlyFacts:
    """The figures of a month, and of the one before.

    Raises:
        MonthUnknown: It is no month, or nothing was written before its end.
    """
    wanted = period(month)
    now = _last_written(engine, wanted.ends)
    if not now:
        raise MonthUnknown(month)
    before = _last_written(engine, wanted.begins)
    latest = max(one.finished_at for one in now)
    return MonthlyFacts(
        month=month,
        ends=wanted.last_day,
        now=_figures(engine, now),
        before=_figures(engine, before) if before else None,
        runs=tuple(sorted({one.run for one in now}, reverse=True)),
        last_written=datetime.fromisoformat(latest).astimezone(TIME_ZONE),
        not_this_month=tuple(
            (one.kind, one.province) for one in now if one.finished_at < moment(wanted.begins)
        ),
        models=_named(one.model for one in now),
        registry_as_of=_named(one.registry_as_of for one in now),
        code_version=version("identity-sync"),
        synthetic=settings.synthetic,
    )


def _last_written(engine: sa.Engine, until: datetime) -> list[_Written]:
    """Each partition as the last run before a moment wrote it."""
    if not is_prepared(engine):
        return []
    part, run = sync_partitions.c, sync_runs.c
    columns = (part.kind, part.province, part.run, part.finished_at, run.model, run.registry_as_of)
    joined = sync_partitions.join(sync_runs, run.run == part.run)
    done = sa.and_(part.state == DONE, part.finished_at < moment(until))
    query = sa.select(*columns).select_from(joined).where(done).order_by(part.finished_at)
    with reading(engine) as connection:
        rows = connection.execute(query).tuples().all()
    last = {(row[0], row[1]): _Written(*row) for row in rows}
    return [last[key] for key in sorted(last, key=lambda key: (key[1], key[0]))]


def _figures(engine: sa.Engine, written: Sequence[_Written]) -> MonthFigures:
    rates, measures = [LINK_RATES.empty_table()], [MEASURED.empty_table()]
    for run in sorted({one.run for one in written}):
        own = pa.array([f"{one.kind} {one.province}" for one in written if one.run == run])
        rates.append(_only(report_rates(read_rates(engine, run)), own))
        measures.append(_only(read_measures(engine, run), own))
    return MonthFigures(pa.concat_tables(rates), pa.concat_tables(measures))


def _only(table: pa.Table, partitions: pa.Array) -> pa.Table:
    return table.filter(
        pc.is_in(pc.binary_join_element_wise(table["kind"], table["province"], " "), value_set=partitions)
    )


def _named(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def print_page(page: Path) -> Path | None:
    """Print a page as PDF beside it; None where Chromium is not installed or does not do it."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        return None
    pdf = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as profile:
        unfinished = Path(profile) / pdf.name
        command = [
            browser, "--headless", "--disable-gpu", "--no-sandbox", "--no-pdf-header-footer", f"--user-data-dir={profile}/own",
            f"--print-to-pdf={unfinished}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_PDF_SECONDS)  # noqa: S603 (our own page)
        except (OSError, subprocess.SubprocessError):
            return None
        if not unfinished.is_file():
            return None
        with whole_file(pdf) as stream:
            stream.write(unfinished.read_bytes())
    return pdf
