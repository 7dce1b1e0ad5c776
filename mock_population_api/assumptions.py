"""Every rate of the synthetic world, in one place.

All of them are **assumptions, not measurements**: nobody publishes how often a school drops a Thị or a spreadsheet eats a
zero. They are chosen so that every trouble of the domain occurs often enough to be seen, and they are named here so
that whoever doubts one can change it. `PROFILES` holds three different worlds; a linkage that only does well in one of
them has learnt the assumptions and not the task.

A *curve* is a tuple of (year of birth, value), read by linear interpolation. A *mix* is a tuple of (form, weight).
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from mock_population_api.generation_errors import UnknownProfile

Curve = tuple[tuple[int, float], ...]
Mix = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class PeopleAssumptions:
    """Who lives in the country and what its registry holds of them."""

    as_of: date = date(2026, 11, 1)
    """The day of the extract; nobody is born later."""
    registry_since: date = date(2016, 1, 1)
    """Who died earlier isn't in the registry at all."""
    share_in_chosen_provinces: float = 0.6
    """When provinces are chosen: how many of all people were founded in them; the rest is spread over the country."""
    strangers: float = 0.04
    """People whose kin the registry doesn't know, and how many of them have moved to another province."""
    strangers_moved: float = 0.5

    children_by_mother: Curve = ((1925, 4.6), (1945, 4.4), (1955, 3.2), (1965, 2.5), (1980, 2.2), (1995, 2.2))
    """Children who live to be registered, by the mother's year of birth."""
    first_birth_age: Curve = ((1925, 22.0), (1960, 23.0), (1985, 25.0), (2000, 27.0))
    single_mothers: float = 0.05
    """Of the women who find no husband: those who have children nevertheless."""
    born_female: float = 0.482
    twin_births: float = 0.012
    twins_of_same_sex: float = 0.65
    migrates: float = 0.15
    """Adults who move to another province, mostly to a city."""
    moves_within_province: float = 0.30
    born_at_mothers_origin: float = 0.15
    """Births registered in the province where the mother was born though she lives elsewhere."""
    marries_outside_group: float = 0.15
    father_not_recorded: float = 0.04
    parents_recorded: Curve = ((1930, 0.2), (1960, 0.45), (1980, 0.7), (1990, 0.88), (2005, 0.975))
    """Entries that carry their parents' numbers where the parents have entries, by year of birth."""
    death_not_recorded: float = 0.04
    mortality_rise: float = 0.1
    mortality_women: float = 2.2e-5
    mortality_men: float = 4.5e-5
    """Gompertz' law: the risk of dying within a year at age 0, and how fast it grows."""

    thi: Curve = ((1930, 0.86), (1965, 0.82), (1985, 0.72), (1998, 0.52), (2009, 0.18), (2026, 0.05))
    """Women with Thị as the first middle word, by year of birth."""
    van: Curve = ((1930, 0.82), (1965, 0.62), (1985, 0.32), (1998, 0.16), (2009, 0.05), (2026, 0.02))
    """Men with Văn as the first middle word."""
    four_words_women: Curve = ((1940, 0.04), (1975, 0.14), (1990, 0.3), (2009, 0.65), (2026, 0.72))
    four_words_men: Curve = ((1940, 0.03), (1975, 0.07), (1990, 0.14), (2009, 0.26), (2026, 0.34))
    two_words: Curve = ((1930, 0.14), (1955, 0.07), (1980, 0.015), (2026, 0.004))
    """Names without any middle word, as the old and rural ones are."""
    mothers_name_as_middle: float = 0.25
    """Of the names with four words: those whose second word is the mother's family name."""
    siblings_share_middle: float = 0.35
    twins_with_similar_names: float = 0.6

    first_january: Curve = ((1930, 0.07), (1960, 0.045), (1980, 0.012), (1995, 0.002), (2005, 0.0005))
    """Births recorded on 1 January beyond those that happened then."""
    year_only: Curve = (
        (1930, 0.28),
        (1950, 0.13),
        (1965, 0.045),
        (1980, 0.01),
        (1995, 0.0008),
        (2026, 0.0002),
    )
    """Births of which the registry knows the year alone."""
    month_only: Curve = ((1930, 0.012), (1960, 0.004), (1990, 0.0002))
    highland_factor: float = 2.5
    """How much likelier both are in highland provinces."""

    holds_former_number: float = 0.78
    """Of those born before 2002: people whose 9-digit number the registry knows."""
    second_former_number: float = 0.08
    number_issued_twice: float = 0.0006
    number_of_shared_range: float = 0.01
    """Numbers of prefix 27 that lie in the range which two provinces both handed out."""
    superseded: float = 0.003
    """People whose 12-digit number was cancelled and issued anew."""

    wrong_name: float = 0.003
    """Entries that are themselves wrong: a word lost or another word keyed in."""
    wrong_day: float = 0.002
    wrong_year: float = 0.0003
    wrong_gender: float = 0.0002


