"""Which record carries which errors: noted column by column, read as one list a record."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mock_population_api.draws import Ints


class SlipLog:
    """The errors that were put into a number of records."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._rows: list[Ints] = []
        self._labels: list[str] = []

    def note(self, rows: Ints | npt.NDArray[np.bool_], label: str) -> None:
        """These records (positions, or a mask) carry this error."""
        positions = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if len(positions):
            self._rows.append(positions)
            self._labels.append(label)

    def lists(self) -> pa.ListArray:
        """The labels of each record, in the order in which they were noted."""
        sizes = [len(rows) for rows in self._rows]
        rows = np.concatenate([*self._rows, np.zeros(0, dtype=np.int64)])
        codes = np.repeat(np.arange(len(sizes)), sizes)
        order = np.lexsort((codes, rows))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self._count))])
        labels = pa.DictionaryArray.from_arrays(pa.array(codes[order], pa.int32()), pa.array(self._labels, pa.string()))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), labels.cast(pa.string()))


def chosen(count: int, rate: float, rng: np.random.Generator) -> Ints:
    """Positions of a random share of so many."""
    return np.flatnonzero(rng.random(count) < rate)
