"""RegistryClient: asks the population registry over HTTP and hands back Arrow tables.

Few questions go in batches, several at once; many go as bulk jobs (lookup and trace). A batch that the registry
refuses for its content is halved until the question it stumbles over stands alone; that one goes to the rejects and
the rest is answered. Answers are raw, in the shape of `matching.schemas`.
"""

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors import registry_answers as answers
from connectors.errors import RegistryRefused
from connectors.registry_answers import Answer, Json
from connectors.registry_jobs import BulkJobs, JobFailed
from connectors.registry_line import Line
from connectors.registry_messages import Call, Credentials, Identity, read_json
from connectors.registry_patience import DEFAULT_LIMITS, SYSTEM_CLOCK, Clock, Limits
from matching.registry import RegistryFacts
from matching.schemas import FOUND, REJECTS, RELATIVES, TRACE_QUERY, TRACED

Progress = Callable[[int, int], None]
"""Called with the questions answered so far and all questions, from the thread that asked."""
Asked = Callable[[str, int], None]
"""Called with the operation and the number of questions before they are sent; what it raises keeps them from being sent."""

_CONTENT_REFUSED = frozenset({400, 413, 422})
_POSITION = "position"


@dataclass(frozen=True)
class _Operation:
    """One kind of question.

    Attributes:
        name: as in the route and as the registry calls a job of it.
        key: the column of the questions that an answer refers to.
        schema: of the answers.
        body: the questions as the JSON that the route takes.
        read: the JSON that it answers, the keys asked and the route → the answer.
    """

    name: str
    key: str
    schema: pa.Schema
    body: Callable[[pa.Table], Json]
    read: Callable[[Json, list[str], str], Answer]

    @property
    def route(self) -> str:
        return f"/v1/{self.name}"


@dataclass(frozen=True)
class _Part:
    """Questions answered: how many, with what, and those to be rejected (position, key, reason)."""

    questions: int
    rows: pa.Table
    rejects: tuple[tuple[int, str, str], ...] = ()


def _numbers_body(questions: pa.Table) -> Json:
    return {"numbers": questions["number"].to_pylist()}


def _queries_body(questions: pa.Table) -> Json:
    return {"queries": questions.select(TRACE_QUERY.names).to_pylist()}


_LOOKUP = _Operation("lookup", "number", FOUND, _numbers_body, answers.read_lookup)
_TRACE = _Operation("trace", "ref", TRACED, _queries_body, answers.read_trace)
_RELATIVES = _Operation("relatives", "number", RELATIVES, _numbers_body, answers.read_relatives)


