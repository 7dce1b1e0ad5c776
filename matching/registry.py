"""What linkage asks of a registry, whoever answers: a service over HTTP or an extract on disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True)
class RegistryFacts:
    """What a run must know of the registry that it asked."""

    entries: int
    """How many people it holds."""
    as_of: str
    """The moment its data is from, ISO 8601, or a text the source gives."""
    source: str
    """Which registry, in words for the report."""


class Registry(Protocol):
    """Entries travel in their numeric form (`matching.keys.ENTRY_KEYS`), their names in a table beside."""

    def facts(self) -> RegistryFacts:
        """How many entries, as of when."""
        ...

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """Entries by number (text; current, superseded or former): `asked`, `found_by`, entry keys."""
        ...

    def candidates(self, records: pa.Table, features: pa.Table, rules: tuple[str, ...]) -> Iterator[pa.Table]:
        """Pairs of record row and entry worth comparing (`matching.keys.PAIRS`), in batches, none twice.

        A registry that searches by its own rules takes ours as a hint: all candidates, or those of the exact key.

        Args:
            records: RECORD_KEYS of those who are sought.
            features: NAME_FEATURES of their names.
            rules: names of blocking rules.
        """
        ...

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """Father, mother and children of personal IDs: `asked`, `relation`, entry keys."""
        ...

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """Entries in full (`matching.schemas.ENTRY`), for people to look at."""
        ...

    def name_counts(self, features: pa.Table) -> pa.Table | None:
        """How many people share each key of the names asked (NAME_FEATURES): `name_key`, `folded`, `sound`, `sorted`, `ends`,
        aligned; None when the registry can't count.
        """
        ...

    def names(self, name_keys: pa.Array) -> pa.Table:
        """The canonical names behind name keys that an answer carried: `name_key`, `name`."""
        ...
