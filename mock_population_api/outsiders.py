"""People at school whom the registry doesn't hold: foreigners, the unregistered, those just returned from abroad."""

from dataclasses import replace

import numpy as np

from mock_population_api.assumptions import PeopleAssumptions
from mock_population_api.draws import Ints
from mock_population_api.geography import geography
from mock_population_api.name_words import VOCABULARY
from mock_population_api.naming import KINH, NOTHING, Traits, as_text, draw_names
from mock_population_api.persons import Objects, Persons, as_objects, nothing

_FOREIGN = {
    "Hàn Quốc": ("Kim Lee Park Choi Jung Kang", "Min Jun|Seo Yeon|Ji Woo|Ha Eun|Do Yun|Su Ah", "M"),
    "Nhật Bản": ("Sato Suzuki Tanaka Ito Yamamoto", "Haruto|Yui|Sota|Aoi|Riku|Hina", "TR"),
    "Trung Quốc": ("Wang Li Zhang Liu Chen", "Wei|Fang|Jing|Hao Ran|Zi Xuan|Mei", "E"),
    "Lào": ("Somchai Bounmy Khamla Noy Sisavath", "Vongsa|Phommachanh|Sayavong|Inthavong", "P"),
    "Campuchia": ("Sok Chea Keo Chan Heng", "Sokha|Dara|Sophea|Bopha|Rithy|Srey Mom", "N"),
    "Hoa Kỳ": ("John Emma Noah Olivia David", "Smith|Nguyen|Tran|Johnson|Miller", "5"),
    "CHLB Đức": ("Lukas Anna Felix Marie", "Schmidt|Tran|Weber|Nguyen", "C"),
}
_ABROAD = (
    "CHLB Đức",
    "Liên bang Nga",
    "Cộng hòa Séc",
    "Hàn Quốc",
    "Đài Loan",
    "Ba Lan",
    "Hoa Kỳ",
    "Campuchia",
)


def _names_like(
    family: Ints, female: np.ndarray, years: Ints, region: Ints, rng: np.random.Generator
) -> Objects:
    count = len(family)
    traits = Traits(
        female=female,
        year=years,
        region=region,
        group=np.full(count, KINH),
        family=family,
        mothers_family=np.full(count, NOTHING),
        sibship=rng.integers(0, 2**40, count),
    )
    return as_objects(as_text(draw_names(traits, PeopleAssumptions(), rng)))


def unregistered_like(templates: Persons, rng: np.random.Generator, days_apart: int = 300) -> Persons:
    """Brothers and sisters of the templates whom no registry holds: same family name and home, another name and day."""
    count = len(templates)
    family = np.array([VOCABULARY.find(name.split(" ")[0]) for name in templates.name], dtype=np.int64)
    family[family == NOTHING] = VOCABULARY.position("Nguyễn")
    female = rng.random(count) < 0.5
    born = templates.born + rng.integers(-days_apart, 0, count).astype("timedelta64[D]")
    years = born.astype("datetime64[Y]").astype(np.int64) + 1970
    region = geography().region[templates.birth_province]
    return replace(
        templates,
        personal_id=nothing(count),
        name=_names_like(family, female, years, region, rng),
        born=born,
        day_known=np.ones(count, dtype=bool),
        female=female,
        former=nothing(count),
        superseded=nothing(count),
    )


def returned_like(templates: Persons, rng: np.random.Generator) -> Persons:
    """The same, born abroad and not entered since."""
    places = np.array(_ABROAD, dtype=object)[rng.integers(0, len(_ABROAD), len(templates))]
    return replace(unregistered_like(templates, rng), born_abroad=places)


def foreigners_like(templates: Persons, rng: np.random.Generator) -> Persons:
    """Foreign nationals of the templates' age and home, with passports."""
    count = len(templates)
    countries = list(_FOREIGN)
    names, nationality, passports = [], [], []
    for _ in range(count):
        country = countries[rng.integers(len(countries))]
        first, second, letter = _FOREIGN[country]
        firsts, seconds = first.split(" "), second.split("|")
        names.append(f"{firsts[rng.integers(len(firsts))]} {seconds[rng.integers(len(seconds))]}")
        nationality.append(country)
        passports.append(f"{letter}{rng.integers(10**7, 10**8)}")
    stranger = unregistered_like(templates, rng)
    return replace(
        stranger,
        name=np.array(names, dtype=object),
        minority=np.zeros(count, dtype=bool),
        nationality=np.array(nationality, dtype=object),
        document=np.array(passports, dtype=object),
        born_abroad=np.array(nationality, dtype=object),
    )
