"""Open records laid out for the page, with what people have said of them already."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from connectors.database import writing
from connectors.review_cases import NewCase, replace_cases, take_layout
from connectors.review_store import Decision, decisions_of, hold_reviews
from review.case_states import case_state


def lay_out(
    engine: sa.Engine, partition: tuple[str, str], run: str, cases: Sequence[NewCase], now: datetime
) -> None:
    """Lay the open records of a partition out in the place of those that lie there.

    Args:
        engine: The education database.
        partition: Kind and province.
        run: The run that left them open.
        cases: The records.
        now: When.
    """
    with writing(engine) as connection:
        # no decision comes in between reading what was said and writing what is to do
        hold_reviews(connection)
        take_layout(connection, *partition, now)
        said: dict[tuple[str, str], list[Decision]] = defaultdict(list)
        for one in decisions_of(connection, [case.key for case in cases]):
            said[one.key].append(one)
        states = {
            case.key: case_state(
                said.get(case.key, ()),
                case.words_needed,
                frozenset(seen.personal_id for seen in case.entries),
            )
            for case in cases
        }
        replace_cases(connection, *partition, run, cases, states, now)
