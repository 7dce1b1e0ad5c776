"""Rows of a list that came back, as claims: who is meant, what was answered, and whether the row is one of ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from connectors.files_out import unguard
from connectors.list_files import ListFile, ListRow, ListSheet
from connectors.worklist import CANDIDATES, SEALED, Answer, sealed
from matching.decision import Verdict
from matching.schemas import KINDS
from review.answers import Labels

NOTE_LENGTH = 1_000
"""Characters kept of a note."""

_NEEDED = ("decision", "checksum", *SEALED)
_TELLING = {"record_id", "decision", "checksum"}
"""Columns that make a row a header."""
_HEADER_ROWS = 20
_LONGEST_ID = 20
_ROUNDED = re.compile(r"^[0-9](?:[.,][0-9]{1,15})?E\+?[0-9]{1,2}$", re.ASCII | re.IGNORECASE)
"""A whole number as a spreadsheet shows a long one."""
CHOSEN = {Answer.SAME_1: 1, Answer.SAME_2: 2, Answer.SAME_3: 3}
"""Answers that choose a candidate → its rank."""
VERDICTS = {
    Answer.NOT_SAME: Verdict.NOT_SAME,
    Answer.UNSURE: Verdict.UNSURE,
    Answer.BACK_TO_SCHOOL: Verdict.BACK_TO_SCHOOL,
    Answer.NO_NUMBER: Verdict.NO_NUMBER,
}
"""What the other answers say."""


class Fault(StrEnum):
    """Why a row, or a sheet, can't be used."""

    NO_HEADER = "no_header"
    COLUMNS_MISSING = "columns_missing"
    COLUMN_TWICE = "column_twice"
    ROW_DAMAGED = "row_damaged"
    ANSWER_UNKNOWN = "answer_unknown"
    KEYS_LOST = "keys_lost"
    """The hidden columns are empty in this row."""
    KEYS_CHANGED = "keys_changed"
    """The seal does not fit: the record ID or a hidden cell was changed, or the list is another installation's."""
    ID_ROUNDED = "id_rounded"
    """A spreadsheet made 3.8E+09 of the record ID, and digits were lost."""
    NO_SUCH_CANDIDATE = "no_such_candidate"
    TWICE = "twice"
    """The record stands twice in the file, with different answers."""


@dataclass(frozen=True)
class Place:
    """Where in a file."""

    sheet: str
    row: int
    """0 for the sheet as a whole."""


