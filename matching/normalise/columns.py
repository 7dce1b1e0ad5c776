"""Columns by their distinct values: each distinct text is read once, whatever the number of rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = pa.ChunkedArray | pa.Array
Value = TypeVar("Value")


def combined(column: Column) -> pa.Array:
    """The column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


class Distinct:
    """The distinct values of a text column and, per row, which of them it is; null is an empty text.

    Attributes:
        values: The distinct texts, an empty one among them if a row is null or empty.
        codes: int64 per row, the position in `values`.
    """

    def __init__(self, column: Column) -> None:
        encoded = pc.fill_null(combined(column).cast(pa.string()), "").dictionary_encode()
        self.values: list[str] = encoded.dictionary.to_pylist()
        self.codes: np.ndarray = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    def __len__(self) -> int:
        return len(self.values)

    def map(self, read: Callable[[str], Value]) -> list[Value]:
        """What `read` makes of each distinct value."""
        return [read(value) for value in self.values]

    def counted_by(self, groups: np.ndarray, flags: Sequence[bool] | np.ndarray) -> np.ndarray:
        """Per group of rows, in how many rows the value is flagged."""
        flagged = np.asarray(flags, dtype=bool)[self.codes] if len(self.values) else np.zeros(0, dtype=bool)
        return np.bincount(groups[flagged], minlength=int(groups.max(initial=-1)) + 1)


Habit: TypeAlias = Mapping[str, int]
"""Source (a school's records of one kind) → which of several ways of writing it has; 0 is everybody's."""


def known_or_told(sources: Distinct, told: np.ndarray, known: Habit) -> np.ndarray:
    """Per source its habit: as it is known, else as these values tell."""
    return np.array(
        [known.get(source, now) for source, now in zip(sources.values, told.tolist(), strict=True)],
        dtype=np.int64,
    )


NO_HABIT: Habit = {}


def by_source(sources: Distinct, codes: np.ndarray) -> Habit:
    """The habits of sources, to be known the next time."""
    return dict(zip(sources.values, codes.tolist(), strict=True))


def spread(values: Sequence[object], codes: np.ndarray, dtype: pa.DataType) -> pa.Array:
    """Distinct values back to rows: `values[codes]` as an Arrow array."""
    return pa.array(values, dtype).take(pa.array(codes))
