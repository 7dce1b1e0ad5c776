"""Numbers of people as integers: a text of up to 17 digits is a 1 and its digits, so that its zeros aren't lost.

Another text (a registry may hold any) is kept in a list of oddities, and its code is a negative place in it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.written_texts import digits_of

Codes = npt.NDArray[np.int64]

NO_NUMBER = -1
_FIRST_ODD = -2
_DIGITS = r"\A[0-9]{1,17}\z"
PERSONAL = 10**12
"""A personal ID's code is this and its value."""


class Oddities:
    """Texts that are no numbers, each with a code."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        """As they were listed before."""
        self._places = {text: place for place, text in enumerate(texts)}

    @property
    def texts(self) -> list[str]:
        """All of them, in order."""
        return list(self._places)

    def code(self, text: str, *, new: bool) -> int:
        """The code of a text; NO_NUMBER for one that isn't listed, unless it may be added."""
        place = self._places.setdefault(text, len(self._places)) if new else self._places.get(text)
        return NO_NUMBER if place is None else _FIRST_ODD - place


def to_codes(texts: pa.Array, odd: Oddities, *, new: bool = False) -> Codes:
    """Codes of texts; NO_NUMBER for null, and for an oddity that isn't listed unless it may be added (`new`)."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    texts = texts.cast(pa.large_string())
    plain = pc.fill_null(pc.match_substring_regex(texts, _DIGITS), False)
    kept = pc.if_else(plain, texts, pa.scalar(None, pa.large_string()))
    # joining with null is null
    codes = pc.binary_join_element_wise(
        pa.scalar("1", pa.large_string()), kept, pa.scalar("", pa.large_string())
    )
    result = pc.fill_null(codes.cast(pa.int64()), NO_NUMBER).to_numpy(zero_copy_only=False)
    strange = pc.and_(pc.invert(plain), pc.is_valid(texts)).to_numpy(zero_copy_only=False)
    if strange.any():
        result = result.copy()
        for place in np.flatnonzero(strange):
            result[place] = odd.code(texts[int(place)].as_py(), new=new)
    return np.asarray(result, np.int64)


def to_texts(codes: Codes, odd: Sequence[str]) -> pa.Array:
    """The texts behind codes, null for NO_NUMBER."""
    texts = digits_of(codes)
    strange = np.flatnonzero(codes <= _FIRST_ODD)
    if not len(strange):
        return texts
    values = pa.array([odd[_FIRST_ODD - codes[place]] for place in strange.tolist()], pa.string())
    return pc.replace_with_mask(texts, pa.array(codes <= _FIRST_ODD), values)