@dataclass(frozen=True)
class Refused:
    """What can't be used, and why."""

    place: Place
    fault: Fault
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A row of ours with an answer."""

    place: Place
    kind: str
    record_id: str
    verdict: Verdict
    candidates: tuple[tuple[str, str], ...]
    """Pseudonym and fingerprint of the candidate that was chosen, else of all that were shown."""
    note: str
    run: str
    fingerprint: str

    @property
    def key(self) -> tuple[str, str]:
        """The record."""
        return self.kind, self.record_id

    @property
    def content(self) -> tuple[object, ...]:
        """What it says."""
        return self.verdict, self.candidates, self.note, self.fingerprint


def claims_of(file: ListFile, labels: Labels, key: bytes) -> tuple[list[Claim], list[Refused]]:
    """Everything that a file claims; rows without an answer claim nothing.

    Args:
        file: As it came back.
        labels: The words of the lists.
        key: The secret under the seals.
    """
    read = [claim for sheet in file.sheets for claim in _of_sheet(sheet, labels, key)]
    faults = [one for one in read if isinstance(one, Refused)]
    claims = [one for one in read if isinstance(one, Claim)]
    if not any(_header(sheet, labels) for sheet in file.sheets):
        faults.append(Refused(Place("", 0), Fault.NO_HEADER))
    torn = _torn(claims)
    faults += [Refused(one.place, Fault.TWICE) for one in claims if one.key in torn]
    return [one for one in claims if one.key not in torn], faults


def _torn(claims: Sequence[Claim]) -> set[tuple[str, str]]:
    """Records of which one file says two things."""
    said: dict[tuple[str, str], tuple[object, ...]] = {}
    return {one.key for one in claims if said.setdefault(one.key, one.content) != one.content}


def _header(sheet: ListSheet, labels: Labels) -> tuple[int, list[str | None]] | None:
    """The first row that names the columns: its position and its columns."""
    for place, row in enumerate(sheet.rows[:_HEADER_ROWS]):
        names = [labels.column(cell) if cell else None for cell in row.cells]
        if _TELLING.issubset(names):
            return place, names
    return None


def _of_sheet(sheet: ListSheet, labels: Labels, key: bytes) -> Iterator[Claim | Refused]:
    header = _header(sheet, labels)
    if header is None:
        return
    start, names = header
    whole = Place(sheet.name, 0)
    missing = tuple(name for name in _NEEDED if name not in names)
    twice = tuple(name for name in (*_NEEDED, "note") if names.count(name) > 1)
    if missing:
        yield Refused(whole, Fault.COLUMNS_MISSING, missing)
    elif twice:
        yield Refused(whole, Fault.COLUMN_TWICE, twice)
    else:
        at = {name: place for place, name in enumerate(names) if name is not None}
        for row in sheet.rows[start + 1 :]:
            claim = _claim(Place(sheet.name, row.number), row, at, labels, key)
            if claim is not None:
                yield claim


def _claim(
    place: Place, row: ListRow, at: Mapping[str, int], labels: Labels, key: bytes
) -> Claim | Refused | None:
    if row.damaged:
        return Refused(place, Fault.ROW_DAMAGED)
    cells = {name: row.cells[where] if where < len(row.cells) else "" for name, where in at.items()}
    said = unguard(cells["decision"])
    if not said or labels.is_heading(said):
        return None
    answer = labels.answer(said)
    if answer is None:
        return Refused(place, Fault.ANSWER_UNKNOWN)
    if not cells["checksum"]:
        return Refused(place, Fault.KEYS_LOST)
    record_id = _sealed_id(cells, key)
    if record_id is None or cells["kind"] not in KINDS:
        rounded = record_id is None and _ROUNDED.match(cells["record_id"])
        return Refused(place, Fault.ID_ROUNDED if rounded else Fault.KEYS_CHANGED)
    return _sound(place, cells | {"record_id": record_id}, answer)


def _sound(place: Place, cells: Mapping[str, str], answer: Answer) -> Claim | Refused:
    shown = [
        (cells[f"candidate_{rank}_key"], cells[f"candidate_{rank}_seen"]) for rank in range(1, CANDIDATES + 1)
    ]
    chosen = CHOSEN.get(answer)
    candidates = [shown[chosen - 1]] if chosen else shown
    if chosen and not candidates[0][0]:
        return Refused(place, Fault.NO_SUCH_CANDIDATE)
    return Claim(
        place=place,
        kind=cells["kind"],
        record_id=cells["record_id"],
        verdict=Verdict.SAME if chosen else VERDICTS[answer],
        candidates=tuple(one for one in candidates if one[0]),
        note=unguard(cells.get("note", ""))[:NOTE_LENGTH],
        run=cells["run"],
        fingerprint=cells["fingerprint"],
    )


def _sealed_id(cells: Mapping[str, str], key: bytes) -> str | None:
    """The record ID that the seal fits, with the zeros that a spreadsheet took away; None where none does."""
    rest = [cells[column] for column in SEALED[1:]]
    fitting = (one for one in _spellings(cells["record_id"]) if sealed(key, [one, *rest], cells["checksum"]))
    return next(fitting, None)


def _spellings(record_id: str) -> Iterator[str]:
    yield record_id
    yield unguard(record_id)
    if _ROUNDED.match(record_id):
        # 3,8002E+09 may be the whole number: if digits were lost, the seal does not fit
        record_id = f"{Decimal(record_id.replace(',', '.')):f}"
        yield record_id
    if record_id.isascii() and record_id.isdigit():
        yield from (record_id.zfill(width) for width in range(len(record_id) + 1, _LONGEST_ID + 1))
