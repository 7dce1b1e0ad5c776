"""Splink 5 on two exported Parquet files: train, predict, keep each record's best candidate. Runs in an environment of its own.

    python splink_program.py JOB.json

Imports nothing of the project and is imported by nothing: `benchmarks.quality.peer_splink` starts it. The job names `records`,
`registry`, `kind`, `entries` (people in the registry), `work`, `best` and `facts` (files to write), `memory`, `max_pairs`, `training`.

What was tried for the peer's sake, and what serves it best, is in `benchmarks/quality/README.md`.
"""

# ruff: noqa: SLF001 (Splink shows trained parameters nowhere else)

import itertools
import json
import math
import sys
import time
from pathlib import Path

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator

LOWEST_WEIGHT = -10.0
"""Pairs below this match weight are not kept."""

UNSEEN_M, UNSEEN_U = 1e-5, 1e-8
"""For levels that training never met."""

YEARS_OFF = "1, 2, 9, 10, 11"


def same(*columns):
    return " AND ".join(f"l.{column} = r.{column}" for column in columns)


COARSE = (
    "(coalesce(l.date_parts, 0) < 3 OR r.date_parts < 3"
    " OR (l.birth_month = 1 AND l.day_of_month = 1) OR (r.birth_month = 1 AND r.day_of_month = 1))"
)
YEAR_OFF = f"abs(l.birth_year - r.birth_year) IN ({YEARS_OFF})"

BLOCKING = [
    "l.number = r.number",
    "l.followed = r.number",
    "l.number_other = r.number",
    same("folded", "birth_day"),
    same("birth_day", "given"),
    same("folded", "birth_year", "birth_month"),
    same("folded", "birth_year", "day_of_month"),
    same("folded", "birth_year") + " AND l.day_of_month = r.birth_month AND l.birth_month = r.day_of_month",
    same("folded", "birth_year", "birth_province"),
    same("folded", "birth_year", "residence_commune"),
    same("folded", "birth_month", "day_of_month") + f" AND {YEAR_OFF}",
    same("birth_day", "birth_province", "gender"),
    same("birth_day", "residence_commune"),
    same("sorted_words", "birth_year"),
    same("heard", "birth_year", "residence_province"),
    same("folded", "birth_year") + f" AND {COARSE} AND coalesce(l.residence_province, r.residence_province) = r.residence_province",
    same("folded", "residence_province") + f" AND {COARSE} AND {YEAR_OFF}",
    same("folded", "residence_commune"),
    same("folded", "residence_province") + " AND coalesce(l.date_parts, 0) = 0",
]  # fmt: skip
"""The project's rules (matching.blocking), in the same order, in Splink's terms."""

BY_CHILD = {"blocking_rule": "l.children = r.children", "arrays_to_explode": ["children"]}
"""For guardians: whoever the registry has as a parent of a child of the same name and birth date."""


def level(condition, label, tf=None, **more):
    frequency = {"tf_adjustment_column": tf, "disable_tf_exact_match_detection": True} if tf else {}
    return {"sql_condition": condition, "label_for_charts": label, **frequency, **more}


def null(condition):
    return level(condition, "missing", is_null_level=True)


def name_comparison():
    damerau = "damerau_levenshtein(folded_l, folded_r)"
    words = "len(list_intersect(string_split(folded_l, ' '), string_split(folded_r, ' ')))"
    fewer = "least(words_l, words_r)"
    near = "abs(length(folded_l) - length(folded_r)) <="
    return [
        null("name_l IS NULL OR name_r IS NULL"),
        level("name_l = name_r", "same", "name"),
        level("folded_l = folded_r", "same but for marks", "folded"),
        level("heard_l = heard_r", "same sound", "heard"),
        level("sorted_words_l = sorted_words_r", "other order", "sorted_words"),
        level(f"{near} 1 AND {damerau} <= 1", "one edit"),
        level(
            f"given_l = given_r AND words_l <> words_r AND {fewer} >= 2 AND {words} >= {fewer}",
            "one word missing, given name kept",
            "given",
        ),
        level(f"words_l <> words_r AND {fewer} >= 2 AND {words} >= {fewer}", "one word missing"),
        level(f"{near} 2 AND {damerau} <= 2", "two edits"),
        level("ends_l = ends_r", "family and given name agree", "ends"),
        level("given_l = given_r", "given name agrees", "given"),
        level("jaro_winkler_similarity(folded_l, folded_r) >= 0.88", "similar"),
        level("ELSE", "different"),
    ]


