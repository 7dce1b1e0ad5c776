"""Taking decisions in: what each row would do, then all of it at once, or nothing.

The same file, however often it comes, is taken in once. What is shown beforehand and what is done are one computation on one state of the
database.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database import reading, writing
from connectors.education import create_sync_tables, read_partition
from connectors.list_files import ListFile
from connectors.review_store import Decision, Key, Seen, Standing, hold_reviews, standing_of
from connectors.worklist import FINGERPRINTED, record_fingerprint
from review.answers import Labels
from review.book import Book
from review.claims import Claim, Place, Refused, claims_of
from review.errors import ReviewerUnnamed
from review.judging import Fate, Why, entered, out_of_date
from review.reviewers import Rights, rights_of


@dataclass(frozen=True)
class Judged:
    """One row, what becomes of it and why."""

    place: Place
    fate: Fate
    why: str = ""
    """A word of `Why` or `review.claims.Fault`."""
    columns: tuple[str, ...] = ()
    settles: bool = False
    """Whether it ends a conflict of others."""


@dataclass(frozen=True)
class TakenIn:
    """What becomes, or became, of one file."""

    file: str
    rows: tuple[Judged, ...]

    @property
    def counts(self) -> dict[Fate, int]:
        """How many rows have each fate."""
        counted = Counter(row.fate for row in self.rows)
        return {fate: counted[fate] for fate in Fate}


@dataclass(frozen=True)
class Means:
    """What an import works with besides the database."""

    labels: Labels
    key: bytes
    """The secret under the seals."""
    pseudonym: Callable[[str], str]
    """Personal ID → the candidate's key in lists."""
    shown: Callable[[str, str, str, Iterable[str]], Mapping[str, frozenset[str]]]
    """Run, province, kind, records → personal IDs that the run showed beside each, where its tables are still kept."""


def take_in(
    engine: sa.Engine,
    files: Sequence[ListFile],
    means: Means,
    reviewer: str,
    now: datetime,
    *,
    dry_run: bool = False,
) -> list[TakenIn]:
    """Take the decisions of some files in, all in one transaction.

    Args:
        engine: The education database.
        files: As they came back.
        means: Labels, keys, and where candidates are known from.
        reviewer: Who answers for the decisions.
        now: The moment they are given.
        dry_run: Only say what would be done.

    Raises:
        ReviewerUnnamed: Nobody answers for them.
        ReviewerMayNot: Whoever is named may not decide.
        DatabaseProblem: Nothing was taken in.
    """
    reviewer = " ".join(reviewer.split())
    if not reviewer:
        raise ReviewerUnnamed
    create_sync_tables(engine)
    rights = rights_of(engine, reviewer)
    read = [(file, *claims_of(file, means.labels, means.key)) for file in files]
    claims = [claim for _, some, _ in read for claim in some]
    keys = {claim.key for claim in claims}
    with reading(engine) as connection:
        standing = standing_of(connection, keys)
    desk = _Desk(reviewer, rights, _Known(engine, means, claims, standing))
    with _transaction(engine, dry_run=dry_run) as connection:
        if not dry_run:
            hold_reviews(connection)
        book = Book(connection)
        book.open(keys)
        book.open_entries(desk.known.numbers())
        done = [
            TakenIn(file.name, tuple(desk.judged(book, file, some, faults))) for file, some, faults in read
        ]
        if not dry_run:
            book.close(now)
    return done


def _transaction(engine: sa.Engine, *, dry_run: bool) -> AbstractContextManager[sa.Connection]:
    return reading(engine) if dry_run else writing(engine)


