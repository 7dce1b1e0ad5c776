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

    def note(self, rows: Ints, label: str) -> None:
        """The records at these positions carry this error."""
        if len(rows):
            self._rows.append(rows)
            self._labels.append(label)

    def note_where(self, mask: npt.NDArray[np.bool_], label: str) -> None:
        """The records of this mask carry this error."""
        self.note(np.flatnonzero(mask), label)

    def forget(self, rows: npt.NDArray[np.bool_], *labels: str) -> None:
        """These records (a mask) don't carry these errors after all: the column they were in isn't there."""
        for at, label in enumerate(self._labels):
            if label in labels:
                self._rows[at] = self._rows[at][~rows[self._rows[at]]]

    def lists(self) -> pa.ListArray:
        """The labels of each record, in the order in which they were noted."""
        sizes = [len(rows) for rows in self._rows]
        rows = np.concatenate([*self._rows, np.zeros(0, dtype=np.int64)])
        codes = np.repeat(np.arange(len(sizes)), sizes)
        order = np.lexsort((codes, rows))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self._count))])
        labels = pa.DictionaryArray.from_arrays(
            pa.array(codes[order], pa.int32()), pa.array(self._labels, pa.string())
        )
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), labels.cast(pa.string()))


def chosen(count: int, rate: float, rng: np.random.Generator) -> Ints:
    """Positions of a random share of so many."""
    return np.flatnonzero(rng.random(count) < rate)
