"""Collect and verify: where each record stands on its way to a confirmed number, with whom it lies, since when, until when.

A number is first collected by the school, then looked at for its form, then put to the registry. The state is the first of these that
has not succeeded:

* no_number: the school has typed none (nothing, a placeholder, a passport);
* wrong_form: what was typed can't be a number of 12 or 9 digits as it stands;
* verifying: the registry could not be asked yet, or a reviewer has to choose;
* differs: the registry says something else than the record, or nobody fits;
* linked: the number was found by the rest of the record, and the school has yet to take it over;
* confirmed: the number that the school typed is its own in the registry, or a person confirmed the link.

The age of an open record counts from the first run that left it open. Whoever the reason names first has `Deadlines.days`; then it lies
with the next office too.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import duckdb
import pyarrow as pa

from matching.decision import BY_PERSON, OUT_OF_SCOPE, Reason
from matching.explain import ACTORS, Actor
from matching.normalise.identifiers import Form
from reporting.rates import GRADE_12
from reporting.school_levels import school_levels


class State(StrEnum):
    """Where a record stands; the order is the way it takes."""

    NO_NUMBER = "no_number"
    WRONG_FORM = "wrong_form"
    VERIFYING = "verifying"
    DIFFERS = "differs"
    LINKED = "linked"
    CONFIRMED = "confirmed"


OPEN_STATES = (State.NO_NUMBER, State.WRONG_FORM, State.VERIFYING, State.DIFFERS)


class Cohort(StrEnum):
    """Which students, as the work is planned: grade 12 must be done before its exam."""

    TO_GRADE_11 = "to_grade_11"
    GRADE_12 = "grade_12"
    HIGHER = "higher"
    """Vocational schools, colleges, universities."""


class Age(StrEnum):
    """How long a record has been open, in days."""

    UNDER_30 = "under_30"
    FROM_30 = "from_30"
    FROM_90 = "from_90"
    FROM_180 = "from_180"


@dataclass(frozen=True)
class Deadlines:
    """Until when something must be done about an open record."""

    days: int = 30
    """From the day that it was first open; an assumption, to be set to what was agreed."""
    grade_12: date | None = None
    """The last day for grade 12, before the exam; earlier than that where the other one is."""


OPEN_SINCE = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("open_since", pa.date32()),
        pa.field("runs", pa.int64()),  # that left it open, the present one included
    ]
)
"""Since when records are open; those that are absent are open since today."""

VERIFICATION = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("province", pa.string()),
        pa.field("school_code", pa.string()),
        pa.field("level", pa.string()),  # of the school, one of LEVELS where it is known
        pa.field("cohort", pa.string()),  # of students; null for others
        pa.field("state", pa.string()),
        pa.field("collected", pa.bool_()),  # the school has typed a number, whatever its form
        pa.field("reason", pa.string()),
        pa.field("lies_with", pa.string()),  # matching.explain.Actor who is to begin; null when linked
        pa.field(
            "also_with", pa.list_(pa.string())
        ),  # those it was passed on to when the deadline had passed
        pa.field("open_since", pa.date32()),  # this and what follows: null when linked
        pa.field("runs", pa.int64()),
        pa.field("due", pa.date32()),
        pa.field("overdue", pa.bool_()),
        pa.field("age", pa.string()),
    ]
)
"""One row for every record in scope."""

STATE_COUNTS = pa.schema(
    [
        *[pa.field(name, pa.string()) for name in ("kind", "province", "level", "cohort", "state", "lies_with", "age")],
        pa.field("collected", pa.bool_()),
        pa.field("overdue", pa.bool_()),
        pa.field("records", pa.int64()),
    ]
)  # fmt: skip
"""How many records stand where; additive."""

PROGRESS = pa.schema(
    [
        *[pa.field(name, pa.string()) for name in ("kind", "province", "school_code", "school_name", "cohort")],
        *[pa.field(state.value, pa.int64()) for state in State],
        pa.field("collected", pa.int64()),
        pa.field("overdue", pa.int64()),
    ]
)  # fmt: skip
"""The states of each school's records; additive, guardians with their first child's school."""

_NO_NUMBER = (Form.MISSING, Form.PLACEHOLDER, Form.FOREIGN_DOCUMENT)
_RIGHT_FORM = (Form.PERSONAL, Form.FORMER)
_CONFIRMING = (Reason.NUMBER_VERIFIED, Reason.CONFIRMED_BY_PERSON)
_HIGHER = ("vocational", "college", "university")


def _words(values: object) -> str:
    return ", ".join(f"'{value}'" for value in sorted(map(str, values)))  # type: ignore[call-overload]


_STATES = f"""
with scoped as (
    select d.kind, d.record_id, r.province, r.school_code, r.named_level as level, d.reason,
           case when d.kind <> 'student' then null
                when coalesce(regexp_matches(r.grade, '{GRADE_12}'), false) then '{Cohort.GRADE_12}'
                when r.named_level in ({_words(_HIGHER)}) then '{Cohort.HIGHER}'
                else '{Cohort.TO_GRADE_11}' end as cohort,
           case when d.outcome = 'linked' and (d.reason in ({_words(_CONFIRMING)}) or d.decided_by = '{BY_PERSON}')
                    then '{State.CONFIRMED}'
                when d.outcome = 'linked' then '{State.LINKED}'
                when coalesce(r.claimed_form, '{Form.MISSING}') in ({_words(_NO_NUMBER)}) then '{State.NO_NUMBER}'
                when r.claimed_form not in ({_words(_RIGHT_FORM)}) then '{State.WRONG_FORM}'
                when a.actors[1] in ('{Actor.REVIEWER}', '{Actor.NOBODY}') then '{State.VERIFYING}'
                else '{State.DIFFERS}' end as state,
           coalesce(r.claimed_form, '{Form.MISSING}') not in ({_words(_NO_NUMBER)}) as collected,
           a.actors
    from decisions d
    join records r using (kind, record_id)
    left join acting a using (reason)
    where r.left_out is null and coalesce(d.reason not in ({_words(OUT_OF_SCOPE)}), true)
), chained as (
    select *, case when state not in ('{State.LINKED}', '{State.CONFIRMED}') then actors end as chain from scoped
), aged as (
    select chained.*,
           case when chain is not null then coalesce(open_since, $today) end as since,
           case when chain is not null then coalesce(ages.runs, 1) end as times
    from chained left join ages using (kind, record_id)
), dated as (
    select *, case when cohort = '{Cohort.GRADE_12}' then least(since + to_days($days), $grade_12::date)
                else since + to_days($days) end as due_on
    from aged
)
select kind, record_id, province, school_code, level, cohort, state, collected, reason,
       chain[1] as lies_with,
       case when due_on < $today then chain[2:] else [] end as also_with,
       since as open_since, times as runs, due_on::date as due, due_on < $today as overdue,
       case when since is null then null
            when $today - since >= 180 then '{Age.FROM_180}' when $today - since >= 90 then '{Age.FROM_90}'
            when $today - since >= 30 then '{Age.FROM_30}' else '{Age.UNDER_30}' end as age
