"""The registry as a service: candidates come from its own search, entries as it answers them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.registry import RegistryClient
from connectors.registry_answers import WITHHELD
from matching.blocks import Listed, ListedBlocks
from matching.columns import NO_NAME, Entries, Records, day_of, month_of, year_of
from matching.index import positions_by
from matching.keys import FOUND_BY, GENDERS, digits, entry_columns, id_text, record_columns
from matching.nametable import Array, Names, joined, taken, text_key
from matching.profile import VIETNAM, Profile
from matching.registry import KIN_OF, LOOKED_UP, People, RegistryFacts, Silence
from matching.rows import side_by_side
from matching.schemas import ENTRY, FOUND, TRACE_QUERY
from matching.searching import Order
from matching.sorted_keys import looked_up

_NOTHING = np.zeros(0, np.int32)
_NO_ORDER = side_by_side(Order(_NOTHING, _NOTHING, _NOTHING, np.zeros(0, np.int8), np.zeros(0, np.int16)))

_NAMES = ("name", "father_name", "mother_name")


class TracedRegistry:
    """`matching.registry.Registry` over a RegistryClient; never traces the same question twice.

    It holds every answer of one partition in memory: some fifty entries a record at most.
    """

    def __init__(self, client: RegistryClient, profile: Profile = VIETNAM) -> None:
        """Nothing is asked before it is needed."""
        self._client, self._profile = client, profile
        self._seen = _Seen(profile)
        self._asked, self._of_question = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._answers = np.zeros(0, np.int32)
        self._withheld: set[str] = set()

    @property
    def profile(self) -> Profile:
        """Whose names the service holds."""
        return self._profile

    def facts(self) -> RegistryFacts:
        """As the service gives them."""
        return self._client.facts()

    def people(self) -> People:
        """All entries that were ever answered; the service searches for itself, so there is no order."""
        return People(*self._seen.columns(), _NO_ORDER)

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        answer = self._client.lookup(numbers)
        hidden = pc.equal(answer["found_by"], WITHHELD)
        self._withheld.update(answer.filter(hidden)["asked"].to_pylist())
        found = answer.filter(pc.invert(hidden))
        code = pc.index_in(found["found_by"], value_set=pa.array(FOUND_BY, pa.string()))
        return pa.table(
            {"asked": found["asked"], "found_by": code.cast(pa.int8()), "at": self._seen.positions(found)},
            schema=LOOKED_UP,
        )

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """See `matching.registry.Registry`."""
        found = self._client.relatives(numbers)
        return pa.table(
            {"asked": found["asked"], "relation": found["relation"], "at": self._seen.positions(found)},
            schema=KIN_OF,
        )

    def blocks(
        self, records: Records, names: Names, text: pa.Array, rows: Array, *, widely: bool
    ) -> ListedBlocks:
        """What the service's search finds for every reading of a name; of that the exact key's, when only they are wanted."""
        row, reading = _readings(records, rows)
        questions, question = _distinct(trace_queries(records, text, row, reading))
        self._trace(questions, question)
        low, high = (np.searchsorted(self._of_question, question, side=side) for side in ("left", "right"))
        row, reading = np.repeat(row, high - low), np.repeat(reading, high - low)
        at = self._answers[_from_to(low, high)]
        if not widely:
            exact = _is_exact(records, names, row, reading, self.people(), at)
            row, at = row[exact], at[exact]
        return ListedBlocks(_listed(row, at))

    def silence(self, records: pa.Table) -> Silence:
        """See `matching.registry.Registry`."""
        withheld = claiming(records, pa.array(sorted(self._withheld), pa.string()))
        unasked = claiming(records, self._client.unanswered("lookup"))
        untraced = digits_of_keys(self._client.unanswered("trace"))
        if len(untraced):
            columns, _, text = record_columns(records, self._profile)
            row, reading = _readings(columns, np.arange(len(records)))
            _, question = _distinct(trace_queries(columns, text, row, reading))
            unasked[row[np.isin(question, untraced)]] = True
        return Silence(withheld, unasked)

    def name_counts(self, names: Names) -> None:
        """A service can't be counted."""
        return

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """Entries seen in earlier answers: nobody is looked up a second time to be shown."""
        return self._seen.in_full(digits(personal_ids, np.int64))

    def _trace(self, questions: pa.Table, question: Array) -> None:
        """Ask what was not asked before; questions go by their key, also where answers are kept.

        Args:
            questions: TRACE_QUERY with the key as `ref`, each once.
            question: keys of all of them.
        """
        new = np.setdiff1d(question, self._asked)
        if not len(new):
            return
        asked = questions.filter(pc.is_in(questions["ref"], value_set=pa.array(new).cast(pa.string())))
        answers = pa.concat_tables(
            [_ANSWER.empty_table(), *(_answer(part) for part in self._client.trace(asked))]
        )
        of_question = np.concatenate([self._of_question, answers["ref"].cast(pa.int64()).to_numpy()])
        at = np.concatenate([self._answers, self._seen.positions(answers)])
        order = np.argsort(of_question, kind="stable")
        self._of_question, self._answers = of_question[order], at[order]
        self._asked = np.concatenate([self._asked, new])