class _Known:
    """Where records stand, what they look like now, and who the candidates are."""

    def __init__(
        self, engine: sa.Engine, means: Means, claims: Sequence[Claim], standing: Mapping[Key, Standing]
    ) -> None:
        self.standing = standing
        self._pseudonym = means.pseudonym
        self._fingerprints = _fingerprints(engine, standing, means.key)
        self._numbers: dict[Key, set[str]] = defaultdict(set)
        for key, where in standing.items():
            self._numbers[key] |= where.numbers
        self._add_shown(means, claims)

    def _add_shown(self, means: Means, claims: Sequence[Claim]) -> None:
        lists: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for claim in claims:
            if claim.key in self.standing:
                lists[claim.run, self.standing[claim.key].province, claim.kind].add(claim.record_id)
        for (run, province, kind), records in lists.items():
            for record, numbers in means.shown(run, province, kind, sorted(records)).items():
                self._numbers[kind, record] |= numbers

    def fingerprint(self, key: Key) -> str | None:
        """What the record looks like now; None where it is gone."""
        return self._fingerprints.get(key)

    def numbers(self) -> set[str]:
        """Everybody who may be meant."""
        return {number for numbers in self._numbers.values() for number in numbers}

    def entries(self, claim: Claim) -> tuple[Seen, ...] | None:
        """The entries behind a claim's candidates, None where one is not known any more."""
        by_name = {self._pseudonym(number): number for number in self._numbers[claim.key]}
        if any(name not in by_name for name, _ in claim.candidates):
            return None
        return tuple(Seen(by_name[name], seen) for name, seen in claim.candidates)


def _fingerprints(engine: sa.Engine, standing: Mapping[Key, Standing], key: bytes) -> dict[Key, str]:
    """What records look like now."""
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (kind, record), where in standing.items():
        wanted[kind, where.province].append(record)
    found: dict[Key, str] = {}
    for (kind, province), records in wanted.items():
        ids = pa.array(records, pa.string())
        for batch in read_partition(engine, kind, province):
            few = batch.filter(pc.is_in(batch["record_id"], value_set=ids))
            for row in few.select(["record_id", *FINGERPRINTED]).to_pylist():
                found[kind, row["record_id"]] = record_fingerprint(key, row)
    return found


@dataclass(frozen=True)
class _Desk:
    """One person's claims, judged one by one against what is known and what is in the book by then."""

    reviewer: str
    rights: Rights
    known: _Known

    def judged(
        self, book: Book, file: ListFile, claims: Sequence[Claim], faults: Sequence[Refused]
    ) -> list[Judged]:
        """All rows in the order of the file."""
        rows = [Judged(one.place, Fate.INVALID, one.fault, one.columns) for one in faults]
        rows += [self._judge(book, claim, file) for claim in claims]
        return sorted(rows, key=lambda row: (row.place.sheet, row.place.row))

    def _judge(self, book: Book, claim: Claim, file: ListFile) -> Judged:
        why = out_of_date(self.known.fingerprint(claim.key), claim.fingerprint)
        entries = self.known.entries(claim)
        if why is not None:
            return Judged(claim.place, Fate.STALE, why)
        if entries is None:
            return Judged(claim.place, Fate.STALE, Why.CANDIDATE_UNKNOWN)
        if (refused := self._refused(book, claim)) is not None:
            return Judged(claim.place, Fate.INVALID, refused)
        fate, stands = entered(book, self._decision(claim, entries, file))
        why = Why.ENTRY_CHANGED if fate == Fate.STALE else None
        return Judged(claim.place, fate, why or "", settles=stands is not None and stands.settles)

    def _refused(self, book: Book, claim: Claim) -> Why | None:
        if not self.rights.within(self.known.standing[claim.key].province):
            return Why.ELSEWHERE
        return Why.WAITS if self.rights.wait(self.reviewer, book.on(claim.key)) else None

    def _decision(self, claim: Claim, entries: tuple[Seen, ...], file: ListFile) -> Decision:
        return Decision(
            kind=claim.kind,
            record_id=claim.record_id,
            province=self.known.standing[claim.key].province,
            verdict=claim.verdict,
            entries=entries,
            note=claim.note,
            reviewer=self.reviewer,
            run=claim.run,
            fingerprint=claim.fingerprint,
            source_file=file.name,
            source_row=claim.place.row,
            source_digest=file.digest,
        )