from dated
"""

_COUNTS = """
select kind, province, level, cohort, state, lies_with, age, collected, coalesce(overdue, false) as overdue, count(*) as records
from verification group by all order by all
"""

_PROGRESS = f"""
with named as (select school_code, any_value(name) as school_name from schools group by school_code)
select kind, province, school_code, any_value(school_name) as school_name, cohort,
       {", ".join(f"count(*) filter (state = '{state}') as {state}" for state in State)},
       count(*) filter (collected) as collected, count(*) filter (overdue) as overdue
from verification left join named using (school_code)
where school_code is not null
group by kind, province, school_code, cohort order by all
"""


def verification(
    decisions: pa.Table,
    records: pa.Table,
    today: date,
    open_since: pa.Table | None = None,
    deadlines: Deadlines = Deadlines(),
) -> pa.Table:
    """Where each record in scope stands: a table of `VERIFICATION`.

    Args:
        decisions: `matching.schemas.DECISIONS`.
        records: `matching.schemas.RECORDS`, the same records.
        today: The day of the run.
        open_since: `OPEN_SINCE`, what earlier runs left open.
        deadlines: Until when.
    """
    levels = school_levels(
        pa.chunked_array([records["level"]]) if isinstance(records["level"], pa.Array) else records["level"]
    )
    acting = {str(reason): [str(actor) for actor in actors] for reason, actors in ACTORS.items()}
    given = {"today": today, "days": deadlines.days, "grade_12": deadlines.grade_12}
    with duckdb.connect() as con:
        con.register("decisions", decisions.select(["kind", "record_id", "outcome", "reason", "decided_by"]))
        wanted = ["kind", "record_id", "province", "school_code", "grade", "claimed_form", "left_out"]
        con.register("records", records.select(wanted).append_column("named_level", levels))
        con.register("acting", pa.table({"reason": list(acting), "actors": list(acting.values())}))
        con.register("ages", OPEN_SINCE.empty_table() if open_since is None else open_since)
        return con.sql(_STATES, params=given).to_arrow_table().cast(VERIFICATION)


def state_counts(verified: pa.Table) -> pa.Table:
    """Count `VERIFICATION`: a table of `STATE_COUNTS`."""
    with duckdb.connect() as con:
        con.register("verification", verified)
        return con.sql(_COUNTS).to_arrow_table().cast(STATE_COUNTS)


def progress(verified: pa.Table, schools: pa.Table) -> pa.Table:
    """Count `VERIFICATION` by school: a table of `PROGRESS`.

    Args:
        verified: `VERIFICATION`.
        schools: `matching.schemas.SCHOOLS`; a school it lacks has no name.
    """
    with duckdb.connect() as con:
        con.register("verification", verified)
        con.register("schools", schools)
        return con.sql(_PROGRESS).to_arrow_table().cast(PROGRESS)
