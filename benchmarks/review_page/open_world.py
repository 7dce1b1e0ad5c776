"""Open records of invented students, laid out as a run would leave them: five ways in which record and entry differ, in turn."""

from datetime import UTC, date, datetime
from functools import cache
from random import Random
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import bulk_insert, writing
from connectors.education import create_tables
from connectors.education_tables import education_metadata
from connectors.review_cases import NewCase
from matching.decision import Outcome, Reason
from matching.normalise.records import normalise_records
from matching.schemas import CANDIDATES, DECISIONS, EDUCATION_TABLES, EVIDENCE, FAMILIES, RAW_RECORDS, SCHOOLS
from pipelines.review_layout import new_cases
from reporting.open_cases import families_of_open
from reporting.open_rows import ListTables
from review.laying_out import lay_out

KEY = b"k" * 32
RUN = "2026-11-21T01-30-00-ab12"
NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
AS_OF = date(2026, 11, 21)
_FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Phan",
    "Vũ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
)
_MIDDLE = ("Thị", "Văn", "Minh", "Thu", "Ngọc", "Hoàng", "Đức", "Thanh", "Gia", "Quang", "Khánh", "Bảo")
_GIVEN = (
    "Hòa",
    "Ước",
    "Thủy",
    "Dũng",
    "Đạt",
    "Linh",
    "Anh",
    "Trang",
    "Huy",
    "Phương",
    "Quân",
    "Hạnh",
    "Sơn",
    "Mai",
)
_MARKS_LOST = str.maketrans("òạướủũđĐễầêạảăịọáéóíúãâôơư", "oauouudDeaeaaaioaeoiuaaoou")
_SCHOOLS = 40

Row = dict[str, Any]


def _person(draw: Random) -> Row:
    name = f"{draw.choice(_FAMILY)} {draw.choice(_MIDDLE)} {draw.choice(_GIVEN)}"
    month, day = draw.sample(range(1, 13), 2)
    born = date(2015, month, day)
    return {"name": name, "born": born, "gender": draw.choice("MF")}


def _entry(draw: Random, person: Row, way: int) -> tuple[Row, Row, Reason]:
    """The entry beside a record, how it compares, and why the record is open."""
    entry, levels, reason = (
        dict(person),
        {"name": "same", "birth_date": "same_day", "gender": "same"},
        Reason.WEAK_EVIDENCE,
    )
    if way == 0:
        entry["name"] = person["name"].translate(_MARKS_LOST)
        levels["name"], reason = "same_unmarked", Reason.NAME_DIFFERS
    elif way == 1:
        born = person["born"]
        entry["born"] = born.replace(day=born.month, month=born.day)
        levels["birth_date"], reason = "day_month_swapped", Reason.BIRTH_DATE_DIFFERS
    elif way == 2:
        words = person["name"].split()
        entry["name"] = " ".join([*words[:-1], draw.choice([one for one in _GIVEN if one != words[-1]])])
        levels["name"], reason = "given_differs", Reason.SEVERAL_FIT
    elif way == 3:
        entry["born"] = person["born"].replace(year=2014)
        levels["birth_date"], reason = "year_off", Reason.BIRTH_DATE_DIFFERS
    else:
        entry["gender"] = "M" if person["gender"] == "F" else "F"
        levels["gender"], reason = "different", Reason.GENDER_DIFFERS
    return entry, levels, reason


def _number(at: int, rank: int) -> str:
    return f"038215{at:05d}{rank}" if at < 100_000 else f"0{at:010d}{rank}"


def _candidate(record_id: str, at: int, rank: int, entry: Row, levels: Row, province: str) -> Row:
    evidence: Row = {field.name: None for field in EVIDENCE}
    evidence |= levels | {"birth_place": "same", "residence": "same_province", "number": "missing"}
    return {
        "kind": "student", "record_id": record_id, "rank": rank, "match_probability": (0.81, 0.12, 0.02)[rank - 1],
        "evidence": evidence, "personal_id": _number(at, rank), "entry_full_name": entry["name"],
        "entry_birth_date": entry["born"], "entry_birth_precision": "day", "entry_gender": entry["gender"],
        "entry_birth_province": "038", "entry_residence_province": province, "entry_residence_commune": None,
        "entry_status": "alive",
    }  # fmt: skip


