"""Whom a long answer shows, collected while it is written: each once, as a number."""

import numpy as np
import pyarrow as pa

from mock_population_api.mapped import Array
from mock_population_api.number_codes import PERSONAL, to_texts

_PENDING = 1_000_000
"""Numbers that wait at least before they are sorted in."""


class Shown:
    """Personal IDs."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._known = np.zeros(0, np.int64)
        self._pending: list[Array] = []

    def add(self, personal_ids: pa.Array) -> None:
        """These were shown as well; texts of 12 digits, null for whom nothing is told of."""
        self._pending.append(personal_ids.drop_null().cast(pa.int64()).to_numpy())
        if sum(map(len, self._pending)) > max(_PENDING, len(self._known)):
            self._sort_in()

    def subjects(self) -> pa.Array:
        """All of them, sorted, as texts."""
        self._sort_in()
        return to_texts(self._known + PERSONAL, ())

    def _sort_in(self) -> None:
        # numpy's unique hashes, which takes many times as long
        ordered = np.sort(np.concatenate([self._known, *self._pending]))
        self._known, self._pending = ordered[np.diff(ordered, prepend=-1) != 0], []
