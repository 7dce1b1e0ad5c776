"""Numbers of people: 12-digit personal IDs of the true structure, and 9-digit numbers by issuing province.

Numbers must be unique over the whole population, though it is made in chunks that know nothing of each other. Every
group of numbers (`PPPGYY`, or a 9-digit prefix) therefore has one keyed bijection over its free digits, and chunk *c*
of *C* takes the places c, c + C, c + 2C, … of it: no chunk can meet another, and the digits look random.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mock_population_api.draws import Ints, mixed, ranks_within
from mock_population_api.generation_errors import NumbersExhausted

_ROUNDS = 4
_TAILS = (1000, 1000)


@dataclass(frozen=True)
class Share:
    """Which places of every group of numbers a chunk may take."""

    seed: int
    chunk: int
    chunks: int


def scattered(places: Ints, keys: Ints, sides: tuple[int, int], seed: int) -> Ints:
    """A bijection of 0 … sides[0]·sides[1] - 1 for every key (a Feistel network)."""
    left, right = np.divmod(places, sides[1])
    for step in range(_ROUNDS):
        salt = seed * 64 + step
        left = (left + (mixed(right + keys * 2048, salt) % np.uint64(sides[0])).astype(np.int64)) % sides[0]
        right = (
            right + (mixed(left + keys * 16384, salt + 32) % np.uint64(sides[1])).astype(np.int64)
        ) % sides[1]
    return left * sides[1] + right


def structure(provinces: Ints, female: npt.NDArray[np.bool_], years: Ints) -> Ints:
    """The first six digits `PPPGYY`: province of birth registration, century and gender, year of birth."""
    century = 2 * ((years - 1900) // 100) + female
    return provinces * 1000 + century * 100 + years % 100


def personal_ids(structures: Ints, share: Share) -> Ints:
    """A 12-digit number for each structure, unique over all chunks.

    Raises:
        NumbersExhausted: when a group needs more than its million numbers.
    """
    places = ranks_within(structures) * share.chunks + share.chunk
    if len(places) and places.max() >= _TAILS[0] * _TAILS[1]:
        raise NumbersExhausted(group=f"{structures[places.argmax()]:06d}", capacity=_TAILS[0] * _TAILS[1])
    return structures * 1_000_000 + scattered(places, structures, _TAILS, share.seed)


def former_numbers(prefixes: Ints, widths: Ints, share: Share) -> Ints:
    """A 9-digit number for each issuing prefix of `widths` digits (2 or 3).

    Prefixes of a crowded province start again when they are used up, as they did.
    """
    numbers = np.empty(len(prefixes), dtype=np.int64)
    for width, sides in ((2, (10_000, 1000)), (3, (1000, 1000))):
        mine = np.flatnonzero(widths == width)
        groups = prefixes[mine] + 1000 * width
        places = (ranks_within(groups) * share.chunks + share.chunk) % (sides[0] * sides[1])
        free = scattered(places, groups, sides, share.seed + 1)
        numbers[mine] = prefixes[mine] * (sides[0] * sides[1]) + free
    return numbers


def as_text(numbers: Ints, width: int, known: npt.NDArray[np.bool_] | None = None) -> pa.StringArray:
    """Numbers as text of `width` digits with their zeros; null where not known."""
    digits = np.empty((len(numbers), width), dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        digits[:, place] = digit + ord("0")
    offsets = pa.py_buffer(np.arange(0, (len(numbers) + 1) * width, width, dtype=np.int32))
    text = pa.StringArray.from_buffers(len(numbers), offsets, pa.py_buffer(digits.tobytes()))
    if known is None:
        return text
    return pa.compute.if_else(pa.array(known), text, pa.scalar(None, pa.string()))
