"""What a registry is asked of records: their names, dates and places in words, and the key of each question."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.columns import Records, day_of, month_of, year_of
from matching.keys import GENDERS, id_text
from matching.nametable import Array, text_key
from matching.schemas import TRACE_QUERY


class TraceQuestions:
    """The questions about the records of one kind: one for each reading of a name. Keys are made once.

    Args:
        records: all records.
        text: their distinct names.
    """

    def __init__(self, records: Records, text: pa.Array) -> None:
        self._records, self._text = records, text
        self._keys = np.zeros((2, len(records.name)), np.int64)

    def are_of(self, text: pa.Array) -> bool:
        """Whether they are of the records with these names."""
        return self._text is text

    def of(self, rows: Array) -> tuple[Array, Array, Array]:
        """Row, position of the name (-1 for none) and key (int64) of every reading of the names of some records.

        Keys are equal for equal questions, run after run.
        """
        row, other = self._readings(rows)
        unknown = np.flatnonzero(self._keys[other, row] == 0)
        if len(unknown):
            at = other[unknown], row[unknown]
            self._keys[at] = _keys(self._queries(row[unknown], self._names(*at)))
        return row, self._names(other, row), self._keys[other, row]

    def asked(self, row: Array, reading: Array, key: Array) -> pa.Table:
        """Some of them as TRACE_QUERY, each once with its key as `ref`."""
        _, first = np.unique(key, return_index=True)
        first.sort()
        return self._queries(row[first], reading[first]).set_column(
            0, "ref", pa.array(key[first]).cast(pa.string())
        )

    def _readings(self, rows: Array) -> tuple[Array, Array]:
        """Row, and 1 for the second reading of its name; whoever has no name has one reading."""
        other = rows[self._records.name_other[rows] >= 0]
        return np.concatenate([rows, other]), np.repeat([0, 1], [len(rows), len(other)])

    def _names(self, other: Array, row: Array) -> Array:
        return np.asarray(np.where(other == 0, self._records.name[row], self._records.name_other[row]))

    def _queries(self, row: Array, reading: Array) -> pa.Table:
        """What is known of records under a reading of their names, without a `ref`."""
        of = self._records
        return pa.table(
            {
                "ref": pa.nulls(len(row), pa.string()),
                "full_name": self._text.take(pa.array(reading, mask=reading < 0)),
                "birth_date": _birth_text(of.birth[row]),
                "gender": pa.array(GENDERS, pa.string()).take(pa.array(of.gender[row])),
                "birth_province": id_text(of.birth_province[row], 3),
                "residence_province": id_text(of.home[row], 2),
                "residence_commune": id_text(of.commune[row], 5),
            },
            schema=TRACE_QUERY,
        )


def digits_of_keys(refs: pa.Array) -> Array:
    """Refs of questions as their keys."""
    return np.asarray(refs.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _birth_text(birth: Array) -> pa.Array:
    """YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known."""
    year = id_text(year_of(birth), 4)
    month = pc.binary_join_element_wise(year, id_text(month_of(birth), 2), "-")
    return pc.coalesce(pc.binary_join_element_wise(month, id_text(day_of(birth), 2), "-"), month, year)


def _keys(queries: pa.Table) -> Array:
    """The key of every query, never 0."""
    parts = [pc.fill_null(queries[name], "") for name in TRACE_QUERY.names if name != "ref"]
    encoded = pc.binary_join_element_wise(*parts, "\x1f").combine_chunks().dictionary_encode()
    keys = np.fromiter(map(text_key, encoded.dictionary.to_pylist()), np.int64, len(encoded.dictionary))
    return np.asarray(keys[encoded.indices.to_numpy()])
