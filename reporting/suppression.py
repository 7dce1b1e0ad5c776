"""Small cells of a published table, and those that would give them away.

A count of one to four people may name somebody. It is left out, and so is another cell of its row and of its column wherever the sums
beside them would let a reader work it out.
"""

from collections.abc import Iterator, Sequence

SMALLEST = 5
"""The smallest count but nothing that is published."""


def hidden(cells: Sequence[Sequence[int]], smallest: int = SMALLEST) -> list[list[bool]]:
    """Which cells of an additive table must not be shown while the sums of its rows and columns are.

    Args:
        cells: Counts, all rows of one length; without the sums.
        smallest: Counts from one up to below it are small.

    Returns:
        True for each cell that is left out: the small ones, and in every row and column with a single one of them the next larger.
    """
    mask = [[0 < count < smallest for count in row] for row in cells]
    while (found := next(_exposed(cells, mask), None)) is not None:
        row, column = found
        mask[row][column] = True
    return mask


def _exposed(cells: Sequence[Sequence[int]], mask: Sequence[Sequence[bool]]) -> Iterator[tuple[int, int]]:
    """The cell to be left out next, for each line in which a single one is left out so far; nothing at all is left out last."""
    for line in _lines(cells):
        left_out = [place for place in line if mask[place[0]][place[1]]]
        others = [place for place in line if not mask[place[0]][place[1]]]
        if len(left_out) == 1 and others:
            yield min(others, key=lambda place: (cells[place[0]][place[1]] == 0, cells[place[0]][place[1]]))


def _lines(cells: Sequence[Sequence[int]]) -> Iterator[list[tuple[int, int]]]:
    width = len(cells[0]) if cells else 0
    for row in range(len(cells)):
        yield [(row, column) for column in range(width)]
    for column in range(width):
        yield [(row, column) for row in range(len(cells))]