@dataclass(frozen=True)
class SchoolAssumptions:
    """Who is at which school, and whom a school writes down."""

    school_year: str = "2026-2027"
    preschool: float = 0.8
    upper_secondary: float = 0.72
    continuing_education: float = 0.10
    college: float = 0.10
    university: float = 0.30
    """Share of the age group at each level; primary and lower secondary take nearly everybody."""
    pupils_per_school: int = 120
    students_per_university: int = 900
    fewest_schools: int = 50
    """In a small world schools are smaller, so that there are about as many with habits of their own."""
    school_of_home: float = 0.93
    """Pupils at the school that serves the commune of their residence; the others at another of the province."""
    entered_at_two_schools: float = 0.012
    """Transfers whose old record was never closed."""
    entered_twice: float = 0.004
    studies_at_home: float = 0.35
    """Students of higher education who stay in their province; the others go where the cities draw them."""
    teacher_ages: tuple[int, int] = (22, 61)
    teachers_women: float = 0.72
    managers: float = 0.07
    staff: float = 0.11
    teacher_at_two_schools: float = 0.01

    mother_written: float = 0.93
    father_written: float = 0.85
    parents_of_adults_written: float = 0.5
    """The same, as a factor, for students of colleges and universities."""
    other_guardian: float = 0.06
    """Pupils with a grandparent, uncle or aunt as guardian."""
    guardian_is_grandparent: float = 0.6
    dead_parent_written: float = 0.25
    """Parents who have died and still stand in the file."""
    step_parent: float = 0.015
    grandparent_as_parent: float = 0.008
    parents_swapped: float = 0.004
    guardian_shared_by_siblings: float = 0.85
    """Siblings in one school whose parent stands in the file once."""

    foreign_students: float = 0.004
    foreign_teachers: float = 0.004
    unregistered: float = 0.006
    """Children of registered parents whose birth no registry holds yet."""
    returned_from_abroad: float = 0.003
    guardians_not_in_registry: float = 0.004


@dataclass(frozen=True)
class HabitAssumptions:
    """What a whole school does in the same way: the software, the spreadsheet, the clerk."""

    encoding: Mix = (
        ("nfc", 0.80), ("nfd", 0.07), ("tcvn3", 0.03), ("vni", 0.02), ("utf8_as_latin1", 0.02), ("no_marks", 0.04), ("eth", 0.02),
    )  # fmt: skip
    tone_style: Mix = (("old", 0.55), ("new", 0.45))
    capitals: Mix = (("title", 0.66), ("upper", 0.27), ("lower", 0.02), ("first", 0.05))
    spacing: Mix = (("single", 0.90), ("trailing", 0.05), ("nbsp", 0.03), ("double", 0.02))
    dates: Mix = (
        ("dd/mm/yyyy", 0.62), ("yyyy-mm-dd", 0.12), ("d/m/yyyy", 0.10), ("d/m/yy", 0.03), ("dd-mm-yyyy", 0.05),
        ("dd.mm.yyyy", 0.02), ("mm/dd/yyyy", 0.02), ("excel_serial", 0.02), ("iso_time", 0.02),
    )  # fmt: skip
    numbers: Mix = (
        ("text", 0.80), ("lost_zeros", 0.08), ("float", 0.03), ("scientific", 0.01), ("apostrophe", 0.04), ("grouped", 0.04),
    )  # fmt: skip
    gender: Mix = (
        ("Nam/Nữ", 0.78),
        ("nam/nữ", 0.06),
        ("M/F", 0.03),
        ("0/1", 0.04),
        ("Nữ=x", 0.05),
        ("Male/Female", 0.04),
    )
    places: Mix = (
        ("new_codes", 0.25), ("new_names", 0.27), ("old_codes", 0.12), ("old_names", 0.22), ("short_names", 0.08), ("codes_no_zeros", 0.06),
    )  # fmt: skip
    relations: Mix = (
        ("father/mother/guardian", 0.45),
        ("Cha/Mẹ/Người giám hộ", 0.35),
        ("Bố/Mẹ/Giám hộ", 0.20),
    )
    citizenship: Mix = (("Việt Nam", 0.60), ("", 0.25), ("VN", 0.08), ("704", 0.07))
    phones: Mix = (
        ("0199{a:03d}{b:03d}", 0.70), ("0199 {a:03d} {b:03d}", 0.12), ("0199.{a:03d}.{b:03d}", 0.05), ("+84199{a:03d}{b:03d}", 0.05),
        ("199{a:03d}{b:03d}", 0.08),
    )  # fmt: skip
    """A prefix that nobody holds, drawn for each record."""
    district_named: float = 0.5
    """Old communes written together with their district."""
    birth_province_alone: float = 0.3
    """Provinces of birth written without Tỉnh or Thành phố."""
    ha_tay: float = 0.3
    """Births of before 2008 registered in Hà Nội that are written as Hà Tây."""
    drops_thi: float = 0.02
    """Schools where the clerk abbreviates or leaves out Thị for many pupils."""
    drops_thi_rate: float = 0.4


