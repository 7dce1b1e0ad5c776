"""What the linkage asks of whoever runs it: to search, and to do pieces of work that know nothing of each other.

An engine decides nothing: whichever it is, every record ends the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from matching.blocks import Blocks, Listed, ListedBlocks
from matching.model import Model
from matching.nametable import Array
from matching.posterior import Weighed
from matching.registry import Registry
from matching.subjects import Subjects

Count = Callable[[int, Array], None]
"""Told of a chunk's pairs, and pairs per blocking rule."""

Told = Callable[[int, int], None]
"""Told how many units are done, of how many."""

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Search:
    """Some records to be searched for, and everything that the answer follows from."""

    registry: Registry
    """Whose people are searched."""
    subjects: Subjects
    """All records."""
    model: Model
    """What levels weigh."""
    rows: Array
    """The records sought, in order."""
    evidence: Listed
    """What number and family found."""
    widely: bool | None = None
    """By all rules, by name and day alone, or (None) nowhere else than number and family say."""
    targets: Array | None = None
    """Per record, the position of an entry of which it is to be told what finds it; -1 for none."""

    def blocks(self) -> Blocks:
        """Where to look."""
        if self.widely is None or not len(self.rows):
            return ListedBlocks()
        of = self.subjects
        return self.registry.blocks(of.records, of.names, of.text, self.rows, widely=self.widely)


class Engine(Protocol):
    """Runs what it is given."""

    def searched(self, search: Search, count: Count = lambda *_: None) -> Weighed:
        """The best candidates of the records, in their order.

        Args:
            search: what to search.
            count: told what was compared.

        Raises:
            TooManyPairs: blocks hold too many entries to look at.
            UnitsFailed: the engine could not do it.
        """
        ...

    def each(
        self, do: Callable[[Unit], Result], units: Sequence[Unit], told: Told = lambda *_: None
    ) -> list[Result]:
        """Do all units, in any order; what doing one twice leaves is what doing it once leaves.

        Args:
            do: does one; where it runs elsewhere, it and its results travel as pickles.
            units: what to do.
            told: told how many are done, of how many.

        Returns:
            What came of each, in the order of the units.

        Raises:
            UnitsFailed: the engine could not do it.
        """
        ...
