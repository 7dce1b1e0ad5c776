"""Orders of many small numbers, in one pass over them."""

import numpy as np

from matching.compiled import compiled
from matching.nametable import Array


@compiled
def counting_order(codes: Array, size: int) -> tuple[Array, Array]:
    """Positions in the order of their codes, equal ones in their own order (counting sort); negative codes are left out.

    Args:
        codes: integers below `size`.
        size: how many codes there are.

    Returns:
        Positions (int32), and where those of each code begin (int64, size + 1).
    """
    start = np.zeros(size + 1, np.int64)
    for code in codes:
        if code >= 0:
            start[code + 1] += 1
    for code in range(size):
        start[code + 1] += start[code]
    free, order = start[:-1].copy(), np.empty(start[size], np.int32)
    for position in range(len(codes)):
        code = codes[position]
        if code >= 0:
            order[free[code]] = position
            free[code] += 1
    return order, start
