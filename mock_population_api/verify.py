"""Yes or no, per field: whether what is stated of a person agrees with the entry behind a number."""

import pyarrow as pa

from mock_population_api.schemas import ANSWERED
from mock_population_api.store import Store

_COMPARED = ("personal_id", "full_name", "birth_date", "birth_precision", "gender")

_VERDICTS = """
    WITH stated AS (
        SELECT place, ref, number, folded(full_name) AS folded, gender, birth_date IS NOT NULL AS dated,
               try_cast(left(birth_date, 4) AS SMALLINT) AS year, try_cast(substr(birth_date, 6, 2) AS SMALLINT) AS month,
               try_cast(substr(birth_date, 9, 2) AS SMALLINT) AS day
        FROM uploaded
    ), compared AS (
        SELECT q.place, e.position, e.personal_id, e.way, q.folded = folded(e.full_name) AS name_agrees, q.gender = e.gender AS gender_agrees,
               CASE WHEN q.dated THEN q.year = year(e.birth_date)
                   AND (q.month IS NULL OR e.birth_precision = 'year' OR q.month = month(e.birth_date))
                   AND (q.day IS NULL OR e.birth_precision <> 'day' OR q.day = day(e.birth_date)) END AS date_agrees
        FROM stated q JOIN held e ON e.place = q.place
    ), likeliest AS (
        SELECT * FROM compared QUALIFY 1 = row_number() OVER (PARTITION BY place ORDER BY
            coalesce(name_agrees, false)::INT + coalesce(date_agrees, false)::INT + coalesce(gender_agrees, false)::INT DESC,
            position)
    )
    SELECT q.ref, coalesce(['current', 'superseded', 'former'][c.way + 1], 'none') AS number,
           verdict(q.folded IS NOT NULL, c.position IS NOT NULL, c.name_agrees) AS full_name,
           verdict(q.dated, c.position IS NOT NULL, c.date_agrees) AS birth_date,
           verdict(q.gender IS NOT NULL, c.position IS NOT NULL, c.gender_agrees) AS gender,
           c.personal_id
    FROM stated q LEFT JOIN likeliest c ON c.place = q.place
    ORDER BY q.place
"""

_VERDICT = """
    CREATE OR REPLACE TEMP MACRO verdict(stated, found, agrees) AS
    CASE WHEN NOT stated THEN 'not_asked' WHEN NOT found THEN 'unknown' WHEN agrees THEN 'agrees' ELSE 'differs' END
"""


def verify(store: Store, questions: pa.Table) -> pa.Table:
    """Verdicts on `questions` (VERIFY_QUESTIONS), in their order.

    Names agree when they are spelled the same but for case, marks and apostrophes; dates when all parts that both
    sides know are equal. A former number held by several people is judged by the one who agrees most.

    Returns:
        `ref`, `number` (current | superseded | former | withheld | none), `full_name`, `birth_date`, `gender` (agrees | differs |
        not_asked | unknown), and, for the audit only, the `personal_id` of whom it was held against.
    """
    place, way, at = store.people.behind(questions["number"])
    entries = pa.table(store.people.at(at), schema=ANSWERED)
    held = {"place": place, "way": way, "position": at}
    store.used()
    with store.cursor() as cursor:
        cursor.execute(_VERDICT)
        cursor.register("held", pa.table({**held, **{name: entries[name] for name in _COMPARED}}))
        cursor.register(
            "uploaded", questions.append_column("place", pa.array(range(len(questions)), pa.int64()))
        )
        return store.veil.over_verdicts(cursor.sql(_VERDICTS).to_arrow_table())
