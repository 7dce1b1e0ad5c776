"""Runs: one province once more, started by a supervisor; how far it is; what a run changed, as a page and as a workbook."""

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from connectors.asked_runs import AskedRun, AskedState, ask, ask_to_stop, asked_run, end_asked, last_asked
from connectors.database import reading
from connectors.review_page_tables import Role
from connectors.review_people import names_of
from connectors.run_diff import Change
from reporting.changes_workbook import FILE, changes_workbook
from reporting.run_changes import ORDER, RunChanges, change_lines
from review.page.gate import NotAllowed, Overseeing, Posted, Posting, Visit
from review.page.rendering import page
from review.run_office import PastRun, RunOffice

ROWS = 100
"""Records of one change on a page."""
_ASKED, _PAST, _LOOKED_THROUGH = 10, 10, 200
_NUMBER_LENGTH = 18
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_log = logging.getLogger("identity_sync.review")
routes = APIRouter()


def starting_of(posted: Posting) -> Posted:
    """A form of somebody who may start and stop runs.

    Raises:
        NotAllowed: Somebody else than a supervisor asks.
    """
    if posted.user.role != Role.SUPERVISOR:
        raise NotAllowed
    return posted


Starting = Annotated[Posted, Depends(starting_of)]


def _office(visit: Visit) -> RunOffice:
    if visit.desk.office is None:
        raise HTTPException(404)
    return visit.desk.office


def _within(visit: Visit, codes: Sequence[str]) -> list[str]:
    """Of some provinces, those that the user may see; of all that have schools where none is named."""
    of_all = codes or _office(visit).provinces()
    reach = visit.reach.provinces
    return [code for code in of_all if reach is None or code in reach]


@routes.get("/runs")
def runs(visit: Overseeing) -> Response:
    """What was run, and the form for another one."""
    office = _office(visit)
    asked = last_asked(visit.desk.engine, visit.reach.provinces, _ASKED)
    known = {one.run for one in asked}
    past = [one for one in office.past(_LOOKED_THROUGH) if one.run not in known and _seen(visit, one)]
    return page(
        "runs.html.j2",
        visit,
        provinces=_within(visit, ()),
        asked=asked,
        names=_names(visit),
        past=past[:_PAST],
        within=lambda one: _within(visit, one.provinces),
    )


def _names(visit: Visit) -> Mapping[str, str]:
    """Username → name."""
    with reading(visit.desk.engine) as connection:
        return names_of(connection)


def _seen(visit: Visit, one: PastRun) -> bool:
    reach = visit.reach.provinces
    return reach is None or not one.provinces or not reach.isdisjoint(one.provinces)


@routes.post("/runs")
def start(posted: Starting) -> Response:
    """Start a run of one province; where one is under way, show that one."""
    office, province = _office(posted), posted.form.get("province", "")
    if province not in _within(posted, ()):
        raise NotAllowed
    engine, now = posted.desk.engine, posted.desk.clock()
    dry_run = posted.form.get("way") != "real"
    number, new = ask(engine, province, posted.user.username, now, dry_run=dry_run)
    if new:
        try:
            office.start(number)
        except OSError as error:
            _log.error("run %s could not be started: %s", number, type(error).__name__)
            end_asked(engine, number, AskedState.BROKEN, now)
    return RedirectResponse(f"/runs/{number}" + ("" if new else "?joined=1"), 303)


def _asked(visit: Visit, number: str) -> AskedRun:
    found = None
    if number.isascii() and number.isdigit() and len(number) < _NUMBER_LENGTH:
        found = asked_run(visit.desk.engine, int(number), visit.reach.provinces)
    if found is None:
        raise HTTPException(404)
    return found


@routes.get("/runs/{number}")
def one(request: Request, number: str, visit: Overseeing) -> Response:
    """How far a run is; once it has ended, what it changed."""
    asked = _asked(visit, number)
    changes = _changes_of(visit, asked)
    return page(
        "run.html.j2",
        visit,
        asked=asked,
        names=_names(visit),
        joined=bool(request.query_params.get("joined")),
        **_shown(request, visit, changes, f"/runs/{number}"),
    )


def _changes_of(visit: Visit, asked: AskedRun) -> RunChanges | None:
    if asked.under_way or asked.run is None:
        return None
    return _office(visit).changes(asked.run, [asked.province], asked.dry_run)


def _shown(request: Request, visit: Visit, changes: RunChanges | None, address: str) -> dict[str, Any]:
    """One change, a hundred records of it from where was asked for."""
    told = request.query_params
    if changes is None:
        return {"changes": None}
    most = next((change for change in ORDER if changes.of(change)), Change.GAINED)
    change = Change(told["change"]) if told.get("change") in list(Change) else most
    start = int(told["after"]) if told.get("after", "").isdecimal() and len(told["after"]) < 9 else 0
    rows = changes.rows(change)
    return {
        "changes": changes,
        "change": change,
        "order": ORDER,
        "lines": tuple(change_lines(rows.slice(start, ROWS), visit.text)),
        "start": start,
        "rows": len(rows),
        "further": start + ROWS if start + ROWS < len(rows) else None,
        "address": address,
    }


@routes.post("/runs/{number}/stop")
def stop(number: str, posted: Starting) -> Response:
    """Have a run stop."""
    asked = _asked(posted, number)
    ask_to_stop(posted.desk.engine, asked.number, posted.desk.clock())
    return RedirectResponse(f"/runs/{asked.number}", 303)


@routes.get("/runs/{number}/" + FILE)
def workbook(number: str, visit: Overseeing) -> Response:
    """What a run changed, as a workbook."""
    changes = _changes_of(visit, _asked(visit, number))
    if changes is None:
        raise HTTPException(404)
    return _as_workbook(changes, visit)


@routes.get("/changes/{run}")
def past_run(request: Request, run: str, visit: Overseeing) -> Response:
    """What a run by schedule or command line changed."""
    changes = _of_past(visit, run)
    return page("past_run.html.j2", visit, **_shown(request, visit, changes, f"/changes/{changes.run}"))


@routes.get("/changes/{run}/" + FILE)
def past_workbook(run: str, visit: Overseeing) -> Response:
    """The same as a workbook."""
    return _as_workbook(_of_past(visit, run), visit)


def _of_past(visit: Visit, run: str) -> RunChanges:
    found = _office(visit).past_run(run)
    if found is None or not _seen(visit, found):
        raise HTTPException(404)
    return _office(visit).changes(found.run, _within(visit, found.provinces), False)


def _as_workbook(changes: RunChanges, visit: Visit) -> Response:
    return Response(
        changes_workbook(changes, visit.text),
        media_type=_WORKBOOK,
        headers={"Content-Disposition": f'attachment; filename="changes-{changes.run}.xlsx"'},
    )
