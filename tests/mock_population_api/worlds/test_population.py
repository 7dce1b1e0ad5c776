import unicodedata
from collections import Counter
from hashlib import sha256

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from matching.schemas import ENTRY
from mock_population_api.generation_errors import NumbersExhausted, UnknownProvince
from mock_population_api.geography import geography, read_reference
from mock_population_api.personal_ids import Share, former_numbers, personal_ids, scattered
from mock_population_api.population import write_population


def digests(folder):
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_registry_has_the_contracts_columns_and_as_many_entries_as_asked(world):
    assert world.registry.schema.equals(ENTRY)
    assert world.registry.num_rows == 20_000


def test_numbers_say_province_century_gender_and_year(world):
    for number, province, gender, born in zip(
        *(
            world.registry[name].to_pylist()
            for name in ("personal_id", "birth_province", "gender", "birth_date")
        ),
        strict=True,
    ):
        assert len(number) == 12
        assert number[:3] == province
        assert int(number[3]) == 2 * ((born.year - 1900) // 100) + (gender == "F")
        assert int(number[4:6]) == born.year % 100


def test_numbers_are_unique_and_a_cancelled_one_belongs_to_nobody_today(world):
    current = world.registry["personal_id"].to_pylist()
    cancelled = pc.list_flatten(world.registry["superseded_ids"]).to_pylist()
    assert len(set(current)) == len(current)
    assert cancelled
    assert len(set(cancelled)) == len(cancelled)
    assert not set(cancelled) & set(current)


def test_parents_are_older_and_of_the_right_gender(world):
    rows = world.registry.to_pylist()
    entries = {row["personal_id"]: row for row in rows}
    known = [
        (row, entries[row[key]], gender)
        for row in rows
        for key, gender in (("father_id", "M"), ("mother_id", "F"))
        if row[key]
    ]
    registered_wrong = set(
        world.entry_truth.filter(pc.greater(pc.list_value_length(world.entry_truth["wrong"]), 0))[
            "personal_id"
        ].to_pylist()
    )
    assert len(known) > 8_000
    for child, parent, gender in known:
        assert parent["birth_date"].year + 14 < child["birth_date"].year
        assert parent["gender"] == gender or parent["personal_id"] in registered_wrong


def test_three_generations_stand_in_one_registry(world):
    mothers = dict(
        zip(world.registry["personal_id"].to_pylist(), world.registry["mother_id"].to_pylist(), strict=True)
    )
    grandmothers = [mothers[mother] for mother in mothers.values() if mother and mothers[mother]]
    assert len(grandmothers) > 500


def test_communes_lie_in_the_provinces_of_residence(world):
    land = geography()
    home = {
        code: land.merged_codes[at]
        for code, at in zip(land.commune_codes, land.commune_province, strict=True)
    }
    communes = world.registry["residence_commune"].to_pylist()
    assert world.registry["residence_province"].to_pylist() == [home[code] for code in communes]


def test_most_people_live_where_they_were_asked_to_live_and_some_everywhere(world):
    homes = Counter(world.registry["residence_province"].to_pylist())
    assert 0.5 < (homes["01"] + homes["66"]) / 20_000 < 0.75
    assert len(homes) == 34


def test_ages_are_those_of_a_country(world):
    alive = world.registry.filter(pc.equal(world.registry["status"], "alive"))
    age = 2026 - pc.year(alive["birth_date"]).to_numpy()
    assert 0.18 < (age < 18).mean() < 0.32
    assert 0.08 < (age >= 60).mean() < 0.20
    assert 95 < age.max() < 113
    assert pc.max(world.registry["birth_date"]).as_py().isoformat() <= "2026-11-01"


def test_births_known_by_the_year_alone_are_old_and_written_on_the_first_of_january(world):
    rows = world.registry.select(["birth_date", "birth_precision"]).to_pylist()
    coarse = [row["birth_date"] for row in rows if row["birth_precision"] == "year"]
    assert all((day.month, day.day) == (1, 1) for day in coarse)
    assert np.median([day.year for day in coarse]) < 1970


def test_former_numbers_have_nine_digits_and_the_prefix_of_a_province(world):
    prefixes = tuple(row["prefix"] for row in read_reference("cmnd_prefixes.csv"))
    numbers = pc.list_flatten(world.registry["former_ids"]).to_pylist()
    assert len(numbers) > 5_000
    assert all(len(number) == 9 and number.startswith(prefixes) for number in numbers)


def test_names_are_composed_and_follow_gender_and_cohort(world):
    rows = world.registry.select(["full_name", "gender", "birth_date"]).to_pylist()
    assert all(
        unicodedata.is_normalized("NFC", row["full_name"]) and "Ð" not in row["full_name"] for row in rows
    )
    women = [row for row in rows if row["gender"] == "F"]
    old = [" Thị " in row["full_name"] for row in women if row["birth_date"].year < 1970]
    young = [" Thị " in row["full_name"] for row in women if row["birth_date"].year > 2010]
    assert np.mean(old) > 0.6
    assert np.mean(young) < 0.35


def test_twins_of_one_sex_share_all_but_the_given_name(world):
    rows = world.registry.filter(pc.is_valid(world.registry["mother_id"])).to_pylist()
    births = {}
    for row in rows:
        if row["birth_precision"] == "day":
            births.setdefault((row["mother_id"], row["birth_date"], row["gender"]), []).append(
                row["full_name"]
            )
    pairs = [names for names in births.values() if len(names) == 2]
    alike = [first.split(" ")[:-1] == second.split(" ")[:-1] for first, second in pairs]
    assert len(pairs) > 20
    assert np.mean(alike) > 0.4


def test_the_truth_tells_where_entries_are_wrong(world):
    entries = {row["personal_id"]: row for row in world.registry.to_pylist()}
    wrong = [row for row in world.entry_truth.to_pylist() if row["wrong"]]
    assert len(wrong) > 50
    for row in wrong:
        entry = entries[row["personal_id"]]
        assert ("name" in row["wrong"]) == (row["full_name"] is not None)
        assert row["full_name"] != entry["full_name"]


def test_minorities_are_known_to_the_truth_alone(world):
    minority = set(world.entry_truth.filter(world.entry_truth["minority"])["personal_id"].to_pylist())
    names = [row["full_name"] for row in world.registry.to_pylist() if row["personal_id"] in minority]
    assert 0.05 < len(minority) / 20_000 < 0.4
    assert any(name.startswith("H'") for name in names)
    assert any(name.startswith("Y ") for name in names)


def test_the_number_of_processes_changes_nothing(tmp_path):
    people = 30_001
    for workers in (1, 2):
        write_population(tmp_path / str(workers), people, 5, workers=workers, chunk=15_000)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    numbers = [
        pq.read_table(path, columns=["personal_id"])["personal_id"] for path in (tmp_path / "1").iterdir()
    ]
    assert len(numbers) == 2
    assert len(set(numbers[0].to_pylist()) | set(numbers[1].to_pylist())) == people


def test_another_seed_is_another_country(tmp_path):
    for seed in (1, 2):
        write_population(tmp_path / str(seed), 500, seed)
    assert digests(tmp_path / "1") != digests(tmp_path / "2")


def test_an_unknown_province_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UnknownProvince, match="'02'"):
        write_population(tmp_path / "out", 500, 1, provinces=["02"])
    assert not (tmp_path / "out").exists()


def test_scattering_is_one_to_one():
    places = np.arange(12_000)
    numbers = scattered(places, np.full(12_000, 1179), (120, 100), 9)
    assert sorted(numbers) == places.tolist()
    assert np.abs(np.corrcoef(places, numbers)[0, 1]) < 0.1


def test_chunks_never_give_the_same_number():
    group = np.full(300, 1_179)
    given = [set(personal_ids(group, Share(seed=4, chunk=chunk, chunks=3)).tolist()) for chunk in range(3)]
    assert len(set.union(*given)) == 900
    prefixes, widths = np.full(300, 27), np.full(300, 2)
    old = [set(former_numbers(prefixes, widths, Share(4, chunk, 3)).tolist()) for chunk in range(3)]
    assert len(set.union(*old)) == 900


def test_a_group_without_free_numbers_is_an_error():
    with pytest.raises(NumbersExhausted, match="001179"):
        personal_ids(np.full(11, 1_179), Share(seed=1, chunk=0, chunks=100_000))
