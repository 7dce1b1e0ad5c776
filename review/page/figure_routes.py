"""What was decided: one's own last decisions, and for those who oversee, who decided how much and how well two people agree."""

from fastapi import APIRouter
from starlette.responses import Response

from connectors.database import reading
from connectors.review_figures import decided_by_several, last_of, work_done
from review.agreement import agreement, pairs
from review.page.gate import Overseeing, Visiting
from review.page.rendering import page

_LAST = 50
routes = APIRouter()


@routes.get("/mine")
def mine(visit: Visiting) -> Response:
    """One's own last decisions."""
    with reading(visit.desk.engine) as connection:
        found = last_of(connection, visit.reach, _LAST)
    return page("mine.html.j2", visit, decisions=found)


@routes.get("/figures")
def figures(visit: Overseeing) -> Response:
    """Work done, and agreement."""
    with reading(visit.desk.engine) as connection:
        worked = work_done(connection, visit.reach)
        several = decided_by_several(connection, visit.reach)
    found = agreement(pairs(several, visit.desk.drawn))
    return page("figures.html.j2", visit, worked=worked, agreement=found)
