"""The scenario table: numbers that make something happen, and made-up people in every difficult situation.

Both exist only where the service was started with `--scenarios`. No real number begins with the province 000.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """A number that makes something go wrong with any question it stands in, also as a trace's ref."""

    number: str
    fault: str
    seconds: float
    means: str
    once: bool = False
    """Whether only the first request under its ID meets it, so that sending it again succeeds."""


SCENARIOS = (
    Scenario("000000000200", "latency", 1.0, "the answer takes a second longer"),
    Scenario("000000000401", "token_expired", 0.0, "the token has expired and stays so; another token meets the same"),
    Scenario("000000000429", "too_many_requests", 1.0, "429 with Retry-After: 1"),
    Scenario("000000000500", "internal_error", 0.0, "500"),
    Scenario("000000000502", "bad_gateway", 0.0, "502"),
    Scenario("000000000503", "unavailable", 5.0, "503 with Retry-After: 5"),
    Scenario("000000000504", "gateway_timeout", 0.0, "504"),
    Scenario("000000000530", "maintenance", 600.0, "503, code maintenance, with Retry-After: 600"),
    Scenario("000000000601", "reset", 0.0, "the connection is reset before anything is done"),
    Scenario("000000000602", "lost_answer", 0.0, "everything is done, then the connection is reset without an answer"),
    Scenario("000000000603", "cut_off", 0.0, "the answer breaks off in the middle of its body"),
    Scenario("000000000604", "slow_drip", 2.0, "the answer arrives in pieces over two seconds"),
    Scenario("000000000701", "partial_batch", 0.0, "about half of the questions have `problem` instead of an answer"),
    Scenario("000000000702", "stale_replica", 86_400.0, "the answer is of yesterday: `as_of`, X-Served-From: replica"),
    Scenario("000000000703", "new_field", 0.0, "entries and results have a field that is in no document"),
    Scenario("000000000704", "unknown_value", 0.0, "status and verdicts have a word that is in no document"),
    Scenario("000000001401", "token_expired", 0.0, "as …0401, the first time a request ID is used", once=True),
    Scenario("000000001429", "too_many_requests", 1.0, "as …0429, the first time", once=True),
    Scenario("000000001500", "internal_error", 0.0, "as …0500, the first time", once=True),
    Scenario("000000001503", "unavailable", 1.0, "as …0503 with Retry-After: 1, the first time", once=True),
    Scenario("000000001601", "reset", 0.0, "as …0601, the first time", once=True),
    Scenario("000000001602", "lost_answer", 0.0, "as …0602, the first time", once=True),
    Scenario("000000001603", "cut_off", 0.0, "as …0603, the first time", once=True),
)  # fmt: skip

_BY_NUMBER = {scenario.number: scenario for scenario in SCENARIOS}
_MAGIC = re.compile(rb"[\">](00000000[01][0-9]{3})[\"<]")


def scenario_in(body: bytes) -> Scenario | None:
    """The first scenario whose number stands in a JSON or XML body."""
    for found in _MAGIC.finditer(body):
        scenario = _BY_NUMBER.get(found[1].decode())
        if scenario is not None:
            return scenario
    return None


FATHER, MOTHER = "000079990001", "000180990002"


@dataclass(frozen=True)
class ScenarioPerson:
    """A situation, the number to ask by, and what it shows."""

    number: str
    means: str


PEOPLE = (
    ScenarioPerson("000211990010", "a pupil with both parents, named and numbered"),
    ScenarioPerson("000211990011", "his twin sister's brother: same birth date, parents and commune, names alike"),
    ScenarioPerson("000311990012", "their sister of the same birth date"),
    ScenarioPerson("000180990099", "superseded: leads to the mother's current number, marked so"),
    ScenarioPerson("000990001", "a former number that two people held"),
    ScenarioPerson("000990002", "a former number of one person"),
    ScenarioPerson("000040990020", "deceased"),
    ScenarioPerson("000150990021", "only the year of birth is known"),
    ScenarioPerson("000165990022", "only the year and the month of birth are known"),
    ScenarioPerson("000209990030", "restricted: withheld, whoever asks"),
    ScenarioPerson("000210990031", "a pupil whose father is restricted: the father isn't named"),
    ScenarioPerson("000212990032", "a pupil without parents on record"),
    ScenarioPerson("000213990033", "an entry that is itself wrong: the gender is not the one in the number"),
    ScenarioPerson("000205990100", "the first of sixty namesakes born in one year: a trace finds more than it returns"),
    ScenarioPerson("000220999999", "a child not registered yet: there is nobody"),
)  # fmt: skip

RESTRICTED = ("000209990030", "000076990034")
"""Who of them is withheld: the restricted pupil, and the father of …0031."""


def _person(number: str, name: str, born: date, **known: Any) -> dict[str, Any]:  # noqa: ANN401 - values of an entry
    return {
        "personal_id": number,
        "full_name": name,
        "birth_date": born,
        "birth_precision": "day",
        "gender": "FM"[int(number[3]) % 2 == 0],
        "birth_province": "001",
        "residence_province": "01",
        "residence_commune": "00004",
        "father_id": None,
        "mother_id": None,
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
    } | known


def scenario_entries() -> list[dict[str, Any]]:
    """The entries of the made-up people, in the columns of ENTRY."""
    family = {"father_id": FATHER, "mother_id": MOTHER}
    return [
        _person(FATHER, "Nguyễn Văn Mẫu", date(1979, 3, 4), former_ids=["000990002"]),
        _person(MOTHER, "Trần Thị Thử", date(1980, 12, 30), superseded_ids=["000180990099"]),
        _person("000211990010", "Nguyễn Văn Minh Anh", date(2011, 9, 5), **family),
        _person("000211990011", "Nguyễn Văn Minh Ánh", date(2011, 9, 5), **family),
        _person("000311990012", "Nguyễn Thị Minh Anh", date(2011, 9, 5), **family),
        _person("000075990013", "Đặng Văn Hòa", date(1975, 4, 5), former_ids=["000990001"]),
        _person("000075990014", "Phạm Văn Sáu", date(1975, 8, 9), former_ids=["000990001"]),
        _person("000040990020", "Vũ Văn Cổ", date(1940, 2, 3), status="deceased"),
        _person("000150990021", "Lê Thị Năm", date(1950, 1, 1), birth_precision="year"),
        _person("000165990022", "Lê Thị Tháng", date(1965, 7, 1), birth_precision="month"),
        _person("000209990030", "Người Được Giữ Kín", date(2009, 5, 6)),
        _person("000076990034", "Cha Được Giữ Kín", date(1976, 5, 6)),
        _person("000210990031", "Hoàng Văn Kín", date(2010, 5, 6), father_id="000076990034", mother_id=MOTHER),
        _person("000212990032", "Hồ Văn Một", date(2012, 5, 6)),
        _person("000213990033", "Bùi Văn Sai", date(2013, 5, 6), gender="F"),
        *(
            _person(f"0002059901{place:02d}", "Nguyễn Văn Trùng", date(2005, 1, 1) + timedelta(days=6 * place))
            for place in range(60)
        ),
    ]  # fmt: skip