def date_comparison():
    year = "birth_year_l = birth_year_r"
    month, day = "birth_month_l = birth_month_r", "day_of_month_l = day_of_month_r"
    default = "birth_month_{0} = 1 AND day_of_month_{0} = 1"
    coarse = f"(date_parts_l < 3 OR date_parts_r < 3 OR ({default.format('l')}) OR ({default.format('r')}))"
    return [
        null("birth_year_l IS NULL OR birth_year_r IS NULL"),
        level(f"birth_day_l = birth_day_r AND NOT ({default.format('l')})", "same day"),
        level("birth_day_l = birth_day_r", "same, 1 January"),
        level(
            f"{year} AND birth_month_l = day_of_month_r AND day_of_month_l = birth_month_r",
            "day and month swapped",
        ),
        level(f"{day} AND {month} AND abs(birth_year_l - birth_year_r) IN ({YEARS_OFF})", "year off"),
        level(f"{year} AND ({month} OR {day})", "year and month or day"),
        level(f"{year} AND {coarse}", "year, no day known"),
        level(year, "same year"),
        level("abs(birth_year_l - birth_year_r) = 1", "adjacent year"),
        level(f"abs(birth_year_l - birth_year_r) IN ({YEARS_OFF})", "year off, day different"),
        level("ELSE", "different"),
    ]


def place_comparison(tf):
    birth = "(birth_province_l = birth_province_r OR (birth_province_l IS NULL AND birth_region_l = birth_region_r))"
    unborn = "(birth_province_l IS NULL AND birth_region_l IS NULL)"
    homeless = "residence_province_l IS NULL"
    commune, province = (
        "residence_commune_l = residence_commune_r",
        "residence_province_l = residence_province_r",
    )
    frequency = "residence_commune" if tf else None
    return [
        null(f"{unborn} AND {homeless}"),
        level(f"{birth} AND {commune}", "birth province, commune", frequency),
        level(f"{birth} AND {province}", "birth province, province"),
        level(f"{unborn} AND {commune}", "commune, no birth place", frequency),
        level(f"{unborn} AND {province}", "province, no birth place"),
        level(unborn, "other province, no birth place"),
        level(f"{birth} AND {homeless}", "birth province, no residence", "birth_province" if tf else None),
        level(homeless, "other birth province, no residence"),
        level(birth, "birth province, other residence", "birth_province" if tf else None),
        level(commune, "other birth province, commune", frequency),
        level(province, "other birth province, province"),
        level("ELSE", "different"),
    ]


def number_comparison(entries):
    once = {"u_probability": 1 / entries, "fix_u_probability": True}
    return [
        null("number_l IS NULL AND followed_l IS NULL AND number_other_l IS NULL"),
        level("number_l = number_r", "same", **once),
        level("followed_l = number_r", "former or superseded", **once),
        level("number_other_l = number_r", "repaired", **once),
        level(
            "damerau_levenshtein(lpad(CAST(number_l AS VARCHAR), 12, '0'), lpad(CAST(number_r AS VARCHAR), 12, '0')) <= 1",
            "one digit", u_probability=UNSEEN_U, fix_u_probability=True,
        ),
        level("ELSE", "different"),
    ]  # fmt: skip


def parents_comparison():
    """Both parents as one comparison, without frequencies: as two with frequencies they outweigh the name, and of twins the one whose
    parents the registry knows is taken for the other.
    """
    both = [
        f"({parent}_name_l IS NOT NULL AND {parent}_name_r IS NOT NULL)" for parent in ("father", "mother")
    ]
    same_one = [f"coalesce({parent}_folded_l = {parent}_folded_r, false)" for parent in ("father", "mother")]
    near = [
        f"(abs(length({parent}_folded_l) - length({parent}_folded_r)) <= 2"
        f" AND damerau_levenshtein({parent}_folded_l, {parent}_folded_r) <= 2)"
        for parent in ("father", "mother")
    ]
    agree = [f"({one} OR NOT {known})" for one, known in zip(same_one, both, strict=True)]
    return [
        null(f"NOT {both[0]} AND NOT {both[1]}"),
        level(" AND ".join(agree), "whoever is known is the same"),
        level(" OR ".join(same_one), "one the same, the other not"),
        level(f"coalesce({near[0]}, false) OR coalesce({near[1]}, false)", "one within two edits"),
        level("ELSE", "different"),
    ]


