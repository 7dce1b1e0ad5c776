"""Twins whose numbers are mixed up, and twins who are absent."""

import datetime
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from matching import levels, model
from matching.comparison import FIELDS
from matching.decision import Reason
from matching.found import LinkSettings
from matching.linkage import Terms, link
from matching.parts import PARTS
from matching.posterior import probabilities, weighed
from matching.schemas import RECORDS
from matching.searching import KEPT, nothing_kept
from matching.twins import MOST, absent_twins, with_twins
from tests.entries import entry, registry_of

FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")  # fmt: skip
GIVEN = ("An", "Bình", "Cường", "Dũng", "Giang", "Hải", "Khánh", "Long", "Nam", "Phong", "Quân", "Sơn", "Tùng", "Vinh")  # fmt: skip
MIDDLE = ("Văn", "Đức", "Minh", "Quang", "Hữu", "Xuân", "Gia", "Thành", "Công", "Bá", "Ngọc")
PAIRS = 60


def name_of(n, given):
    """As many names as there are people."""
    return f"{FAMILIES[n % 14]} {MIDDLE[n // 14 % 11]} {MIDDLE[n // 154 % 11]} {GIVEN[given % 14]}"


def born(n):
    return datetime.date(2010, 1, 1) + datetime.timedelta(n)


def record(key, name, day, number):
    return {
        "kind": "student",
        "record_id": key,
        "name": name.lower(),
        "birth_from": day,
        "birth_to": day,
        "birth_precision": "day",
        "gender": "M",
        "residence_province": "01",
        "residence_commune": "00004",
        "claimed_id": number,
        "claimed_form": "personal",
    }


def number_of(n, twin=0):
    return f"0012{n % 100:02d}{n:05d}{twin}"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """People of one day each, and pairs of twins."""
    people = [entry(number_of(n), name_of(n, n), born(n)) for n in range(1_500)]
    people += [entry(number_of(n, 1), name_of(n, n + 5), born(n)) for n in range(PAIRS)]
    return registry_of(people, tmp_path_factory.mktemp("twins"))


ABSENT = record("absent", name_of(1_000, 1_005), born(1_000), number_of(1_000))
"""Beside an entry of that day, home and number, and of another given name."""

SISTER = record("sister", "Hồ Thị Quỳnh Như", born(1_001), number_of(1_001)) | {
    "gender": "F",
    "residence_province": "79",
    "residence_commune": "26734",
}
"""Of another name, gender and home than the holder of the number."""


def decided(registry, *records):
    terms = Terms(registry, model.load()["student"], registry.frequencies(), LinkSettings(sample=100), "run")
    linkage = link(pa.Table.from_pylist(list(records), schema=RECORDS), terms)
    rows = {row["record_id"]: row for row in linkage.decisions.to_pylist()}
    return rows, linkage.facts.model


def run_of(registry, copied):
    own = [record(f"r{n}", name_of(n, n), born(n), number_of(n)) for n in range(900)]
    twins = [
        record(f"t{n}", name_of(n, n + 5), born(n), number_of(n, 1 - (n < copied))) for n in range(PAIRS)
    ]
    return decided(registry, *own, *twins, ABSENT, SISTER)


def test_a_number_beside_another_given_name_is_a_twins_where_schools_mix_them_up(registry):
    rows, learned = run_of(registry, 0)
    assert learned.twins_numbers == 1
    doubt = 1 - rows["absent"]["match_probability"]
    rows, learned = run_of(registry, 30)
    assert learned.twins_numbers > 5
    assert 1 - rows["absent"]["match_probability"] > 5 * doubt
    # the twin who is there gets his own entry, whatever number stands in his record
    assert [rows[f"t{n}"]["personal_id"] for n in range(PAIRS)] == [number_of(n, 1) for n in range(PAIRS)]


def test_a_number_that_can_hardly_be_ones_own_is_told_to_be_another_persons(registry):
    """Not that nobody was found: the school is to look at the number."""
    rows, _ = run_of(registry, 30)
    assert rows["sister"]["match_probability"] < 0.01
    assert (rows["sister"]["outcome"], rows["sister"]["reason"]) == ("unlinked", Reason.NUMBER_OF_ANOTHER)


def seen_of(*pairs):
    """A candidate each: log2 of its weight, of the relative's, and its levels."""
    kept = nothing_kept(len(pairs))
    for row, (weight, relative, compared) in enumerate(pairs):
        kept.at[row, 0], kept.weight[row, 0], kept.relative[row, 0] = row, weight, relative
        for name, level in compared.items():
            kept.levels[row, 0, FIELDS.index(name)] = levels.COMPARISONS[name].index(level)
    return weighed(np.arange(len(pairs)), kept, np.zeros((len(pairs), KEPT, len(PARTS)), np.float32))


STUDENTS = replace(model.load()["student"], in_registry=0.97)
OTHER_GIVEN = {"name": "family_agrees", "birth_date": "same_day", "number": "missing"}
"""Another given name at home on one's day, a twin if anybody."""
NOBODY_LIKE_IT = (-60.0, -60.0, {"name": "different", "birth_date": "far", "number": "missing"})


def absent(count, of):
    """The model after records of whom so many have a twin for their best candidate, and no entry of their own."""
    seen = seen_of(*[(2.0, 12.0, OTHER_GIVEN)] * count, *[NOBODY_LIKE_IT] * (of - count))
    return absent_twins(seen, np.full(of, 0.03), STUDENTS)


def test_how_many_of_the_absent_have_twins_is_seen():
    assert absent(0, 500).twins_absent == 1
    assert absent(20, 500).twins_absent == pytest.approx(1, abs=0.1)
    assert absent(250, 500).twins_absent == pytest.approx(250 / 20, rel=0.1)
    assert absent(5_000, 5_000).twins_absent <= MOST


def test_few_absent_people_change_little():
    assert absent(1, 1).twins_absent < 2
    assert absent_twins(seen_of(), np.zeros(0), STUDENTS).twins_absent == 1


def test_who_may_be_a_twin_is_less_sure_and_nobody_else():
    changed = replace(STUDENTS, twins_absent=8.0, twins_numbers=4.0)
    own = {"name": "same", "birth_date": "same_day", "number": "missing"}
    claimed = {**OTHER_GIVEN, "number": "same"}
    seen = seen_of(
        (10.0, 5.0, OTHER_GIVEN),
        (10.0, 5.0, claimed),
        (10.0, 5.0, own),
        (10.0, 5.0, {**own, "birth_date": "far"}),
    )
    before, after = (probabilities(of, 0.1)[0][:, 0] for of in (seen, with_twins(seen, changed)))
    assert after[0] < before[0]
    assert after[1] < after[0]
    assert after[2:].tolist() == before[2:].tolist()
