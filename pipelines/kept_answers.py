"""A registry client that keeps what the registry answered until the partition is written, and never asks for it again.

A run that is killed in the middle of linkage and resumed asks only what had not been answered; and so does a second look at
the records of the same partition. Questions are told apart by their own key: the number, or a trace's ref, which
`connectors.traced` makes from the question's content.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.files_out import write_parquet
from connectors.registry import Progress, RegistryClient
from connectors.registry_operations import split
from matching.schemas import FOUND, RELATIVES, TRACED
from pipelines.checkpoints import owners_folder

_ROWS_KEPT_AT_ONCE = 100_000


class KeptAnswers(RegistryClient):
    """A RegistryClient over a folder of earlier answers; `keep_in` must be called before the first question."""

    _folder: Path
    _told: Progress | None = None

    def keep_in(self, folder: Path, told: Progress | None = None) -> "KeptAnswers":
        """Keep answers in `folder`, for their owner only; `told` hears how far questions are where nobody else does."""
        self._folder, self._told = owners_folder(folder), told
        return self

    def lookup(self, numbers: pa.Array, progress: Progress | None = None) -> pa.Table:
        """See `RegistryClient.lookup`."""
        return self._by_number(
            "lookup", numbers, FOUND, lambda new: super(KeptAnswers, self).lookup(new, progress or self._told)
        )

    def relatives(self, numbers: pa.Array, progress: Progress | None = None) -> pa.Table:
        """See `RegistryClient.relatives`."""
        return self._by_number(
            "relatives",
            numbers,
            RELATIVES,
            lambda new: super(KeptAnswers, self).relatives(new, progress or self._told),
        )

    def trace(self, queries: pa.Table, progress: Progress | None = None) -> Iterator[pa.Table]:
        """See `RegistryClient.trace`; kept answers come first."""
        asked, known = self._kept("trace", TRACED)
        refs = queries["ref"].combine_chunks()
        new = queries.filter(pc.invert(pc.is_in(refs, value_set=asked)))
        # in portions, so that a crash loses the answers to one portion only
        portions = split(new, _ROWS_KEPT_AT_ONCE)

        def ask(place: int) -> Iterator[pa.Table]:
            told = _after(place * _ROWS_KEPT_AT_ONCE, new.num_rows, progress or self._told)
            return super(KeptAnswers, self).trace(portions[place], told)

        # begun now, as the registry's own client does
        first = ask(0) if portions else iter(())

        def answers() -> Iterator[pa.Table]:
            yield known.filter(pc.is_in(known["ref"], value_set=refs))
            for place, portion in enumerate(portions):
                answer = pa.concat_tables([TRACED.empty_table(), *(ask(place) if place else first)])
                self._keep("trace", self._answered("trace", portion["ref"].combine_chunks()), answer)
                yield answer

        return answers()

    def _by_number(
        self, operation: str, numbers: pa.Array, schema: pa.Schema, ask: Callable[[pa.Array], pa.Table]
    ) -> pa.Table:
        if isinstance(numbers, pa.ChunkedArray):
            numbers = numbers.combine_chunks()
        asked, known = self._kept(operation, schema)
        new = pc.unique(numbers.filter(pc.invert(pc.is_in(numbers, value_set=asked))))
        answer = ask(new) if len(new) else schema.empty_table()
        if len(new):
            self._keep(operation, self._answered(operation, new), answer)
        return pa.concat_tables([known.filter(pc.is_in(known["asked"], value_set=numbers)), answer])

    def _answered(self, operation: str, keys: pa.Array) -> pa.Array:
        """Without those that got no answer: a resumed run asks them again."""
        return keys.filter(pc.invert(pc.is_in(keys, value_set=self.unanswered(operation))))

    def _kept(self, operation: str, schema: pa.Schema) -> tuple[pa.Array, pa.Table]:
        """Keys asked before, and the answers to them."""
        asked = [
            pq.read_table(path)["key"] for path in sorted(self._folder.glob(f"{operation}-*.asked.parquet"))
        ]
        keys = pa.chunked_array(asked, pa.string()).combine_chunks()
        return keys, _read(sorted(self._folder.glob(f"{operation}-*.answers.parquet")), schema)

    def _keep(self, operation: str, keys: pa.Array, answer: pa.Table) -> None:
        number = len(list(self._folder.glob(f"{operation}-*.asked.parquet")))
        stem = f"{operation}-{number:05d}"
        write_parquet(answer, self._folder / f"{stem}.answers.parquet")
        # what was asked comes last: without it the answers count for nothing and are written over
        write_parquet(pa.table({"key": keys}), self._folder / f"{stem}.asked.parquet")


def _after(before: int, total: int, told: Progress | None) -> Progress | None:
    """Counts of a portion as counts of the whole."""
    return None if told is None else lambda done, _: told(before + done, total)


def _read(paths: Iterable[Path], schema: pa.Schema) -> pa.Table:
    whole = [path for path in paths if path.with_name(path.name.replace(".answers.", ".asked.")).exists()]
    return pa.concat_tables([schema.empty_table(), *[pq.read_table(path, schema=schema) for path in whole]])


def forget_answers(folder: Path) -> None:
    """Delete kept answers: they are entries of people, and nobody needs them once the partition is written."""
    shutil.rmtree(folder, ignore_errors=True)
