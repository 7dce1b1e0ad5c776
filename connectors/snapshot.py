"""The registry from an extract on disk: candidates from our own blocking, by DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from connectors.extract import Extract, connect, sql_text
from matching.blocking import RULES, BlockingRule, pairs_sql, rule_position
from matching.frequency import FIRST_YEAR, YEARS, Frequencies, WordShares
from matching.keys import COMPARED, ENTRY_KEYS
from matching.plan import Unit, count_pairs, units
from matching.registry import RegistryFacts
from matching.schemas import ENTRY

_KEYS = ", ".join(f"e.{name}" for name in ENTRY_KEYS.names)


class Snapshot:
    """`matching.registry.Registry` over a prepared extract."""

    def __init__(self, extract: Extract, as_of: str = "", memory: str = "4GB") -> None:
        """Open a prepared extract (`connectors.extract.prepare`).

        Args:
            extract: the prepared extract.
            as_of: the moment it is from, for the report.
            memory: DuckDB's memory limit.
        """
        self._extract, self._as_of = extract, as_of
        self._con = connect(memory, extract.work)
        for view, path in (
            ("entries", extract.entries),
            ("names", extract.names),
            ("numbers", extract.numbers),
        ):
            self._con.execute(f"CREATE TEMP VIEW {view} AS SELECT * FROM {sql_text(path)}")

    def close(self) -> None:
        """Let the files go."""
        self._con.close()

    def facts(self) -> RegistryFacts:
        """Entries counted; the folder's name is the source."""
        ((entries,),) = self._con.sql("SELECT count(*) FROM entries").fetchall()
        return RegistryFacts(int(entries), self._as_of, f"extract {Path(self._extract.parts[0]).parent.name}")

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        with self._asked(numbers):
            return self._con.sql(
                f"""
                WITH found AS (
                    SELECT asked, 'current' AS found_by, TRY_CAST(asked AS BIGINT) AS entry FROM asked
                    WHERE length(asked) = 12
                    UNION ALL
                    SELECT asked, numbers.found_by, numbers.entry FROM asked JOIN numbers USING (asked))
                SELECT found.asked, found.found_by, {_KEYS} FROM found JOIN entries e USING (entry)
                """
            ).to_arrow_table()

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        with self._asked(numbers):
            return self._con.sql(
                f"""
                WITH own AS (SELECT asked, e.* FROM asked JOIN entries e ON e.entry = TRY_CAST(asked AS BIGINT)),
                     kin AS (SELECT asked, 'father' AS relation, father AS entry FROM own
                             UNION ALL SELECT asked, 'mother', mother FROM own)
                SELECT kin.asked, kin.relation, {_KEYS} FROM kin JOIN entries e USING (entry)
                UNION ALL
                SELECT asked, 'child', {_KEYS} FROM asked JOIN entries e ON e.father = TRY_CAST(asked AS BIGINT)
                UNION ALL
                SELECT asked, 'child', {_KEYS} FROM asked JOIN entries e ON e.mother = TRY_CAST(asked AS BIGINT)
                """
            ).to_arrow_table()

    def candidates(self, records: pa.Table, features: pa.Table, rules: tuple[str, ...]) -> Iterator[pa.Table]:
        """Pairs by our own blocking rules, unit by unit (`matching.plan`)."""
        self._con.register("record_table", records)
        self._con.execute("CREATE OR REPLACE TEMP TABLE records AS SELECT * FROM record_table")
        self._con.unregister("record_table")
        chosen = [RULES[rule_position(name)] for name in rules]
        for position, rule in enumerate(chosen):
            pairs = count_pairs(self._con, rule, "records", "entries")
            for unit in units(RULES.index(rule), pairs, len(records), rule.name):
                table = self._con.sql(_unit_sql(unit, rule, chosen[:position])).to_arrow_table()
                if len(table):
                    yield table

    def names(self, name_keys: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        asked = pa.table({"name_key": name_keys})
        self._con.register("asked_names", asked)
        try:
            return self._con.sql(
                "SELECT DISTINCT name_key, name FROM names SEMI JOIN asked_names USING (name_key)"
            ).to_arrow_table()
        finally:
            self._con.unregister("asked_names")

    def name_counts(self, features: pa.Table) -> pa.Table | None:
        """See `matching.registry.Registry`."""
        self._con.register(
            "features", features.append_column("position", pa.array(range(len(features)), pa.int64()))
        )
        counts = ", ".join(f"coalesce(by_{key}.people, 0) AS {key}" for key in _COUNTED)
        joins = " ".join(
            f"LEFT JOIN (SELECT {key}, sum(people)::BIGINT AS people FROM names GROUP BY ALL) by_{key} ON features.{key} = by_{key}.{key}"
            for key in _COUNTED
        )
        try:
            return self._con.sql(
                f"SELECT {counts} FROM features {joins} ORDER BY features.position"
            ).to_arrow_table()
        finally:
            self._con.unregister("features")

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        with self._asked(personal_ids):
            source = self._con.read_parquet([str(part) for part in self._extract.parts], union_by_name=True)
            self._con.register("extract_files", source)
            found = self._con.sql(
                "SELECT * FROM extract_files SEMI JOIN asked ON extract_files.personal_id = asked.asked"
            ).to_arrow_table()
        return _as_entries(found)

    def frequencies(self) -> Frequencies:
        """How common words of names, birth years and places are among all entries."""
        years, january, coarse = self._years()
        return Frequencies(
            entries=self.facts().entries,
            words=self._words(),
            years=years,
            first_of_january=january,
            coarse=coarse,
            places=self._places(),
            communes=dict(self._shares("residence_commune")),
        )

    def _words(self) -> WordShares:
        names = self._con.sql(
            "SELECT name, sum(people)::BIGINT AS people FROM names GROUP BY ALL"
        ).to_arrow_table()
        return WordShares.of(names["name"].to_pylist(), names["people"].to_pylist())

    def _years(self) -> tuple[np.ndarray, np.ndarray, float]:
        rows = self._con.sql(
            """
            SELECT year, count(*), count(*) FILTER (precision = 3 AND month = 1 AND day = 1), count(*) FILTER (precision < 3)
            FROM entries WHERE year IS NOT NULL GROUP BY ALL
            """
        ).fetchall()
        people, january, coarse = np.zeros(YEARS), np.zeros(YEARS), 0
        for year, count, first, unknown in rows:
            coarse += unknown
            if 0 <= year - FIRST_YEAR < YEARS:
                people[year - FIRST_YEAR], january[year - FIRST_YEAR] = count, first
        everybody = max(people.sum(), 1)
        return people / everybody, january / np.maximum(people, 1), float(coarse / everybody)

    def _places(self) -> np.ndarray:
        rows = self._con.sql(
            "SELECT birth_province, residence_province, count(*) FROM entries GROUP BY ALL"
        ).fetchall()
        places = np.zeros((100, 100))
        for birth, home, count in rows:
            places[birth if 0 <= birth < 100 else 0, home if 0 <= home < 100 else 0] += count
        return np.asarray(places / max(places.sum(), 1))

    def _shares(self, column: str) -> list[tuple[int, float]]:
        return self._con.sql(
            f"SELECT {column}, count(*) / sum(count(*)) OVER () FROM entries WHERE {column} <> 0 GROUP BY ALL"
        ).fetchall()

    @contextmanager
    def _asked(self, numbers: pa.Array) -> Iterator[None]:
        """Numbers as the table `asked`."""
        self._con.register("asked", pa.table({"asked": numbers}))
        try:
            yield
        finally:
            self._con.unregister("asked")


_COUNTED = ("name_key", "folded", "sound", "sorted", "ends")
"""The keys of a name that people are counted by."""


def _unit_sql(unit: Unit, rule: BlockingRule, earlier: list[BlockingRule]) -> str:
    """PAIRS of one unit: one rule, one slice of the records."""
    part = "records" if unit.parts == 1 else f"(SELECT * FROM records WHERE row % {unit.parts} = {unit.part})"
    columns = ", ".join(
        [
            "r.row",
            "r.name_key AS record_name",
            f"{unit.rule}::TINYINT AS rule",
            "0::TINYINT AS found_by",
            "NULL::DOUBLE AS prior",
            *(f"e.{name}" for name in COMPARED),
        ]
    )
    return pairs_sql(rule, earlier, part, "entries", columns)


def _as_entries(found: pa.Table) -> pa.Table:
    """ENTRY, absent columns null."""
    columns = {
        field.name: found[field.name].cast(field.type)
        if field.name in found.column_names
        else pa.nulls(len(found), field.type)
        for field in ENTRY
    }
    return pa.table(columns, schema=ENTRY)
