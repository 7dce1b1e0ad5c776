"""What linkage asks of a registry, whoever answers: a service over HTTP or an index on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from matching.blocks import Blocks
from matching.columns import Entries, Records
from matching.nametable import Array, Names
from matching.profile import Profile
from matching.searching import Order


@dataclass(frozen=True)
class RegistryFacts:
    """What a run must know of the registry that it asked."""

    entries: int
    """How many people it holds."""
    as_of: str
    """The moment its data is from, ISO 8601, or a text the source gives."""
    source: str
    """Which registry, in words for the report."""


class People(NamedTuple):
    """The entries that can be compared; a service's grow with its answers, positions stay."""

    entries: Entries
    names: Names
    order: Order
    """Empty where the registry searches for itself."""


class Silence(NamedTuple):
    """Where the registry has not said all that a decision needs: bool per record."""

    withheld: Array
    """The holder of the number that the record claims is withheld from everybody."""
    unasked: Array
    """A question about the record was not answered."""

    def anywhere(self) -> Array:
        """Either."""
        return np.asarray(self.withheld | self.unasked)


def nowhere_silent(records: pa.Table) -> Silence:
    """A registry that has answered everything."""
    return Silence(np.zeros(len(records), bool), np.zeros(len(records), bool))


class Registry(Protocol):
    """Entries are spoken of by their position in `people`."""

    @property
    def profile(self) -> Profile:
        """Whose names it holds."""
        ...

    def facts(self) -> RegistryFacts:
        """How many entries, as of when."""
        ...

    def people(self) -> People:
        """All entries that were spoken of so far."""
        ...

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """Entries by number (text; current, superseded or former): LOOKED_UP."""
        ...

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """Father, mother and children of personal IDs (text): KIN_OF."""
        ...

    def blocks(self, records: Records, names: Names, text: pa.Array, rows: Array, *, widely: bool) -> Blocks:
        """Where the candidates of records lie: of the same name and day, or widely.

        Args:
            records: all records of the kind.
            names: their names.
            text: the same as text, for a registry that is asked in words.
            rows: those who are sought.
            widely: by all rules, or by name and day alone.
        """
        ...

    def expect(self, records: Records, text: pa.Array, rows: Array) -> None:
        """Records that will be sought next, after some others at most: whoever has to ask for them may begin.

        Args:
            records: all records of the kind.
            text: their names as text.
            rows: those who will be sought.
        """
        ...

    def silence(self, records: pa.Table) -> Silence:
        """Of which RECORDS it has not said all that was asked so far."""
        ...

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """Entries in full (`matching.schemas.ENTRY`), for people to look at."""
        ...

    def name_counts(self, names: Names) -> Mapping[str, Array] | None:
        """How many people share each key of the names asked: `key`, `folded`, `compact`, `sound`, `sorted`, `ends`, aligned; None when the
        registry can't count.
        """
        ...


LOOKED_UP = pa.schema(
    [pa.field("asked", pa.string()), pa.field("found_by", pa.int8()), pa.field("at", pa.int32())]
)
"""The number asked, how it was found (position in matching.keys.FOUND_BY), the entry's position."""

KIN_OF = pa.schema(
    [pa.field("asked", pa.string()), pa.field("relation", pa.string()), pa.field("at", pa.int32())]
)
"""The number asked, father | mother | child, the relative's position."""
