"""The registry as a service: candidates come from its own search, entries as it answers them."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.registry import RegistryClient
from matching.blocking import RULES
from matching.keys import ENTRY_KEYS, GENDERS, NAME_FEATURES, PAIRS, entry_keys, text_key
from matching.registry import RegistryFacts
from matching.schemas import ENTRY, TRACE_QUERY

_FOUND_KEYS = pa.schema([pa.field("asked", pa.string()), pa.field("found_by", pa.string()), *ENTRY_KEYS])
_KIN_KEYS = pa.schema([pa.field("asked", pa.string()), pa.field("relation", pa.string()), *ENTRY_KEYS])
_ANSWER = pa.schema([pa.field("query", pa.int64()), *ENTRY_KEYS])


class TracedRegistry:
    """`matching.registry.Registry` over a RegistryClient; never asks the same question twice.

    It holds every answer of one partition in memory: some fifty entries a record at most.
    """

    def __init__(self, client: RegistryClient) -> None:
        """Nothing is asked before it is needed."""
        self._client = client
        self._names = NAME_FEATURES.empty_table()
        self._raw = ENTRY.empty_table()
        self._answers = _ANSWER.empty_table()
        self._asked = np.zeros(0, dtype=np.int64)

    def facts(self) -> RegistryFacts:
        """As the service gives them."""
        return self._client.facts()

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        return self._read(self._client.lookup(numbers)).select(_FOUND_KEYS.names).cast(_FOUND_KEYS)

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        return self._read(self._client.relatives(numbers)).select(_KIN_KEYS.names).cast(_KIN_KEYS)

    def candidates(self, records: pa.Table, features: pa.Table, rules: tuple[str, ...]) -> Iterator[pa.Table]:
        """What the service's search finds; of that the exact key's pairs, when only they are wanted."""
        queries = trace_queries(records, features)
        keys = np.fromiter(map(text_key, _as_text(queries)), dtype=np.int64, count=len(queries))
        self._trace(queries, keys)
        sought = records.select(["row", "name_key", "folded", "birth_day"]).append_column(
            "query", pa.array(keys)
        )
        sought = sought.rename_columns(["row", "record_name", "sought_folded", "sought_day", "query"])
        pairs = sought.join(self._answers, "query", join_type="inner", use_threads=False)
        if rules == (RULES[0].name,):
            same = pc.and_kleene(
                pc.equal(pairs["sought_folded"], pairs["folded"]),
                pc.equal(pairs["sought_day"], pairs["birth_day"]),
            )
            pairs = pairs.filter(same)
        if len(pairs):
            yield _as_pairs(pairs)

    def names(self, name_keys: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        return self._names.filter(pc.is_in(self._names["name_key"], value_set=name_keys)).select(
            ["name_key", "name"]
        )

    def name_counts(self, features: pa.Table) -> pa.Table | None:
        """A service can't be counted."""
        return None

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """Entries seen in earlier answers: nobody is looked up a second time to be shown."""
        seen = self._raw.filter(pc.is_in(self._raw["personal_id"], value_set=personal_ids))
        return seen.take(_first_of_each(seen["personal_id"]))

    def _trace(self, queries: pa.Table, keys: np.ndarray) -> None:
        """Ask what was not asked before."""
        _, first = np.unique(keys, return_index=True)
        new = np.sort(first[~np.isin(keys[first], self._asked)])
        if not len(new):
            return
        refs = pa.array([str(key) for key in keys[new].tolist()])
        asked = queries.take(pa.array(new)).set_column(0, "ref", refs)
        for answer in self._client.trace(asked):
            found = self._read(answer)
            keyed = found.append_column("query", found["ref"].cast(pa.int64())).select(_ANSWER.names)
            self._answers = pa.concat_tables([self._answers, keyed.cast(_ANSWER)])
        self._asked = np.concatenate([self._asked, keys[new]])

    def _read(self, answer: pa.Table) -> pa.Table:
        """An answer in numeric form; its names and entries are kept."""
        keys, features = entry_keys(answer)
        known = pc.is_in(features["name_key"], value_set=self._names["name_key"].combine_chunks())
        self._names = pa.concat_tables([self._names, features.filter(pc.invert(known))])
        self._raw = pa.concat_tables([self._raw, answer.select(ENTRY.names).cast(ENTRY)])
        return keys


def trace_queries(records: pa.Table, features: pa.Table) -> pa.Table:
    """What is known of records (RECORD_KEYS), as TRACE_QUERY with the row as `ref`."""
    at = pc.index_in(records["name_key"].combine_chunks(), value_set=features["name_key"].combine_chunks())
    return pa.table(
        {
            "ref": records["row"].cast(pa.string()),
            "full_name": features["name"].combine_chunks().take(at),
            "birth_date": _birth_text(records),
            "gender": pa.array(GENDERS, pa.string()).take(records["gender"].combine_chunks()),
            "birth_province": _padded(records["birth_province"], 3),
            "residence_province": _padded(records["residence_province"], 2),
            "residence_commune": _padded(records["residence_commune"], 5),
        },
        schema=TRACE_QUERY,
    )


def _birth_text(records: pa.Table) -> pa.Array:
    """YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known."""
    year = pc.utf8_lpad(records["year"].cast(pa.string()), 4, "0")
    month = pc.binary_join_element_wise(year, _two(records["month"]), "-")
    day = pc.binary_join_element_wise(month, _two(records["day"]), "-")
    return pc.coalesce(day, month, year)


def _two(part: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_lpad(part.cast(pa.string()), 2, "0")


def _padded(codes: pa.ChunkedArray, width: int) -> pa.ChunkedArray:
    text = pc.utf8_lpad(codes.cast(pa.string()), width, "0")
    return pc.if_else(pc.equal(codes, 0), None, text)


def _as_text(queries: pa.Table) -> list[str]:
    """Each query without its ref in one text: equal for equal questions."""
    parts = [pc.fill_null(queries[name], "") for name in TRACE_QUERY.names if name != "ref"]
    joined: list[str] = pc.binary_join_element_wise(*parts, "\x1f").to_pylist()
    return joined


def _as_pairs(pairs: pa.Table) -> pa.Table:
    """PAIRS; the service's own rules count for none of ours."""
    size = len(pairs)
    own = {"rule": np.full(size, -1, np.int8), "found_by": np.zeros(size, np.int8)}
    columns = {
        name: pa.array(own[name]) if name in own else pairs[name] for name in PAIRS.names if name != "prior"
    }
    return (
        pa.table({**columns, "prior": pa.nulls(size, pa.float64())})
        .select(PAIRS.names)
        .cast(PAIRS)
        .combine_chunks()
    )


def _first_of_each(column: pa.ChunkedArray) -> pa.Array:
    codes = column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return pa.array(np.sort(np.unique(codes, return_index=True)[1]))
