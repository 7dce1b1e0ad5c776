"""Dates as they are asked: a year, a month or a day, as text; in whole columns."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.columns import NO_DAY
from mock_population_api.mapped import Array

FORM = r"\A(18|19|20|21)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?\z"
"""YYYY, YYYY-MM or YYYY-MM-DD."""


def parts_of(dates: pa.Array | pa.ChunkedArray) -> tuple[Array, Array, Array]:
    """Year, month and day (int64) as far as they are told; 0 where not, or where a text has another form."""
    fits = pc.match_substring_regex(dates, FORM)
    texts = pc.if_else(pc.fill_null(fits, False), dates, pa.scalar("", pa.string()))
    year, month, day = (_number(texts, begin, end) for begin, end in ((0, 4), (5, 7), (8, 10)))
    return year, month, day


def _number(texts: pa.Array | pa.ChunkedArray, begin: int, end: int) -> Array:
    digits = pc.utf8_slice_codeunits(texts, begin, end)
    told = pc.if_else(pc.equal(digits, ""), pa.scalar("0", pa.string()), digits)
    return np.asarray(told.cast(pa.int64()).to_numpy(zero_copy_only=False))


def days_from(year: Array, month: Array, day: Array) -> Array:
    """Days since 1970 (int32); NO_DAY where a part is missing or there was no such day."""
    told = (year > 0) & (month > 0) & (month < 13) & (day > 0)
    months = (np.where(told, year, 1970) - 1970) * 12 + np.where(told, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    born = first + day - 1
    return np.where(told & (born < following), born, NO_DAY).astype(np.int32)
