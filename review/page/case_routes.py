"""One record a screen: looked at, decided on, undone."""

from secrets import token_urlsafe

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from connectors.database import reading, writing
from connectors.review_cases import HELD_FOR, Case, case_of, hold, note_look
from connectors.review_figures import decided_since
from connectors.review_page_tables import Role
from connectors.review_people import names_of
from connectors.review_store import Decision, Key, decisions_numbered, decisions_of
from connectors.review_tables import OVER
from connectors.worklist import CANDIDATES, Answer
from review.claims import NOTE_LENGTH
from review.deciding import Refusal, Word, decide, may_decide, undo
from review.page.filters import filters_of, shown_state
from review.page.gate import Deciding, Posted, Visit, Visiting
from review.page.list_routes import figures, own_words, to_next
from review.page.rendering import page
from review.page.views import day_began, record_view

KEYS = {
    Answer.SAME_1: "1",
    Answer.SAME_2: "2",
    Answer.SAME_3: "3",
    Answer.NOT_SAME: "0",
    Answer.UNSURE: "R",
    Answer.BACK_TO_SCHOOL: "T",
    Answer.NO_NUMBER: "S",
}
"""Answer → the key that gives it."""
_NUMBER_LENGTH = 18
routes = APIRouter()


@routes.get("/record")
def record(request: Request, visit: Visiting) -> Response:
    """A record; whoever may decide on it has it open from now on."""
    asked = request.query_params
    key, now = (asked.get("record_kind", ""), asked.get("id", "")), visit.desk.clock()
    with writing(visit.desk.engine) as connection:
        case = case_of(connection, visit.reach, key, now)
        if case is None:
            return page("notice.html.j2", visit, 404, title=visit.text("page.gone"), lines=())
        words = decisions_of(connection, [key])
        refused = may_decide(visit.user, case, words)
        if visit.desk.people.fingerprint(connection, key) != case.fingerprint:
            refused = Refusal.CHANGED
        if refused is None and not hold(connection, visit.reach, key, now):
            refused = Refusal.HELD
        note_look(connection, visit.reach, key, now)
        today = decided_since(connection, visit.user.name, day_began(now))
        names = names_of(connection) if case.holder else {}
    return _shown(request, visit, case, words, refused, today, names.get(case.holder or "", ""))


def _shown(
    request: Request,
    visit: Visit,
    case: Case,
    words: list[Decision],
    refused: Refusal | None,
    today: int,
    holder: str,
) -> Response:
    asked, filters = request.query_params, filters_of(request.query_params)
    sees_all = visit.user.role != Role.REVIEWER
    return page(
        "record.html.j2",
        visit,
        case=case,
        view=record_view(case, visit.text),
        filters=filters,
        state=shown_state(case.state, visit.user.role),
        figures=figures(visit.desk.counted(visit.reach), filters),
        today=today,
        refused=refused,
        holder=holder,
        until=visit.desk.clock() + HELD_FOR,
        form=token_urlsafe(16),
        answers=[(answer, KEYS[answer]) for answer in Answer],
        candidates=CANDIDATES,
        note_length=NOTE_LENGTH,
        mine=own_words(words, visit).get(case.key),
        words=[one for one in words if one.state not in OVER] if sees_all else [],
        done=_own_decision(visit, asked.get("done", "")),
        problem=asked.get("refused", "") if asked.get("refused", "") in list(Refusal) else "",
        undone=bool(asked.get("undone")),
    )


def _own_decision(visit: Visit, number: str) -> Decision | None:
    """The decision that was made before this page, where it is one's own."""
    if not (number.isascii() and number.isdigit() and len(number) < _NUMBER_LENGTH):
        return None
    with reading(visit.desk.engine) as connection:
        found = decisions_numbered(connection, [int(number)])
    mine = [one for one in found if one.reviewer == visit.user.name and one.state not in OVER]
    return mine[0] if mine else None


@routes.post("/decide")
def decided(posted: Deciding) -> Response:
    """A decision, and on to the next record."""
    word = _word(posted)
    if word is None:
        return _back(posted, Refusal.CHANGED)
    desk = posted.desk
    done = decide(desk.engine, desk.people, desk.trail, posted.user, word, desk.clock())
    if done.refused == Refusal.GONE:
        return RedirectResponse(filters_of(posted.form).address("/", notice="gone"), 303)
    if done.refused is not None:
        return _back(posted, done.refused)
    return to_next(posted, _place(posted), done=done.number or "")


def _word(posted: Posted) -> Word | None:
    form = posted.form
    if form.get("answer") not in list(Answer) or not form.get("form"):
        return None
    return Word(
        key=_key(posted),
        answer=Answer(form["answer"]),
        note=form.get("note", ""),
        run=form.get("run", ""),
        fingerprint=form.get("fingerprint", ""),
        form=form["form"],
    )


def _key(posted: Posted) -> Key:
    return posted.form.get("record_kind", ""), posted.form.get("id", "")


def _place(posted: Posted) -> tuple[str, int]:
    province, _, place = posted.form.get("after", "").partition(".")
    return (
        (province, int(place))
        if place.isascii() and place.isdigit() and len(place) < _NUMBER_LENGTH
        else ("", 0)
    )


def _back(posted: Posted, refused: Refusal) -> Response:
    kind, record_id = _key(posted)
    address = filters_of(posted.form).address("/record", record_kind=kind, id=record_id, refused=refused)
    return RedirectResponse(address, 303)


@routes.post("/undo")
def undone(posted: Deciding) -> Response:
    """One's last decision counts no longer; its record is shown again."""
    number = posted.form.get("decision", "")
    wellformed = number.isascii() and number.isdigit() and len(number) < _NUMBER_LENGTH
    desk = posted.desk
    refused, key = undo(desk.engine, desk.trail, posted.user, int(number) if wellformed else -1, desk.clock())
    filters = filters_of(posted.form)
    if key is None:
        return RedirectResponse(filters.address("/", notice="not_yours"), 303)
    more = {"refused": refused} if refused else {"undone": 1}
    return RedirectResponse(filters.address("/record", record_kind=key[0], id=key[1], **more), 303)