class RegistryClient:
    """Asks the population registry over HTTP. May be shared by threads.

    Args:
        http: a client with the registry's base URL; it stays the caller's to close.
        credentials: of this client at the registry.
        identity: purpose, agency and officer on whose behalf is asked.
        limits: batch and job sizes, threads, patience.
        run: name of the run. The same run started again finds the bulk jobs it had under way; without a name
            every job is a new one.
        clock: time, sleep and chance.
        scratch: folder for results of bulk jobs while they are read; the system's if None.
        asked: told of every batch before it is sent, from whichever thread sends it.
    """

    def __init__(
        self,
        http: httpx2.Client,
        credentials: Credentials,
        identity: Identity,
        limits: Limits = DEFAULT_LIMITS,
        run: str = "",
        clock: Clock = SYSTEM_CLOCK,
        scratch: Path | None = None,
        asked: Asked | None = None,
    ) -> None:
        self._limits = limits
        self._asked = asked
        self._line = Line(http, credentials, identity, limits, clock)
        key = f"{credentials.client_secret}\0{run or secrets.token_hex()}".encode()
        self._jobs = BulkJobs(self._line, limits, clock, key, scratch)
        self._rejects: list[dict[str, object]] = []
        self._lock = threading.Lock()

    def facts(self) -> RegistryFacts:
        """How many people the registry holds, as of when, and which registry it is.

        Raises:
            RegistryProblem: no usable answer.
        """
        call = Call("GET", "/v1/info")
        return answers.read_facts(self._line.ask(call, lambda reply: read_json(reply, str(call))), str(call))

    def lookup(self, numbers: pa.Array, progress: Progress | None = None) -> pa.Table:
        """Entries by number.

        Args:
            numbers: texts of 12 or 9 digits, current, superseded or former. Each is asked once, nulls are not asked;
                any other text goes to the rejects unasked.
            progress: told how far it is.

        Returns:
            FOUND: no row for a number that isn't there, several for one that leads to several entries.

        Raises:
            RegistryProblem: no usable answer; nothing is known of any number then.
        """
        return pa.concat_tables(
            [FOUND.empty_table(), *self._answers(_LOOKUP, self._numbers(_LOOKUP, numbers), progress)]
        )

    def trace(self, queries: pa.Table, progress: Progress | None = None) -> Iterator[pa.Table]:
        """Candidates by name, date, gender and place.

        Args:
            queries: TRACE_QUERY; other columns are not sent.
            progress: told how far it is.

        Yields:
            TRACED, in the order of the queries except within a bulk job; no row for a query that nobody fits.

        Raises:
            ValueError: a ref is missing or there twice.
            RegistryProblem: no usable answer; tables yielded before stay valid.
        """
        ref = queries["ref"]
        if ref.null_count or pc.count_distinct(ref).as_py() != len(ref):
            raise ValueError("registry trace: every query needs a ref of its own")
        questions = queries.select(TRACE_QUERY.names).cast(TRACE_QUERY)
        return self._answers(_TRACE, _with_positions(questions), progress)

    def relatives(self, numbers: pa.Array, progress: Progress | None = None) -> pa.Table:
        """Father, mother and children by number.

        Args:
            numbers: as for `lookup`.
            progress: told how far it is.

        Returns:
            RELATIVES: a row for each relative that the registry knows.

        Raises:
            RegistryProblem: no usable answer.
        """
        questions = self._numbers(_RELATIVES, numbers)
        return pa.concat_tables([RELATIVES.empty_table(), *self._answers(_RELATIVES, questions, progress)])

    def take_rejects(self) -> pa.Table:
        """REJECTS since the last call: questions that could not be asked or whose answer can't be used.

        `table` is lookup, trace or relatives; `row` the place from 1 in what was asked; `record_id` a trace's ref,
        null for a number. Reasons: `malformed_number`, `refused_<status>_<code>`, `answer_not_understood`.
        """
        with self._lock:
            rejects, self._rejects = self._rejects, []
        return pa.Table.from_pylist(rejects, schema=REJECTS)

    def _numbers(self, operation: _Operation, numbers: pa.Array) -> pa.Table:
        """Each number once, with the place where it first stood; what can't be a number is rejected."""
        if numbers.type not in (pa.string(), pa.large_string()):
            raise TypeError(
                f"registry {operation.name}: numbers must be text, zeros and all, not {numbers.type}"
            )
        questions = _with_positions(pa.table({"number": numbers.cast(pa.string())}))
        questions = questions.filter(pc.is_valid(questions["number"]))
        questions = questions.group_by("number").aggregate([(_POSITION, "min")])
        questions = questions.rename_columns(["number", _POSITION]).sort_by(_POSITION)
        fits = pc.match_substring_regex(questions["number"], r"\A([0-9]{12}|[0-9]{9})\z")
        for position in questions.filter(pc.invert(fits))[_POSITION].to_pylist():
            self._reject(operation, position, "", "malformed_number")
        return questions.filter(fits)

    def _answers(
        self, operation: _Operation, questions: pa.Table, progress: Progress | None
    ) -> Iterator[pa.Table]:
        done, total = 0, questions.num_rows
        bulk = operation is not _RELATIVES and total >= self._limits.bulk_from
        for part in self._by_jobs(operation, questions) if bulk else self._by_batches(operation, questions):
            for position, key, reason in part.rejects:
                self._reject(operation, position, key, reason)
            yield part.rows
            done += part.questions
            if progress is not None and part.questions:
                progress(done, total)

    def _by_batches(self, operation: _Operation, questions: pa.Table) -> Iterator[_Part]:
        """Several requests at once, answers in the order of the questions."""
        waiting: deque[Future[_Part]] = deque()
        with ThreadPoolExecutor(self._limits.workers, thread_name_prefix="registry") as pool:
            try:
                for batch in _split(questions, self._limits.batch):
                    waiting.append(pool.submit(self._ask_isolating, operation, batch))
                    # a window, so that answers don't pile up before a slow reader
                    if len(waiting) >= 2 * self._limits.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _ask_isolating(self, operation: _Operation, batch: pa.Table) -> _Part:
        """Ask a batch; halve what is refused for its content until the culprit stands alone."""
        waiting, answered, alone = [batch], [], []
        while waiting:
            questions = waiting.pop()
            try:
                answered.append(self._ask(operation, questions))
            except RegistryRefused as refusal:
                if refusal.status not in _CONTENT_REFUSED:
                    raise
                if questions.num_rows > 1:
                    waiting += reversed(_split(questions, (questions.num_rows + 1) // 2))
                    continue
                alone += _rejected(operation, questions, f"refused_{refusal.status}_{refusal.code}")
                if not answered and len(alone) >= self._limits.refused_alone:
                    raise
        rows = pa.concat_tables([operation.schema.empty_table(), *(part.rows for part in answered)])
        return _Part(
            batch.num_rows, rows, (*alone, *(reject for part in answered for reject in part.rejects))
        )

    def _ask(self, operation: _Operation, questions: pa.Table) -> _Part:
        self._tell(operation, questions)
        body = json.dumps(operation.body(questions), ensure_ascii=False).encode()
        call = Call("POST", operation.route, content=body, headers={"Content-Type": "application/json"})
        content = self._line.ask(call, lambda reply: read_json(reply, str(call)))
        answer = operation.read(content, questions[operation.key].to_pylist(), str(call))
        return _Part(questions.num_rows, answer.rows, _unclear(operation, questions, answer))

    def _by_jobs(self, operation: _Operation, questions: pa.Table) -> Iterator[_Part]:
        """Bulk jobs; what a job doesn't do is asked in smaller jobs or in batches."""
        waiting = _split(questions, self._limits.job_rows)[::-1]
        while waiting:
            part = waiting.pop()
            self._tell(operation, part)
            try:
                for answer in self._jobs.run(operation.name, part.drop_columns(_POSITION), operation.schema):
                    yield _Part(0, answer.rows, _unclear(operation, part, answer))
            except JobFailed:
                if part.num_rows > self._limits.bulk_from:
                    waiting += _split(part, (part.num_rows + 1) // 2)[::-1]
                else:
                    yield from self._by_batches(operation, part)
            else:
                yield _Part(part.num_rows, operation.schema.empty_table())

    def _tell(self, operation: _Operation, questions: pa.Table) -> None:
        if self._asked is not None:
            self._asked(operation.name, questions.num_rows)

    def _reject(self, operation: _Operation, position: int, key: str, reason: str) -> None:
        reject = {
            "table": operation.name,
            "row": position,
            "record_id": key if operation is _TRACE else None,  # the other keys are numbers of people
            "column": None if operation is _TRACE else operation.key,
            "reason": reason,
        }
        with self._lock:
            self._rejects.append(reject)


def _with_positions(questions: pa.Table) -> pa.Table:
    return questions.append_column(_POSITION, pa.array(np.arange(1, questions.num_rows + 1, dtype=np.int64)))


def _split(questions: pa.Table, rows: int) -> list[pa.Table]:
    return [questions.slice(start, rows) for start in range(0, questions.num_rows, rows)]


def _rejected(operation: _Operation, questions: pa.Table, reason: str) -> list[tuple[int, str, str]]:
    keys = questions[operation.key].to_pylist()
    return [
        (position, key, reason) for position, key in zip(questions[_POSITION].to_pylist(), keys, strict=True)
    ]


def _unclear(operation: _Operation, questions: pa.Table, answer: Answer) -> tuple[tuple[int, str, str], ...]:
    if not answer.unclear:
        return ()
    among = pc.is_in(questions[operation.key], value_set=pa.array(answer.unclear, pa.string()))
    return tuple(_rejected(operation, questions.filter(among), "answer_not_understood"))