def _record(record_id: str, at: int, person: Row, province: str) -> Row:
    born = person["born"]
    return {
        "kind": "student", "record_id": record_id, "province": province, "school_code": f"{province}{at % _SCHOOLS:06d}",
        "level": "primary", "grade": str(1 + at % 5), "role": None, "full_name": person["name"],
        "birth_date": f"{born:%d/%m/%Y}", "gender": "Nữ" if person["gender"] == "F" else "Nam",
        "birth_place": "Thanh Hóa", "nationality": None, "claimed_id": None,
        "residence_province": "Thanh Hóa", "residence_commune": "Hoằng Tiến",
    }  # fmt: skip


def _rows(count: int, province: str, seed: int) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {
        name: [] for name in ("raw", "decisions", "candidates", "guardians", "families")
    }
    draw = Random(seed)
    for at in range(count):
        record_id, person = f"{province}{at:08d}", _person(draw)
        entry, levels, reason = _entry(draw, person, at % 5)
        parents = {"parents": "one_agrees" if at % 3 == 0 else "missing"}
        some = [_candidate(record_id, at, 1, entry, levels | parents, province)]
        for rank in range(2, 1 + (at % 3 or 1) + (at % 5 == 2)):
            other, compared, _ = _entry(draw, person, 3)
            some.append(_candidate(record_id, at, min(rank, 3), other, compared | parents, province))
        found["raw"].append(_record(record_id, at, person, province))
        found["candidates"] += some
        found["decisions"].append(
            {"kind": "student", "record_id": record_id, "outcome": str(Outcome.CLERICAL_REVIEW), "reason": str(reason),
             "candidate_id": some[0]["personal_id"], "match_probability": 0.81, "evidence": some[0]["evidence"], "run": RUN}
        )  # fmt: skip
        guardian = _person(draw)
        found["guardians"].append(
            {
                "kind": "guardian",
                "record_id": f"G{record_id}",
                "full_name": guardian["name"],
                "birth_date": "1986",
            }
        )
        # brothers and sisters: two records a family
        found["families"].append(
            {
                "student_id": record_id,
                "guardian_id": f"G{province}{at - at % 2:08d}",
                "relationship": "mother",
            }
        )
    return found


@cache
def open_records(
    count: int, province: str = "38", seed: int = 7
) -> tuple[dict[str, pa.Table], list[NewCase]]:
    """Tables of the education database by name, and the open records of a province laid out on paper."""
    rows = _rows(count, province, seed)
    raw = pa.Table.from_pylist(rows["raw"], schema=RAW_RECORDS)
    schools = pa.Table.from_pylist(
        [
            {
                "school_code": f"{province}{at:06d}",
                "name": f"Trường Tiểu học số {at + 1}",
                "level": "primary",
                "province_code": province,
            }
            for at in range(_SCHOOLS)
        ],
        schema=SCHOOLS,
    )
    decisions = pa.Table.from_pylist(rows["decisions"], schema=DECISIONS)
    guardians = pa.Table.from_pylist(rows["guardians"], schema=RAW_RECORDS)
    families = pa.Table.from_pylist(rows["families"], schema=FAMILIES)
    tables = ListTables(
        decisions,
        pa.Table.from_pylist(rows["candidates"], schema=CANDIDATES),
        normalise_records(raw, AS_OF)[0],
        raw,
        schools,
    )
    family = families_of_open("student", decisions, families, raw, guardians)
    cases = list(new_cases(("student", province), tables, family, KEY, 0.05))
    students = raw.append_column("student_id", raw["record_id"])
    loaded = {"schools": schools, "students": _columns("students", students)}
    return loaded, cases


def _columns(name: str, table: pa.Table) -> pa.Table:
    return table.select([one for one in EDUCATION_TABLES[name].names if one in table.column_names])


def load_world(engine: sa.Engine, count: int, province: str = "38", seed: int = 7) -> list[NewCase]:
    """Fill an empty education database with students of a province, all of them open, and lay these out."""
    create_tables(engine)
    loaded, cases = open_records(count, province, seed)
    with writing(engine) as connection:
        for name, table in loaded.items():
            bulk_insert(connection, education_metadata.tables[name], table)
    lay_out(engine, ("student", province), RUN, cases, NOW)
    return cases
