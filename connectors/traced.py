"""The registry as a service: candidates come from its own search, entries as it answers them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.answered_people import ANSWERED, AnsweredPeople
from connectors.registry import RegistryClient
from connectors.registry_answers import WITHHELD
from connectors.trace_questions import TraceQuestions, digits_of_keys
from matching.blocks import Listed, ListedBlocks
from matching.columns import Records, day_of
from matching.keys import FOUND_BY, digits, record_columns
from matching.nametable import Array, Names
from matching.profile import VIETNAM, Profile
from matching.registry import KIN_OF, LOOKED_UP, People, RegistryFacts, Silence
from matching.rows import side_by_side
from matching.schemas import TRACE_QUERY
from matching.searching import Order

_NOTHING = np.zeros(0, np.int32)
_NO_ORDER = side_by_side(Order(_NOTHING, _NOTHING, _NOTHING, np.zeros(0, np.int8), np.zeros(0, np.int16)))


@dataclass(frozen=True, eq=False)
class _Asked:
    """Questions under way."""

    keys: Array
    answers: Iterator[pa.Table]


class TracedRegistry:
    """`matching.registry.Registry` over a RegistryClient; never traces the same question twice.

    It holds every answer of one partition in memory: some fifty entries a record at most.
    """

    def __init__(self, client: RegistryClient, profile: Profile = VIETNAM) -> None:
        """Nothing is asked before it is needed."""
        self._client, self._profile = client, profile
        self._seen = AnsweredPeople(profile)
        self._asked, self._of_question = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._answers = np.zeros(0, np.int32)
        self._expected = TRACE_QUERY.empty_table()
        self._begun: list[_Asked] = []
        self._questions: TraceQuestions | None = None
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
        questions = self._questions_of(records, text)
        row, reading, question = questions.of(rows)
        self._trace(questions, row, reading, question)
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
            row, _, question = TraceQuestions(columns, text).of(np.arange(len(records)))
            unasked[row[np.isin(question, untraced)]] = True
        return Silence(withheld, unasked)

    def name_counts(self, names: Names) -> None:
        """A service can't be counted."""
        return

    def entries(self, personal_ids: pa.Array) -> pa.Table:
        """Entries seen in earlier answers: nobody is looked up a second time to be shown."""
        return self._seen.in_full(digits(personal_ids, np.int64))

    def expect(self, records: Records, text: pa.Array, rows: Array) -> None:
        """See `matching.registry.Registry`: the registry works on them while answers to other questions are worked on here."""
        questions = self._questions_of(records, text)
        self._expected = questions.asked(*questions.of(rows))

    def _questions_of(self, records: Records, text: pa.Array) -> TraceQuestions:
        if self._questions is None or not self._questions.are_of(text):
            self._questions = TraceQuestions(records, text)
        return self._questions

    def _trace(self, questions: TraceQuestions, row: Array, reading: Array, key: Array) -> None:
        """Ask what was not asked before, and begin with what is expected."""
        missing = ~np.isin(key, self._asked)
        if not missing.any():
            return
        new = ~self._is_asked(key)
        if new.any():
            self._begin(questions.asked(row[new], reading[new], key[new]))
        self._begin_expected()
        for begun in [one for one in self._begun if np.isin(one.keys, key[missing]).any()]:
            # what fails half-way is asked again
            self._begun.remove(begun)
            self._keep(begun)

    def _begin(self, questions: pa.Table) -> None:
        """Have the registry answer questions (TRACE_QUERY, each once)."""
        self._begun.append(_Asked(digits_of_keys(questions["ref"]), self._client.trace(questions)))

    def _begin_expected(self) -> None:
        """Unless they are so few that nothing is begun before it is waited for."""
        expected, self._expected = self._expected, TRACE_QUERY.empty_table()
        new = expected.filter(pa.array(~self._is_asked(digits_of_keys(expected["ref"]))))
        if len(new) >= self._client.jobs_from:
            self._begin(new)

    def _is_asked(self, key: Array) -> Array:
        """Answered, or under way: bool per key."""
        return np.isin(key, np.concatenate([self._asked, *(one.keys for one in self._begun)]))

    def _keep(self, asked: _Asked) -> None:
        """Answers by the key of their question; without all of them nothing counts as asked."""
        answers = pa.concat_tables([_ANSWER.empty_table(), *(_answer(part) for part in asked.answers)])
        of_question = np.concatenate([self._of_question, answers["ref"].cast(pa.int64()).to_numpy()])
        at = np.concatenate([self._answers, self._seen.positions(answers)])
        order = np.argsort(of_question, kind="stable")
        self._of_question, self._answers = of_question[order], at[order]
        self._asked = np.concatenate([self._asked, asked.keys])


_ANSWER = pa.schema([pa.field("ref", pa.string()), *ANSWERED])


def _answer(part: pa.Table) -> pa.Table:
    return part.select(_ANSWER.names).cast(_ANSWER)


_CLAIMS = ("claimed_id", "claimed_former", "claimed_other")


def claiming(records: pa.Table, numbers: pa.Array) -> Array:
    """Which RECORDS claim one of the numbers: bool per record."""
    found = np.zeros(len(records), bool)
    for name in _CLAIMS if len(numbers) else ():
        found |= pc.is_in(records[name], value_set=numbers).to_numpy()
    return found


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
