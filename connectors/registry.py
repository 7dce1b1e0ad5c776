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
from pathlib import Path

import httpx2
import pyarrow as pa
import pyarrow.compute as pc

from connectors import registry_answers as answers
from connectors.errors import RegistryNonsense, RegistryRefused
from connectors.registry_answers import Answer
from connectors.registry_jobs import BulkJobs, JobFailed
from connectors.registry_line import Line
from connectors.registry_messages import Call, Credentials, Identity, read_json
from connectors.registry_operations import (
    ENRICH,
    KIN,
    LOOKUP,
    POSITION,
    RESIDENCE,
    TRACE,
    Operation,
    Part,
    Reject,
    among,
    halves,
    rejected,
    split,
    with_positions,
)
from connectors.registry_patience import DEFAULT_LIMITS, SYSTEM_CLOCK, Clock, Limits
from connectors.registry_records import FACTS, RESIDING, Page, read_changes
from matching.registry import RegistryFacts
from matching.schemas import FOUND, REJECTS, RELATIVES, TRACE_QUERY

Progress = Callable[[int, int], None]
"""Called with the questions answered so far and all questions, from the thread that asked."""
Asked = Callable[[str, int], None]
"""Called with the operation and the number of questions before they are sent; what it raises keeps them from being sent."""

_Begun = tuple[pa.Table, str | None]
"""Questions, and the bulk job that they are in; None where the registry didn't take it."""