def comparisons(job):
    levels = {
        "name": name_comparison(),
        "born": date_comparison(),
        "gender": [
            null("gender_l IS NULL OR gender_r IS NULL"),
            level("gender_l = gender_r", "same"),
            level("ELSE", "different"),
        ],
        "place": place_comparison(job["place_frequency"]),
        "claimed": number_comparison(job["entries"]),
    }
    if job["kind"] == "student":
        levels["parents"] = parents_comparison()
    if job["kind"] == "guardian":
        levels["children"] = [
            null("children_l IS NULL OR children_r IS NULL"),
            level("list_has_any(children_l, children_r)", "a child in common"),
            level("ELSE", "none in common"),
        ]
    return [{"output_column_name": name, "comparison_levels": of} for name, of in levels.items()]


def settings(job):
    """The prior is known: nearly every record has one entry."""
    blocking = [*BLOCKING, BY_CHILD] if job["kind"] == "guardian" else BLOCKING
    return SettingsCreator(
        link_type="link_only", comparisons=comparisons(job), blocking_rules_to_generate_predictions=blocking,
        probability_two_random_records_match=job["in_registry"] / job["entries"],
        retain_intermediate_calculation_columns=False, retain_matching_columns=False,
        em_convergence=0.001, max_iterations=30,
    )  # fmt: skip


CODES = ("heard", "given", "sorted_words", "ends")
NUMBERS = {
    "birth_day": "INT", "birth_year": "SMALLINT", "birth_month": "TINYINT", "day_of_month": "TINYINT", "date_parts": "TINYINT",
    "birth_province": "SMALLINT", "birth_region": "TINYINT", "residence_province": "TINYINT", "residence_commune": "INT",
    "number": "BIGINT", "number_other": "BIGINT", "followed": "BIGINT",
}  # fmt: skip


def load(con, job):
    """Both files as tables of small types: whatever is only asked for equality becomes a number, which spares the peer memory and time."""
    columns = ["unique_id", "name", "folded", "CAST(len(string_split(folded, ' ')) AS TINYINT) AS words"]
    columns += [f"hash({name}) AS {name}" for name in CODES]
    columns += [f"CAST({name} AS {kind}) AS {name}" for name, kind in NUMBERS.items()]
    columns += ["CAST(CASE gender WHEN 'M' THEN 1 WHEN 'F' THEN 2 END AS TINYINT) AS gender"]
    if job["kind"] == "student":
        columns += [f"{parent}_{form}" for parent in ("father", "mother") for form in ("name", "folded")]
    if job["kind"] == "guardian":
        columns += ["children"]
    for table in ("records", "registry"):
        sample = f"WHERE {job['sample']}" if table == "records" else ""
        con.execute(
            f"CREATE TABLE {table} AS SELECT {', '.join(columns)} FROM read_parquet('{job[table]}') {sample}"
        )


def labels(con, linker, db):
    """Pairs whose number agrees, and given name or birth date with it, as true pairs."""
    con.execute(
        "CREATE TABLE agreed AS SELECT 'a_records' AS source_dataset_l, l.unique_id AS unique_id_l, 'b_registry' AS source_dataset_r, "
        "r.unique_id AS unique_id_r FROM records l JOIN registry r ON l.number = r.number "
        "WHERE l.given = r.given OR l.birth_day = r.birth_day"
    )
    linker.training.estimate_m_from_pairwise_labels(db.register("agreed", dataset_display_name="agreed"))


def train(con, linker, db, job):
    """Estimate u by random sampling; m by EM or labels among pairs of one number, and that of the number by EM among pairs of one name and birth."""
    linker.training.estimate_u_using_random_sampling(max_pairs=job["max_pairs"], seed=1)
    if job["training"] == "labels":
        labels(con, linker, db)
    else:
        expect(linker, "l.number = r.number")
    expect(
        linker,
        same("folded", "birth_day" if job["kind"] != "guardian" else "birth_year", "residence_province"),
    )


