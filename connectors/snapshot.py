"""The registry from an index on disk: candidates by our own blocking."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.array_file import MappedTexts, mapped_texts
from connectors.errors import FolderProblem
from connectors.index_names import SPELLING
from connectors.registry_index import BuiltIndex
from matching.blocking import FEW
from matching.blocks import Blocks, ExactBlocks, NameBlocks, WideBlocks, name_blocks
from matching.columns import Records, day_of, month_of, year_of
from matching.frequency import Frequencies
from matching.frequency_file import load_frequencies
from matching.index import Index, give_back
from matching.indexing import name_keys
from matching.keys import GENDERS, digits, id_text
from matching.nametable import Array, Names
from matching.profile import Profile, profile
from matching.registry import KIN_OF, LOOKED_UP, People, RegistryFacts, Silence, nowhere_silent
from matching.schemas import ENTRY


class Snapshot:
    """`matching.registry.Registry` over an index (`connectors.registry_index`)."""

    def __init__(self, built: BuiltIndex, as_of: str = "") -> None:
        """Open an index.

        Args:
            built: the index.
            as_of: the moment the extract is from, for the report.
        """
        self._built, self._as_of = built, as_of
        self._index = Index.open(built.folder)
        self._blocks: tuple[Names, NameBlocks] | None = None
        self._asked_little = False

    def __reduce__(self) -> tuple[Callable[..., "Snapshot"], tuple[BuiltIndex, str]]:
        # a pickle only names the folder: whoever opens it maps the same files
        return opened, (self._built, self._as_of)

    @property
    def profile(self) -> Profile:
        """The profile that the index was built with."""
        return profile(self._built.profile)

    def facts(self) -> RegistryFacts:
        """Entries counted; the folder's name is the source."""
        return RegistryFacts(self._built.entries, self._as_of, f"extract {self._built.source}")

    def people(self) -> People:
        """All entries."""
        return People(self._index.entries, self._index.names, self._index.order)

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        number = digits(numbers, np.int64)
        current = self._index.positions_of(
            np.where(pc.binary_length(numbers).to_numpy() == ID_LENGTH, number, -1)
        )
        asked, at, found_by = _other_numbers(number, self._index)
        self._looked_up()
        holds = np.flatnonzero(current >= 0)
        return pa.table(
            {
                "asked": numbers.take(pa.array(np.concatenate([holds, asked]))),
                "found_by": pa.array(np.concatenate([np.ones(len(holds), np.int8), found_by]), pa.int8()),
                "at": pa.array(np.concatenate([current[holds], at]), pa.int32()),
            },
            schema=LOOKED_UP,
        )

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        own = self._index.positions_of(digits(numbers, np.int64))
        parents = self._index.parents
        tables = [
            _kin(
                numbers, np.arange(len(own)), relation, np.where(own >= 0, positions[np.maximum(own, 0)], -1)
            )
            for relation, positions in (("father", parents.father), ("mother", parents.mother))
        ]
        low, high = (np.searchsorted(parents.parent, own, side=side) for side in ("left", "right"))
        count = np.where(own >= 0, high - low, 0)
        asked = np.repeat(np.arange(len(own)), count)
        at = np.arange(count.sum()) + np.repeat(low - np.r_[0, np.cumsum(count)[:-1]], count)
        tables.append(_kin(numbers, asked, "child", parents.child[at]))
        self._looked_up()
        return pa.concat_tables(tables)

    def blocks(self, records: Records, names: Names, text: pa.Array, rows: Array, *, widely: bool) -> Blocks:
        """See `matching.registry.Registry`."""
        if self._blocks is None or self._blocks[0] is not names:
            self._blocks = names, name_blocks(names, self._index)
        found = self._blocks[1]
        return (
            WideBlocks(records, names, found, self._index, FEW if self.profile.parts else 0)
            if widely
            else ExactBlocks(records, found, self._index.order)
        )

    def expect(self, records: Records, text: pa.Array, rows: Array) -> None:
        """See `matching.registry.Registry`: an extract is there at once."""

    def silence(self, records: pa.Table) -> Silence:
        """See `matching.registry.Registry`: an extract answers everything."""
        return nowhere_silent(records)

    def name_counts(self, names: Names) -> Mapping[str, Array]:
        """See `matching.registry.Registry`."""
        counts, keys = self._index.counts, name_keys(names)
        found = {name: getattr(counts, name).of(key) for name, key in keys.items()}
        self._looked_up()
        return found

    def rare(self, records: Records, names: Names) -> tuple[Array, Array]:
        """Of each record, whether few people bear its name, and whether few were born on its day (`matching.blocking.FEW`)."""
        named = self._index.counts.folded.of(names.folded)
        births, at = self._index.births, np.searchsorted(self._index.births.key, records.birth)
        born = np.append(np.diff(births.start), 0)[at] * (np.append(births.key, -1)[at] == records.birth)
        return np.append(named, 0)[records.name] <= FEW, born <= FEW

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`; names as most people of that name write them, other numbers left out."""
        at = self._index.positions_of(digits(personal_ids, np.int64))
        shown = self.shown(at[at >= 0])
        self._looked_up()
        return shown

    @contextmanager
    def asked_little(self) -> Iterator[None]:
        """While a night asks for few at a time, the pages looked at stay until the end: given back each time, the same ones are read again and again."""
        self._asked_little = True
        try:
            yield
        finally:
            self._asked_little = False
            self._looked_up()

    def _looked_up(self) -> None:
        """Give the pages back that numbers, counts and spellings were looked up in."""
        if not self._asked_little:
            self._index.release_lookups()
            if "_spelling" in vars(self):
                give_back(self._spelling.file)

    def shown(self, at: Array) -> pa.Table:
        """ENTRY of entries by position, as `entries` gives them."""
        of, parents = self._index.entries, self._index.parents
        birth = of.birth[at]
        columns = {
            "personal_id": id_text(of.entry[at]),
            "full_name": self._spelling.texts.take(pa.array(of.name[at], mask=of.name[at] < 0)),
            "birth_date": _dates(birth),
            "birth_precision": pa.array(["day", "month", "year"]).take(_precision(birth)),
            "gender": pa.array(GENDERS, pa.string()).take(pa.array(of.gender[at])),
            "birth_province": id_text(of.birth_province[at], 3),
            "residence_province": id_text(of.home[at], 2),
            "residence_commune": id_text(of.commune[at], 5),
            "father_id": id_text(
                np.where(parents.father[at] >= 0, of.entry[np.maximum(parents.father[at], 0)], 0)
            ),
            "mother_id": id_text(
                np.where(parents.mother[at] >= 0, of.entry[np.maximum(parents.mother[at], 0)], 0)
            ),
            "status": pa.array(["alive", "deceased"]).take(pa.array(of.deceased[at].astype(np.int8))),
        }
        return pa.table(
            {field.name: columns.get(field.name, pa.nulls(len(at), field.type)) for field in ENTRY},
            schema=ENTRY,
        )

    @cached_property
    def _spelling(self) -> MappedTexts:
        return mapped_texts(self._built.folder / SPELLING, "spelling")

    def frequencies(self) -> Frequencies:
        """How common words of names, birth years and places are among all entries."""
        return self._frequencies

    @cached_property
    def _frequencies(self) -> Frequencies:
        return load_frequencies(self._built.entries, self._built.folder / "frequencies.json")


@lru_cache(maxsize=2)
def opened(built: BuiltIndex, as_of: str = "") -> Snapshot:
    """The registry of an index that another process named; opened once in each.

    Raises:
        FolderProblem: this machine doesn't have it.
    """
    if not built.folder.is_dir():
        raise FolderProblem(
            built.folder,
            "is not on this machine, or not in this state",
            "Share the folder of the index with all machines, or copy it to the same place on each.",
        )
    return Snapshot(built, as_of)


ID_LENGTH = 12


def _other_numbers(number: Array, index: Index) -> tuple[Array, Array, Array]:
    """Superseded and former numbers: position in `number`, entry, how it was found."""
    low, high = (np.searchsorted(index.numbers.number, number, side=side) for side in ("left", "right"))
    count = high - low
    asked = np.repeat(np.arange(len(number)), count)
    found = np.arange(count.sum()) + np.repeat(low - np.r_[0, np.cumsum(count)[:-1]], count)
    return asked, index.numbers.at[found], index.numbers.found_by[found]


def _kin(numbers: pa.Array, asked: Array, relation: str, at: Array) -> pa.Table:
    known = at >= 0
    size = int(known.sum())
    words = pa.array([relation]).take(pa.array(np.zeros(size, np.int8)))
    return pa.table(
        {"asked": numbers.take(pa.array(asked[known])), "relation": words, "at": at[known]}, schema=KIN_OF
    )


def _dates(birth: Array) -> pa.Array:
    """The first possible day of each birth number."""
    year, month, day = year_of(birth), np.maximum(month_of(birth), 1), np.maximum(day_of(birth), 1)
    months = ((year.astype(np.int64) - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    return pa.array(days, pa.date32(), mask=birth == 0)


def _precision(birth: Array) -> pa.Array:
    code = np.where(month_of(birth) == 0, 2, np.where(day_of(birth) == 0, 1, 0))
    return pa.array(code, mask=birth == 0)