@dataclass(frozen=True)
class SlipAssumptions:
    """What happens to single values on top of a school's habits; each a probability per record."""

    typo: float = 0.012
    telex: float = 0.003
    word_swapped: float = 0.004
    word_dropped: float = 0.007
    thi_dropped: float = 0.012
    thi_abbreviated: float = 0.004
    nickname: float = 0.003
    similar_sound: float = 0.008
    hoi_nga: float = 0.006
    i_for_y: float = 0.008
    mark_lost: float = 0.008
    other_name: float = 0.002
    """Another given name altogether: the name at home, or one that was changed since."""
    minority_damage: float = 0.25
    """Of names built in a way of their own: marks and letters lost, clan moved or cut."""

    wrong_day: float = 0.008
    day_month_swapped: float = 0.006
    year_off: float = 0.005
    default_day: float = 0.006
    impossible_date: float = 0.001
    year_alone: float = 0.002
    date_missing: float = 0.003
    family_knows_day: float = 0.4
    """Where the registry has the year or month alone: schools that have the day nevertheless."""
    unknown_day_as_year: float = 0.6
    """Where nobody knows the day: the year alone is written, else 1 January."""
    wrong_gender: float = 0.005
    gender_missing: float = 0.01

    moved_since: float = 0.07
    moved_far: float = 0.3
    """Of those who moved: to another province."""
    residence_missing: float = 0.06
    province_missing_too: float = 0.6
    birth_place_missing: float = 0.12
    birth_place_elsewhere: float = 0.05

    has_number_teacher: float = 0.94
    teacher_former_number: float = 0.07
    has_number_by_age: tuple[tuple[int, float], ...] = (
        (3, 0.30),
        (6, 0.38),
        (10, 0.45),
        (15, 0.60),
        (18, 0.85),
    )
    """Students whose record carries a number, by age."""
    has_number_guardian: float = 0.12
    student_former_number: float = 0.01
    guardian_former_number: float = 0.25
    """Of those who claim a number at all: a 9-digit one instead."""
    superseded_claimed: float = 0.5
    """Of those with a cancelled number: who still claims it."""
    one_digit: float = 0.006
    two_digits_swapped: float = 0.004
    somebody_elses: float = 0.004
    """A parent's or a classmate's number."""
    rows_swapped: float = 0.002
    placeholder: float = 0.008
    number_cut: float = 0.002
    invented: float = 0.002

    guardian_year_only: float = 0.88
    guardian_year_missing: float = 0.05
    guardian_year_off: float = 0.03
    guardian_gender_typed: float = 0.25
    guardian_residence_typed: float = 0.15
    guardian_birth_place_typed: float = 0.03
    guardian_phone: float = 0.92


@dataclass(frozen=True)
class NightAssumptions:
    """What changes between two nights."""

    corrected: float = 0.006
    """Records that a school corrects: the value as it should be."""
    number_added: float = 0.01
    """Records without a number that receive one."""
    new_students: float = 0.004
    left: float = 0.001