def expect(linker, rule):
    linker.training.estimate_parameters_using_expectation_maximisation(
        rule, fix_probability_two_random_records_match=False
    )


def settle(linker):
    """Take m of every comparison but the number's from the first session only; levels that nobody met get a small share."""
    for comparison in linker._settings_obj.comparisons:
        for one in comparison._comparison_levels_excluding_null:
            seen = [fact["probability"] for fact in one._trained_m_probabilities]
            known = [value for value in seen if isinstance(value, float)]
            first = comparison.output_column_name != "claimed"
            one._m_probability = max(known[0] if first else known[-1], UNSEEN_M) if known else UNSEEN_M
            if not isinstance(one._u_probability, float):
                one._u_probability = UNSEEN_U


def predict(linker):
    """All pairs of the rules. Handing Splink its own blocked pairs makes it read only the people in them, which it does not do by itself."""
    blocked = linker.inference.compute_blocked_pairs_for_predict()
    linker.table_management.register_blocked_pairs_for_predict(blocked)
    return linker.inference.predict(threshold_match_weight=LOWEST_WEIGHT, warning_mode="never")


def keep_best(con, predicted, job):
    """Per record the candidate of most weight, none where two tie; the weight of the next and of all others together."""
    con.execute(
        f"""
        COPY (
            WITH pairs AS (
                SELECT split_part(unique_id_l, '#', 1) AS record_id, unique_id_r AS personal_id, max(match_weight) AS weight
                FROM {predicted} GROUP BY ALL),
            ranked AS (
                SELECT *, row_number() OVER (PARTITION BY record_id ORDER BY weight DESC) AS rank,
                       lead(weight) OVER (PARTITION BY record_id ORDER BY weight DESC) AS next_weight,
                       sum(pow(2, least(weight, 200))) OVER (PARTITION BY record_id) AS odds
                FROM pairs)
            SELECT record_id, personal_id, weight, next_weight, odds, 1 / (1 + pow(2, -weight)) AS probability
            FROM ranked WHERE rank = 1 AND weight IS DISTINCT FROM next_weight
        ) TO '{job["best"]}' (FORMAT parquet)
        """
    )


def model(linker):
    """The trained levels, for the report."""
    return {
        comparison.output_column_name: [
            {
                "level": one._label_for_charts,
                "m": one.m_probability,
                "u": one.u_probability,
                "weight": math.log2(one.m_probability / one.u_probability),
            }
            for one in comparison._comparison_levels_excluding_null
        ]
        for comparison in linker._settings_obj.comparisons
    }


def main():
    job = json.loads(Path(sys.argv[1]).read_text())
    con = duckdb.connect(
        str(Path(job["work"]) / "splink.duckdb"),
        config={"memory_limit": job["memory"], "threads": "2", "temp_directory": str(Path(job["work"]) / "spill"),
                "preserve_insertion_order": "false"},
    )  # fmt: skip
    marks = [("start", time.process_time(), time.perf_counter())]

    def mark(name):
        marks.append((name, time.process_time(), time.perf_counter()))

    load(con, job)
    mark("load")
    db = DuckDBAPI(connection=con)
    tables = [
        db.register(name, dataset_display_name=shown)
        for name, shown in (("records", "a_records"), ("registry", "b_registry"))
    ]
    linker = Linker(tables, settings(job))
    train(con, linker, db, job)
    settle(linker)
    mark("train")
    predicted = predict(linker)
    keep_best(con, predicted.physical_name, job)
    mark("predict")
    records = con.execute("SELECT count(DISTINCT split_part(unique_id, '#', 1)) FROM records").fetchall()[0][
        0
    ]
    stages = {
        name: {"cpu": cpu - before[1], "wall": wall - before[2]}
        for before, (name, cpu, wall) in itertools.pairwise(marks)
    }
    pairs = con.execute(f"SELECT count(*) FROM {predicted.physical_name}").fetchall()[0][0]
    Path(job["facts"]).write_text(
        json.dumps(
            {"records": records, "pairs_kept": pairs, "stages": stages, "model": model(linker)}, indent=1
        )
    )


if __name__ == "__main__":
    main()