class _Seen:
    """Entries that were answered: each has one position, the first time's."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._full = [ENTRY.empty_table()]
        self._parts = [entry_columns(_ANSWER.empty_table(), profile)]
        self._ids, self._at = np.zeros(0, np.int64), np.zeros(0, np.int32)

    def positions(self, answer: pa.Table) -> Array:
        """Positions (int32) of answered entries (ENTRY with father_name, mother_name); who is new is kept."""
        numbers = digits(answer["personal_id"], np.int64)
        distinct, first = np.unique(numbers, return_index=True)
        self._keep(answer.take(pa.array(np.sort(first[looked_up(self._ids, self._at, distinct) < 0]))))
        return looked_up(self._ids, self._at, numbers)

    def _keep(self, new: pa.Table) -> None:
        if not len(new):
            return
        entries, names = entry_columns(new, self._profile)
        at = np.arange(len(self._ids), len(self._ids) + len(new), dtype=np.int32)
        ids, at = np.concatenate([self._ids, entries.entry]), np.concatenate([self._at, at])
        order = np.argsort(ids, kind="stable")
        self._ids, self._at = ids[order], at[order]
        self._parts.append((entries, names))
        self._full.append(new.select(ENTRY.names).cast(ENTRY))

    def columns(self) -> tuple[Entries, Names]:
        """All entries by position, and their names."""
        if len(self._parts) > 1:
            self._parts = [_joined(self._parts)]
        return self._parts[0]

    def in_full(self, numbers: Array) -> pa.Table:
        """ENTRY rows of those among the numbers that were answered."""
        at = positions_by(self._ids, np.arange(len(self._ids), dtype=np.int32), np.unique(numbers))
        return pa.concat_tables(self._full).take(pa.array(np.sort(self._at[at[at >= 0]])))


_ANSWER = pa.schema(
    [pa.field("ref", pa.string()), *(field for field in FOUND if field.name not in {"asked", "found_by"})]
)


def _answer(part: pa.Table) -> pa.Table:
    return part.select(_ANSWER.names).cast(_ANSWER)


def _joined(parts: list[tuple[Entries, Names]]) -> tuple[Entries, Names]:
    """Parts one after the other; a name that several parts have is one name again."""
    whole = joined([names for _, names in parts])
    _, first, place = np.unique(whole.key, return_index=True, return_inverse=True)
    before = np.cumsum([0, *(len(names.key) for _, names in parts[:-1])])
    moved = [
        entries._replace(**{name: _moved(getattr(entries, name), by, place) for name in _NAMES})
        for (entries, _), by in zip(parts, before.tolist(), strict=True)
    ]
    columns = (np.concatenate(column) for column in zip(*moved, strict=True))
    return side_by_side(Entries(*columns)), taken(whole, first)


def _moved(name: Array, by: int, place: Array) -> Array:
    """Positions in a part as positions in the whole."""
    result = np.full(len(name), NO_NAME, np.int32)
    known = name != NO_NAME
    result[known] = place[name[known] + by]
    return result


_CLAIMS = ("claimed_id", "claimed_former", "claimed_other")


def claiming(records: pa.Table, numbers: pa.Array) -> Array:
    """Which RECORDS claim one of the numbers: bool per record."""
    found = np.zeros(len(records), bool)
    for name in _CLAIMS if len(numbers) else ():
        found |= pc.is_in(records[name], value_set=numbers).to_numpy()
    return found


def digits_of_keys(refs: pa.Array) -> Array:
    """Refs of questions as their keys."""
    return np.asarray(refs.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _readings(records: Records, rows: Array) -> tuple[Array, Array]:
    """Every reading of the names of some records: row and position of the name; whoever has no name has one reading, -1."""
    other = rows[records.name_other[rows] >= 0]
    return np.concatenate([rows, other]), np.concatenate([records.name[rows], records.name_other[other]])


def trace_queries(records: Records, text: pa.Array, row: Array, reading: Array) -> pa.Table:
    """What is known of records, as TRACE_QUERY without a `ref`.

    Args:
        records: all records.
        text: their distinct names.
        row: those asked for.
        reading: by which of the names, -1 for none.
    """
    return pa.table(
        {
            "ref": pa.nulls(len(row), pa.string()),
            "full_name": text.take(pa.array(reading, mask=reading < 0)),
            "birth_date": _birth_text(records.birth[row]),
            "gender": pa.array(GENDERS, pa.string()).take(pa.array(records.gender[row])),
            "birth_province": id_text(records.birth_province[row], 3),
            "residence_province": id_text(records.home[row], 2),
            "residence_commune": id_text(records.commune[row], 5),
        },
        schema=TRACE_QUERY,
    )


def _birth_text(birth: Array) -> pa.Array:
    """YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known."""
    year = id_text(year_of(birth), 4)
    month = pc.binary_join_element_wise(year, id_text(month_of(birth), 2), "-")
    return pc.coalesce(pc.binary_join_element_wise(month, id_text(day_of(birth), 2), "-"), month, year)


def _distinct(queries: pa.Table) -> tuple[pa.Table, Array]:
    """Each question once with its key as `ref`, and the key (int64) of every query: equal for equal questions, run after run."""
    parts = [pc.fill_null(queries[name], "") for name in TRACE_QUERY.names if name != "ref"]
    encoded = pc.binary_join_element_wise(*parts, "\x1f").combine_chunks().dictionary_encode()
    keys = np.fromiter(map(text_key, encoded.dictionary.to_pylist()), np.int64, len(encoded.dictionary))
    code = encoded.indices.to_numpy()
    _, first = np.unique(code, return_index=True)
    ref = pa.array(keys).cast(pa.string())
    return queries.take(pa.array(first)).set_column(0, "ref", ref), keys[code]


def _from_to(low: Array, high: Array) -> Array:
    """All positions of runs, one run after the other."""
    size = high - low
    return np.asarray(np.arange(size.sum()) + np.repeat(low - np.cumsum(size) + size, size))


def _is_exact(records: Records, names: Names, row: Array, reading: Array, people: People, at: Array) -> Array:
    """Pairs of the same name without marks and the same day of birth."""
    entries, entry_names, _ = people
    name, birth = entries.name[at], records.birth[row]
    exact = (reading >= 0) & (name >= 0) & (day_of(birth) != 0) & (birth == entries.birth[at])
    exact[exact] = names.folded[reading[exact]] == entry_names.folded[name[exact]]
    return np.asarray(exact)


def _listed(row: Array, at: Array) -> Listed:
    """In the order of records, each entry once: two readings often find the same."""
    pair = np.unique(row.astype(np.int64) << 32 | at)
    size = len(pair)
    return Listed(pair >> 32, (pair & 0xFFFFFFFF).astype(np.int32), np.zeros(size, np.int8), np.zeros(size))
