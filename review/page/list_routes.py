"""The work list: what there is, by filters, and the way to the next record."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from connectors.database import reading, writing
from connectors.review_cases import Count, let_go, list_cases, take_next
from connectors.review_figures import decided_since
from connectors.review_page_tables import TO_DO, CaseState
from connectors.review_store import Decision, Key, decisions_of
from connectors.review_tables import OVER
from matching.decision import Reason
from matching.schemas import KINDS
from reporting.explanation_words import SIGNS
from reporting.places import province_names
from review.page.filters import HELD_BY, Filters, filters_of, shown_state, states_for
from review.page.gate import Deciding, Posted, Visit, Visiting
from review.page.rendering import page
from review.page.views import day_began

ROWS = 40
"""Records on one page of the list."""
routes = APIRouter()


@routes.get("/")
def work_list(request: Request, visit: Visiting) -> Response:
    """The list."""
    filters, after = filters_of(request.query_params), _after(request.query_params.get("after", ""))
    with reading(visit.desk.engine) as connection:
        wanted = filters.wanted(visit.user.role)
        found = list_cases(connection, visit.reach, wanted, visit.desk.clock(), ROWS + 1, after)
        said = own_words(decisions_of(connection, [one.key for one in found]), visit)
        today = decided_since(connection, visit.user.name, day_began(visit.desk.clock()))
    rows, last = found[:ROWS], found[ROWS - 1 : ROWS]
    further = filters.address("/", after=f"{last[0].province}.{last[0].place}") if len(found) > ROWS else ""
    counts = visit.desk.counted(visit.reach)
    return page(
        "list.html.j2",
        visit,
        filters=filters,
        rows=rows,
        said=said,
        state_of=lambda line: shown_state(line.state, visit.user.role),
        further=further,
        first=after == ("", 0),
        figures=figures(counts, filters),
        today=today,
        provinces=sorted({count.province for count in counts}, key=province_names().of_2025),
        kinds=KINDS,
        reasons=_reasons(counts, filters),
        states=states_for(visit.user.role),
        held_by=HELD_BY,
        signs=SIGNS,
        notice=request.query_params.get("notice", ""),
    )


def _after(text: str) -> tuple[str, int]:
    province, _, place = text.partition(".")
    return (province, int(place)) if place.isascii() and place.isdigit() and len(place) < 18 else ("", 0)


def own_words(decisions: list[Decision], visit: Visit) -> dict[Key, Decision]:
    """What the user said of some records themself."""
    return {one.key: one for one in decisions if one.reviewer == visit.user.name and one.state not in OVER}


def figures(counts: list[Count], filters: Filters) -> dict[str, int]:
    """How much there is to do, waits and is done, of what is asked for (schools aren't told apart)."""
    some = [count for count in counts if filters.counts(count)]
    return {
        "all": sum(count.count for count in some),
        "to_do": sum(count.count for count in some if count.state in TO_DO),
        "conflict": sum(count.count for count in some if count.state == CaseState.CONFLICT),
        "done": sum(count.count for count in some if count.state == CaseState.DONE),
    }


def _reasons(counts: list[Count], filters: Filters) -> list[tuple[Reason, int]]:
    """Reasons that there are, with how many records are to do, the most first."""
    others = Filters(filters.province, filters.kind)
    found: dict[str, int] = {}
    for count in counts:
        if others.counts(count):
            found[count.reason] = found.get(count.reason, 0) + (count.count if count.state in TO_DO else 0)
    return sorted(
        ((Reason(reason), many) for reason, many in found.items()), key=lambda pair: (-pair[1], pair[0])
    )


def to_next(posted: Posted, after: tuple[str, int], **more: object) -> Response:
    """On to the next record that is to do; to the list where none is."""
    filters = filters_of(posted.form)
    with writing(posted.desk.engine) as connection:
        key = take_next(
            connection, posted.reach, filters.wanted(posted.user.role), posted.desk.clock(), after
        )
    if key is None:
        return RedirectResponse(filters.address("/", notice="none_left"), 303)
    return RedirectResponse(filters.address("/record", record_kind=key[0], id=key[1], **more), 303)


@routes.post("/next")
def begin(posted: Deciding) -> Response:
    """The first record that is to do."""
    return to_next(posted, ("", 0))


@routes.post("/skip")
def skip(posted: Deciding) -> Response:
    """Another record; this one stays for later, or for somebody else."""
    _give_back(posted)
    return to_next(posted, _after(posted.form.get("after", "")))


@routes.post("/leave")
def leave(posted: Deciding) -> Response:
    """Back to the list; the record is free for others."""
    _give_back(posted)
    return RedirectResponse(filters_of(posted.form).address("/"), 303)


def _give_back(posted: Posted) -> None:
    with writing(posted.desk.engine) as connection:
        let_go(connection, posted.reach, (posted.form.get("record_kind", ""), posted.form.get("id", "")))
