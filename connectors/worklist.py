"""The list of open records as a contract: its columns, the decisions it asks for, the seals on each row.

Reporting writes lists, people fill them in, review reads them back; all three know this and nothing more of each other.
"""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

CANDIDATES = 3
"""Candidates shown side by side, at most."""


class Answer(StrEnum):
    """What a person may decide about a record."""

    SAME_1 = "same_1"
    """The first candidate is this person."""
    SAME_2 = "same_2"
    SAME_3 = "same_3"
    NOT_SAME = "not_same"
    """None of the candidates is."""
    UNSURE = "unsure"
    BACK_TO_SCHOOL = "back_to_school"
    NO_NUMBER = "no_number"
    """The person has no personal ID yet."""


TYPED = (
    "record_id",
    "full_name",
    "birth_date",
    "gender",
    "birth_place",
    "claimed_id",  # masked
    "grade",
    "school_code",
    "school_name",
)
"""What the school typed."""

FOUND = ("result", "why", "field", "actor", "advice")
"""What came of it, in words."""

DECIDED = ("decision", "note")
"""The only columns a person fills in."""

OF_CANDIDATE = ("number", "name", "birth_date", "gender", "birth_province", "probability")
"""What is shown of candidate n, as columns `candidate_<n>_<name>`; the number masked."""

KEYS = (
    "kind",
    "outcome",
    "reason",
    "match_key",
    *[f"candidate_{rank}_key" for rank in range(1, CANDIDATES + 1)],
    *[f"candidate_{rank}_seen" for rank in range(1, CANDIDATES + 1)],
    "run",
    "fingerprint",
    "checksum",
)
"""Hidden: the codes behind the words, pseudonyms of the candidates, what they and the record looked like, the run, the seal."""

COLUMNS = (
    *TYPED,
    *FOUND,
    *DECIDED,
    *[f"candidate_{rank}_{name}" for rank in range(1, CANDIDATES + 1) for name in OF_CANDIDATE],
    *KEYS,
)
"""Every column of a list, in order: the header of the CSV, and the hidden first row of a sheet."""

FINGERPRINTED = ("full_name", "birth_date", "gender", "birth_place", "claimed_id")
"""The typed columns that a decision looks at: it holds until one of them changes."""

ENTRY_SEEN = ("full_name", "birth_date", "birth_precision", "gender", "birth_province", "status")
"""Columns of a registry entry (`matching.schemas.ENTRY`) that a decision looks at."""

_LETTERS = str.maketrans("0123456789", "ghijklmnop")

SEALED = ("record_id", *KEYS[:-1])
"""The columns that the checksum covers, in order."""


def seal(key: bytes, values: Sequence[str | None]) -> str:
    """A keyed HMAC over `values` as 32 letters a–p; None and empty count as one.

    Letters only: twelve digits in a row would look like somebody's number.
    """
    message = "\x1f".join([value or "" for value in values])
    if message.count("\x1f") != len(values) - 1:  # hardly ever: a value with a separator of its own
        message = "\x1f".join([(value or "").replace("\x1f", " ") for value in values])
    return hmac.digest(key, message.encode(errors="replace"), sha256)[:16].hex().translate(_LETTERS)


def sealed(key: bytes, values: Sequence[str | None], checksum: str) -> bool:
    """Whether `checksum` is the seal over `values` (the columns `SEALED`)."""
    return hmac.compare_digest(seal(key, values), checksum)


@lru_cache(maxsize=16)
def key_name(key: bytes) -> str:
    """Which key it is, as eight letters that fingerprints begin with: under another one nobody can say whether they still fit."""
    return seal(key, ["key"])[:8]


def record_fingerprint(key: bytes, record: Mapping[str, str | None]) -> str:
    """What a record (`RAW_RECORDS`) looks like to whoever decides on it."""
    return key_name(key) + seal(key, [record[column] for column in FINGERPRINTED])


def entry_fingerprint(key: bytes, entry: Mapping[str, object]) -> str:
    """What an entry (`ENTRY`) looks like to whoever decides on it; capitals in its name don't matter."""
    values = [str(value) if (value := entry[column]) is not None else None for column in ENTRY_SEEN]
    name = unicodedata.normalize("NFC", values[0] or "").casefold()
    return key_name(key) + seal(key, [name, *values[1:]])
