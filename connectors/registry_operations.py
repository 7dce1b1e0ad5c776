"""The kinds of question that the registry is asked in batches: what each sends, and how its answer is read."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors import registry_answers as answers
from connectors import registry_records as records
from connectors.registry_answers import Answer, Json
from matching.schemas import FOUND, RELATIVES, TRACE_QUERY, TRACED

POSITION = "position"
"""Column of questions: their place, from 1, in what was asked."""


@dataclass(frozen=True)
class Operation:
    """One kind of question.

    Attributes:
        name: as in the route and as the registry calls a job of it.
        key: the column of the questions that an answer refers to.
        schema: of the answers.
        body: the questions as the JSON that the route takes.
        read: the JSON that it answers, the keys asked and the route → the answer.
        in_jobs: whether there are bulk jobs of it.
    """

    name: str
    key: str
    schema: pa.Schema
    body: Callable[[pa.Table], Json]
    read: Callable[[Json, list[str], str], Answer]
    in_jobs: bool = False

    @property
    def route(self) -> str:
        """The path of the batch."""
        return f"/v1/{self.name}"


def _numbers_body(questions: pa.Table) -> Json:
    return {"numbers": questions["number"].to_pylist()}


def _queries_body(questions: pa.Table) -> Json:
    return {"queries": questions.select(TRACE_QUERY.names).to_pylist()}


def _facts_body(questions: pa.Table) -> Json:
    return {"facts": questions.select(records.FACTS.names).to_pylist()}


LOOKUP = Operation("lookup", "number", FOUND, _numbers_body, answers.read_lookup, in_jobs=True)
TRACE = Operation("trace", "ref", TRACED, _queries_body, answers.read_trace, in_jobs=True)
KIN = Operation("relatives", "number", RELATIVES, _numbers_body, answers.read_relatives, in_jobs=True)
RESIDENCE = Operation("residence", "number", records.RESIDING, _numbers_body, records.read_residence)
ENRICH = Operation("enrichments", "ref", records.ENRICHED, _facts_body, records.read_enrichments)


@dataclass(frozen=True)
class Reject:
    """A question that has no answer that could be used.

    Attributes:
        position: its place in what was asked.
        key: the number or the ref.
        reason: a word of `RegistryClient.take_rejects`.
    """

    position: int
    key: str
    reason: str


@dataclass(frozen=True)
class Part:
    """Questions answered: how many, with what, and those to be rejected."""

    questions: int
    rows: pa.Table
    rejects: tuple[Reject, ...] = ()


def with_positions(questions: pa.Table) -> pa.Table:
    """Questions and where each stands."""
    return questions.append_column(POSITION, pa.array(np.arange(1, questions.num_rows + 1, dtype=np.int64)))


def split(questions: pa.Table, rows: int) -> list[pa.Table]:
    """Slices of so many rows."""
    return [questions.slice(start, rows) for start in range(0, questions.num_rows, rows)]


def halves(questions: pa.Table) -> list[pa.Table]:
    """Two parts, the one to be asked first last."""
    return split(questions, (questions.num_rows + 1) // 2)[::-1]


def among(operation: Operation, questions: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """The questions with these keys."""
    return questions.filter(pc.is_in(questions[operation.key], value_set=pa.array(keys, pa.string())))


def rejected(operation: Operation, questions: pa.Table, reason: str) -> tuple[Reject, ...]:
    """All questions, for one reason."""
    both = zip(questions[POSITION].to_pylist(), questions[operation.key].to_pylist(), strict=True)
    return tuple(Reject(position, key, reason) for position, key in both)
