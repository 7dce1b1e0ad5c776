"""What still holds of decisions, and what the linkage is told of them."""

import datetime

import pyarrow as pa
import pytest

from connectors.review_store import DECIDED
from connectors.worklist import entry_fingerprint
from matching.schemas import ENTRY, RAW_RECORDS
from review.errors import SealKeyDiffers
from review.honoured import but, counted, entries_changed, on_records, record_changed, verdicts

from .conftest import KEY, looks

X = "001315000001"
ENTRY_OF_X = {
    "personal_id": X, "full_name": "TRẦN THỊ ƯỚC", "birth_date": datetime.date(2015, 3, 4), "birth_precision": "day",
    "gender": "F", "birth_province": "001", "status": "alive",
}  # fmt: skip


def decided(*rows):
    """A row is number, record, verdict, entry."""
    return pa.Table.from_pylist(
        [
            {
                "decision": number, "kind": "student", "record_id": record, "verdict": verdict, "fingerprint": looks(),
                "personal_id": entry, "seen": entry and entry_fingerprint(KEY, ENTRY_OF_X),
            }
            for number, record, verdict, entry in rows
        ],
        schema=DECIDED,
    )  # fmt: skip


def raw(**names):
    typed = {"kind": "student", "birth_date": "04/03/2015", "gender": "Nữ"}
    rows = [{"record_id": record, "full_name": name, **typed} for record, name in names.items()]
    return pa.Table.from_pylist(rows, schema=RAW_RECORDS)


def test_a_decision_holds_until_its_record_says_something_else():
    records = raw(S1="Trần Thị Ước", S2="Trần Thị Ướt")
    found = on_records(
        decided((1, "S1", "same", X), (2, "S2", "unsure", None), (3, "S9", "unsure", None)), records
    )
    changed = record_changed(found, records, KEY)
    assert changed.to_pylist() == [2]
    assert but(found, changed)["record_id"].to_pylist() == ["S1"]


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        ({}, []),
        ({"full_name": "Trần Thị Ước"}, []),
        ({"residence_province": "79"}, []),
        ({"full_name": "TRẦN THỊ ƯỚT"}, [1]),
        ({"birth_date": datetime.date(2015, 4, 3)}, [1]),
        ({"status": "deceased"}, [1]),
        ({"personal_id": "001315000009"}, [1]),
    ],
)
def test_a_decision_holds_until_its_entry_says_something_else(now, gone):
    entries = pa.Table.from_pylist([ENTRY_OF_X | now], schema=ENTRY)
    assert (
        entries_changed(decided((1, "S1", "same", X), (2, "S2", "unsure", None)), entries, KEY).to_pylist()
        == gone
    )


def test_under_another_key_nobody_can_say():
    records = raw(S1="Trần Thị Ước")
    with pytest.raises(SealKeyDiffers) as refused:
        record_changed(decided((1, "S1", "same", X)), records, b"q" * 32)
    assert refused.value.count == 1


def test_what_several_people_say_is_said_once_and_counted_by_record():
    said = decided(
        (1, "S1", "same", X),
        (2, "S1", "same", X),
        (3, "S2", "not_same", X),
        (3, "S2", "not_same", "001315000002"),
    )
    assert len(verdicts(said)) == 3
    assert counted(said) == {"same": 1, "not_same": 1}