_CONTENT_REFUSED = frozenset({400, 413, 422})
_ROUNDS = 4
"""How often questions that failed inside a batch are asked again without any of them being answered."""


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
        self._unanswered: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    @property
    def jobs_from(self) -> int:
        """From how many questions on the registry begins with them as soon as they are asked."""
        return self._limits.bulk_from

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
            FOUND: no row for a number that isn't there, several for one that leads to several entries; of a person whom the
            registry withholds nothing but the number and `found_by` = withheld.

        Raises:
            RegistryProblem: no usable answer; nothing is known of any number then.
        """
        return pa.concat_tables(
            [FOUND.empty_table(), *self._answers(LOOKUP, self._numbers(LOOKUP, numbers), progress)]
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
        return self._answers(TRACE, with_positions(questions), progress)

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
        questions = self._numbers(KIN, numbers)
        return pa.concat_tables([RELATIVES.empty_table(), *self._answers(KIN, questions, progress)])

    def residence(self, numbers: pa.Array, progress: Progress | None = None) -> pa.Table:
        """Permanent residence by number.

        Args:
            numbers: as for `lookup`; former numbers lead nowhere.
            progress: told how far it is.

        Returns:
            RESIDING: one row for each number that was answered.

        Raises:
            RegistryProblem: no usable answer.
        """
        parts = self._answers(RESIDENCE, self._numbers(RESIDENCE, numbers), progress)
        return pa.concat_tables([RESIDING.empty_table(), *parts])

    def enrich(self, facts: pa.Table, progress: Progress | None = None) -> Iterator[pa.Table]:
        """Send what schools say of identified people; the same fact sent again changes nothing.

        Args:
            facts: FACTS, each with a ref of its own.
            progress: told how far it is.

        Yields:
            ENRICHED: what became of each fact of one batch.

        Raises:
            RegistryProblem: no usable answer; what was yielded before is done.
        """
        return self._answers(ENRICH, with_positions(facts.select(FACTS.names).cast(FACTS)), progress)

    def changes(self, since: str | None) -> Iterator[Page]:
        """The registry's changes after a cursor, page by page; from the beginning without one.

        A page that leads back to where it was asked for is the one before, delivered twice: it is asked for again.

        Raises:
            RegistryRefused: `cursor_invalid`: the feed isn't the one that the cursor is of.
            RegistryProblem: no usable answer.
        """
        more, repeated = True, 0
        while more:
            self._tell("changes", 1)
            call = Call("GET", "/v1/changes", params={"since": since} if since else {})
            page = self._line.ask(call, lambda reply: read_changes(read_json(reply, str(call)), str(call)))  # noqa: B023
            if page.next == since and page.changes.num_rows:
                repeated += 1
                if repeated > _ROUNDS:
                    raise RegistryNonsense(f"{call}: the same page again and again")
                continue
            yield page
            since, more, repeated = page.next, page.more, 0

    def unanswered(self, operation: str) -> pa.Array:
        """Numbers or refs that were asked (`lookup`, `trace`, …) and got no answer that could be used."""
        with self._lock:
            return pa.array(sorted(self._unanswered.get(operation, ())), pa.string())

    def take_rejects(self) -> pa.Table:
        """REJECTS since the last call: questions that could not be asked or whose answer can't be used.

        `table` is the operation; `row` the place from 1 in what was asked; `record_id` a ref, null for a number. Reasons:
        `malformed_number`, `refused_<status>_<code>`, `answer_not_understood`, `not_answered`.
        """
        with self._lock:
            rejects, self._rejects = self._rejects, []
        return pa.Table.from_pylist(rejects, schema=REJECTS)

    def _numbers(self, operation: Operation, numbers: pa.Array) -> pa.Table:
        """Each number once, with the place where it first stood; what can't be a number is rejected."""
        if numbers.type not in (pa.string(), pa.large_string()):
            raise TypeError(
                f"registry {operation.name}: numbers must be text, zeros and all, not {numbers.type}"
            )
        questions = with_positions(pa.table({"number": numbers.cast(pa.string())}))
        questions = questions.filter(pc.is_valid(questions["number"]))
        questions = questions.group_by("number").aggregate([(POSITION, "min")])
        questions = questions.rename_columns(["number", POSITION]).sort_by(POSITION)
        fits = pc.match_substring_regex(questions["number"], r"\A([0-9]{12}|[0-9]{9})\z")
        for position in questions.filter(pc.invert(fits))[POSITION].to_pylist():
            self._reject(operation, Reject(position, "", "malformed_number"))
        return questions.filter(fits)

    def _answers(
        self, operation: Operation, questions: pa.Table, progress: Progress | None
    ) -> Iterator[pa.Table]:
        """Answers as they are asked for; of bulk jobs the first is begun at once."""
        bulk = operation.in_jobs and questions.num_rows >= self._limits.bulk_from
        parts = (
            self._by_jobs(operation, split(questions, self._limits.job_rows))
            if bulk
            else self._by_batches(operation, questions)
        )
        return self._handed_on(operation, parts, questions.num_rows, progress)

    def _handed_on(
        self, operation: Operation, parts: Iterator[Part], total: int, progress: Progress | None
    ) -> Iterator[pa.Table]:
        done = 0
        for part in parts:
            for reject in part.rejects:
                self._reject(operation, reject)
            yield part.rows
            done += part.questions
            if progress is not None and part.questions:
                progress(done, total)

    def _by_batches(self, operation: Operation, questions: pa.Table) -> Iterator[Part]:
        """Several requests at once, answers in the order of the questions."""
        size = self._limits.facts if operation is ENRICH else self._limits.batch
        waiting: deque[Future[Part]] = deque()
        with ThreadPoolExecutor(self._limits.workers, thread_name_prefix="registry") as pool:
            try:
                for batch in split(questions, size):
                    waiting.append(pool.submit(self._ask_isolating, operation, batch))
                    # a window, so that answers don't pile up before a slow reader
                    if len(waiting) >= 2 * self._limits.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _ask_isolating(self, operation: Operation, batch: pa.Table) -> Part:
        """Ask a batch; halve what is refused for its content until the culprit stands alone, ask again what failed inside it."""
        waiting, in_vain = [batch], 0
        answered: list[Part] = []
        alone: list[Reject] = []
        while waiting:
            questions = waiting.pop()
            try:
                part, again = self._ask(operation, questions)
            except RegistryRefused as refusal:
                if refusal.status not in _CONTENT_REFUSED:
                    raise
                if questions.num_rows > 1:
                    waiting += halves(questions)
                    continue
                alone += rejected(operation, questions, f"refused_{refusal.status}_{refusal.code}")
                if not answered and len(alone) >= self._limits.refused_alone:
                    raise
                continue
            answered.append(part)
            in_vain = in_vain + 1 if again.num_rows == questions.num_rows else 0
            if in_vain >= _ROUNDS:
                alone += rejected(operation, again, "not_answered")
            elif again.num_rows:
                self._line.rest(in_vain + 1)
                waiting.append(again)
        rows = pa.concat_tables([operation.schema.empty_table(), *(part.rows for part in answered)])
        return Part(batch.num_rows, rows, (*alone, *(reject for part in answered for reject in part.rejects)))

    def _ask(self, operation: Operation, questions: pa.Table) -> tuple[Part, pa.Table]:
        """The answers of one batch, and the questions that failed inside it."""
        self._tell(operation.name, questions.num_rows)
        body = json.dumps(operation.body(questions), ensure_ascii=False).encode()
        call = Call("POST", operation.route, content=body, headers={"Content-Type": "application/json"})
        content = self._line.ask(call, lambda reply: read_json(reply, str(call)))
        answer = operation.read(content, questions[operation.key].to_pylist(), str(call))
        part = Part(questions.num_rows, answer.rows, _unclear(operation, questions, answer))
        return part, among(operation, questions, answer.again)

    def _by_jobs(self, operation: Operation, parts: list[pa.Table]) -> Iterator[Part]:
        """Bulk jobs, in their order; the first is begun at once, and while one's answers are read, the registry is at work on the next."""
        begun = deque((part, self._begin(operation, part)) for part in parts[:1])
        return self._by_begun(operation, begun, parts[1:])

    def _by_begun(self, operation: Operation, begun: deque[_Begun], parts: list[pa.Table]) -> Iterator[Part]:
        for part in parts:
            begun.append((part, self._begin(operation, part)))
            yield from self._finish(operation, *begun.popleft())
        while begun:
            yield from self._finish(operation, *begun.popleft())

    def _begin(self, operation: Operation, part: pa.Table) -> str | None:
        """A job's ID; None where the registry didn't take it."""
        self._tell(operation.name, part.num_rows)
        try:
            return self._jobs.submit(operation.name, part.drop_columns(POSITION))
        except JobFailed:
            return None

    def _finish(self, operation: Operation, part: pa.Table, job: str | None) -> Iterator[Part]:
        """A job's answers; what it doesn't do is asked in smaller jobs or in batches."""
        if job is not None:
            try:
                asked = part[operation.key].combine_chunks()
                for answer in self._jobs.answers(job, asked, operation.schema):
                    yield Part(0, answer.rows, _unclear(operation, part, answer))
            except JobFailed:
                pass
            else:
                yield Part(part.num_rows, operation.schema.empty_table())
                return
        if part.num_rows > self._limits.bulk_from:
            yield from self._by_jobs(operation, halves(part)[::-1])
        else:
            yield from self._by_batches(operation, part)

    def _tell(self, operation: str, questions: int) -> None:
        if self._asked is not None:
            self._asked(operation, questions)

    def _reject(self, operation: Operation, reject: Reject) -> None:
        named = operation in (TRACE, ENRICH)  # the other keys are numbers of people
        row = {
            "table": operation.name,
            "row": reject.position,
            "record_id": reject.key if named else None,
            "column": None if named else operation.key,
            "reason": reject.reason,
        }
        with self._lock:
            self._rejects.append(row)
            if reject.key:
                self._unanswered.setdefault(operation.name, set()).add(reject.key)


def _unclear(operation: Operation, questions: pa.Table, answer: Answer) -> tuple[Reject, ...]:
    if not answer.unclear:
        return ()
    return rejected(operation, among(operation, questions, answer.unclear), "answer_not_understood")
