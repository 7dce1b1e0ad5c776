from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from reporting.suppression import SMALLEST, hidden

TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 40), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


def test_a_small_cell_takes_others_with_it() -> None:
    assert hidden([[100, 3], [200, 50]]) == [[True, True], [True, True]]
    assert hidden([[100, 30], [200, 50]]) == [[False, False], [False, False]]
    assert hidden([[100, 0]]) == [[False, False]]


@given(TABLES)
def test_no_small_cell_is_shown_nor_alone_in_its_line(cells: list[list[int]]) -> None:
    mask = hidden(cells)
    rows, columns = len(cells), len(cells[0])
    for row, column in product(range(rows), range(columns)):
        if 0 < cells[row][column] < SMALLEST:
            assert mask[row][column]
    if columns > 1:
        assert all(sum(line) != 1 for line in mask)
    if rows > 1:
        assert all(sum(line[column] for line in mask) != 1 for column in range(columns))


@given(TABLES)
def test_where_nothing_is_small_everything_is_shown(cells: list[list[int]]) -> None:
    large = [[count + SMALLEST for count in row] for row in cells]
    assert not any(any(line) for line in hidden(large))