@dataclass(frozen=True)
class RegistryNightAssumptions:
    """What changes in the registry between two nights, as shares of all entries; each happens once at least."""

    born: float = 4.0e-5
    corrected: float = 2.0e-5
    """Entries put right, wrong ones first, and people who move to another commune."""
    superseded: float = 2.0e-6
    """People who receive another number, because gender or year of birth in it was wrong."""
    deceased: float = 1.7e-5


@dataclass(frozen=True)
class Assumptions:
    """One world: all its rates."""

    name: str = "default"
    people: PeopleAssumptions = field(default_factory=PeopleAssumptions)
    schools: SchoolAssumptions = field(default_factory=SchoolAssumptions)
    habits: HabitAssumptions = field(default_factory=HabitAssumptions)
    slips: SlipAssumptions = field(default_factory=SlipAssumptions)
    night: NightAssumptions = field(default_factory=NightAssumptions)
    registry_night: RegistryNightAssumptions = field(default_factory=RegistryNightAssumptions)


def _harsher(slips: SlipAssumptions, factor: float, kept: frozenset[str]) -> SlipAssumptions:
    rates: dict[str, Any] = {
        name: min(0.5, value * factor)
        for name, value in vars(slips).items()
        if isinstance(value, float) and name not in kept
    }
    return replace(slips, **rates)


_NOT_SLIPS = frozenset(
    name for name in vars(SlipAssumptions()) if name.startswith(("has_number", "guardian_"))
) | {"superseded_claimed", "teacher_former_number", "minority_damage"}

_HARSH = Assumptions(
    name="harsh",
    habits=HabitAssumptions(
        encoding=(
            ("nfc", 0.56), ("nfd", 0.12), ("tcvn3", 0.07), ("vni", 0.05), ("utf8_as_latin1", 0.04), ("no_marks", 0.13), ("eth", 0.03),
        ),
        numbers=(
            ("text", 0.58), ("lost_zeros", 0.18), ("float", 0.08), ("scientific", 0.04), ("apostrophe", 0.06), ("grouped", 0.06),
        ),
        drops_thi=0.06,
    ),
    slips=replace(
        _harsher(SlipAssumptions(), 2.5, _NOT_SLIPS),
        minority_damage=0.5,
        has_number_teacher=0.80,
        has_number_guardian=0.06,
        has_number_by_age=((3, 0.10), (6, 0.18), (10, 0.25), (15, 0.40), (18, 0.65)),
    ),
)  # fmt: skip

_OTHER = Assumptions(
    name="other",
    people=PeopleAssumptions(migrates=0.25, siblings_share_middle=0.15, first_january=((1930, 0.15), (1975, 0.03), (2005, 0.002))),
    habits=HabitAssumptions(
        encoding=(("nfc", 0.90), ("nfd", 0.01), ("no_marks", 0.07), ("utf8_as_latin1", 0.02)),
        capitals=(("title", 0.30), ("upper", 0.70)),
        dates=(("yyyy-mm-dd", 0.40), ("dd/mm/yyyy", 0.35), ("mm/dd/yyyy", 0.10), ("excel_serial", 0.10), ("dd-mm-yyyy", 0.05)),
        numbers=(("text", 0.70), ("lost_zeros", 0.25), ("grouped", 0.05)),
        places=(("new_names", 0.10), ("old_names", 0.55), ("short_names", 0.25), ("old_codes", 0.10)),
    ),
    slips=SlipAssumptions(
        typo=0.003, telex=0.0, word_dropped=0.025, thi_dropped=0.05, similar_sound=0.025, hoi_nga=0.02, mark_lost=0.02,
        nickname=0.012, wrong_day=0.002, day_month_swapped=0.02, default_day=0.03, year_off=0.012, moved_since=0.2,
        birth_place_elsewhere=0.2, somebody_elses=0.015, rows_swapped=0.006, one_digit=0.001, other_name=0.006,
        has_number_guardian=0.3, guardian_year_off=0.08,
    ),
)  # fmt: skip

PROFILES: dict[str, Assumptions] = {world.name: world for world in (Assumptions(), _HARSH, _OTHER)}
"""`default`; `harsh`: more of everything; `other`: another mix, fewer slips of the finger and more of the ear and the habit."""


def profile(name: str) -> Assumptions:
    """The assumptions of that name.

    Raises:
        UnknownProfile: when there is none.
    """
    if name not in PROFILES:
        raise UnknownProfile(name, tuple(PROFILES))
    return PROFILES[name]
