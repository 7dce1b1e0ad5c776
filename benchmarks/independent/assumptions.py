"""Every rate of the independent worlds. None is measured: all of them are assumptions."""

from dataclasses import dataclass
from datetime import date

TODAY = date(2026, 11, 1)
SCHOOL_YEAR = "2026-2027"
BATCH = 500_000
"""People made at a time; more where that would take over `MOST_BATCHES`, who share the six digits of a number."""
MOST_BATCHES = 40

# people
TWIN_BIRTHS = 1 / 80
TWINS_MADE_ALIKE = 0.35
"""Twins given one gender besides those who have it by chance."""
FOUNDERS_BORN = (1942, 11)
"""Mean and deviation."""
BIRTHS = (
    (1955, (0.02, 0.03, 0.09, 0.17, 0.22, 0.2, 0.15, 0.12)),
    (1968, (0.03, 0.08, 0.28, 0.28, 0.18, 0.1, 0.05, 0.0)),
    (2100, (0.05, 0.19, 0.5, 0.2, 0.06, 0.0, 0.0, 0.0)),
)
"""How many births a couple has, from none, for mothers born before a year."""
GONE_BY_AGE = ((0, 50, 60, 70, 80, 90, 100, 120), (0.01, 0.03, 0.08, 0.18, 0.42, 0.78, 0.97, 1.0))
"""Ages, and the share of each that is no longer in the registry."""
WED_WOMEN = ((18, 22, 26, 30, 36, 45), (0.01, 0.25, 0.55, 0.78, 0.88, 0.93))
WED_MEN = ((20, 25, 30, 36, 45), (0.01, 0.35, 0.72, 0.88, 0.94))
"""Ages, and who of that age has looked for a husband or wife."""
SINGLE_MOTHERS = 0.15
"""Of women who looked and found none."""
SPLIT_COUPLES, WED_AGAIN = 0.09, (0.75, 0.6)
"""Couples who part; men and women of them who look again."""
BORN_ELSEWHERE = 0.06
"""Children born in another place than their parents'."""
MOVED_ON_MARRIAGE = (0.16, 0.14)
"""Elsewhere in the province; to another province."""
MOVED_SINGLE = 0.12
CLAN_SHARE = 0.38
"""Founders of a rural commune who bear one of its three clans' names."""
OWN_PEOPLE_COMMUNE = 0.75
"""Founders who belong to their commune's main people rather than to anybody of the province."""
SIBLINGS_SHARE_MIDDLE, TWINS_SHARE_MIDDLE = 0.5, 0.85
MOTHERS_NAME_AS_MIDDLE = (0.01, 0.02, 0.06, 0.14)
THI = (0.86, 0.76, 0.5, 0.14)
VAN = (0.62, 0.42, 0.16, 0.03)
"""Share of Thị and Văn, by cohort (`words.COHORTS`)."""
FOUR_WORDS_WOMEN = (0.12, 0.25, 0.42, 0.63)
FOUR_WORDS_MEN = (0.03, 0.06, 0.14, 0.26)
TWO_WORDS = (0.05, 0.02, 0.01, 0.005)

WORD_HEAD, WORD_STEEP = 3.0, 1.05
"""Weight of the n-th word of a list: 1 / (n + head) ** steep."""

# registry
YEAR_ONLY = (0.09, 0.03, 0.004, 0.0)
FIRST_OF_JANUARY = (0.07, 0.03, 0.008, 0.001)
"""Of the entries of each cohort."""
DIED, DIED_YEARS = 0.018, 9.0
"""Entries of the dead; in so many years of age it becomes e times likelier."""
SUPERSEDED = 0.004
FORMER_BY_BIRTH_YEAR = ((1950, 0.7), (1999, 0.93), (2004, 0.4))
"""Share with a 9-digit number, for those born up to that year."""
SECOND_FORMER = 0.09
FORMER_FROM_ELSEWHERE = 0.03
PARENTS_KNOWN = ((18, 0.95), (35, 0.75), (50, 0.45), (200, 0.15))
"""Share of entries with each parent's number, for those under that age."""

# rolls
WITH_NUMBER_BY_AGE = ((6, 0.13), (11, 0.22), (15, 0.32), (17, 0.45), (18, 0.62), (30, 0.85))
"""Students under that age whose number the school has typed."""
TEACHERS_WITH_NUMBER = 0.78
TEACHERS_WITH_FORMER = 0.12
"""Of those with a number, the 9-digit one."""
GUARDIANS_WITH_NUMBER, GUARDIANS_WITH_FORMER = 0.06, 0.15
GUARDIAN_BIRTH = (0.12, 0.74, 0.14)
"""Whole date, year only, nothing."""
GUARDIAN_GENDER, GUARDIAN_ADDRESS, GUARDIAN_BIRTH_PLACE, GUARDIAN_PHONE = 0.12, 0.35, 0.04, 0.7
YEAR_ONLY_TYPED_AS_YEAR, YEAR_ONLY_TYPED_AS_JANUARY = 0.4, 0.6
"""How schools write those of whom the registry knows the year only; the rest have a day."""
CANCELLED_NUMBER_KEPT = 0.4
NATIONALITY_TYPED = 0.93
FATHER_GIVEN, MOTHER_GIVEN = 0.68, 0.76
GRANDPARENT_WITHOUT_PARENTS = 0.4
"""Grandparent as guardian where neither parent is given."""
GRANDPARENT_AS_GUARDIAN, GRANDPARENT_AS_PARENT, STEP_PARENT_AS_PARENT = 0.035, 0.012, 0.45
ONE_RECORD_FOR_SIBLINGS = 0.75
TEACHERS_WOMEN, TEACHERS_LIVE_ELSEWHERE = 0.72, 0.02
"""Women among them; how likely one is from a province that handed in no file, next to one from there."""
IN_HIGHER_EDUCATION, IN_UPPER_SECONDARY, IN_KINDERGARTEN = 0.33, 0.8, 0.75
LEVELS = (0.19, 0.37, 0.26, 0.11, 0.02, 0.02, 0.03)
TEACHERS_BY_LEVEL = (0.18, 0.32, 0.26, 0.15, 0.02, 0.02, 0.05)
"""Schools and teachers from kindergarten to university, as in `schools.LEVELS`."""
IN_CONTINUING, IN_COLLEGE = 0.12, 0.3
"""Instead of upper secondary school; instead of university."""
ROLES = {"teacher": 0.86, "manager": 0.07, "staff": 0.07}
RELATION_STYLES = (0.7, 0.2, 0.1)
"""As in `rolls.RELATIONS`."""
DATE_STYLES = {
    "%d/%m/%Y": 0.62,
    "d/m/Y": 0.14,
    "%Y-%m-%d": 0.09,
    "%d-%m-%Y": 0.06,
    "%d.%m.%Y": 0.04,
    "%Y-%m-%d 00:00:00": 0.05,
}
CASE_STYLES = {"as it is": 0.8, "upper": 0.15, "lower": 0.01, "decomposed": 0.04}
PLACE_STYLES = {"code": 0.6, "name": 0.3, "short name": 0.1}
TEACHER_PLACE_STYLES = {"code": 0.15, "name": 0.55, "short name": 0.3}
GENDER_STYLES = {"Nam|Nữ": 0.86, "nam|nữ": 0.07, "NAM|NỮ": 0.04, "Nam|Nu": 0.03}
"""How a school writes: not errors."""


@dataclass(frozen=True)
class Profile:
    """How bad a world is."""

    damaged: float
    """Share of records with at least one error."""
    more_errors: tuple[float, float]
    """Of damaged records: a second error, a third."""
    absent: float
    """Share of the people of the rolls who are not in the registry."""
    foreign: float
    """Of those absent, nationals of other countries."""
    absent_near: float
    """Share absent besides, taken from twins, namesakes and siblings of people who are in the registry."""
    twice: float
    """Share of records typed in a second school too."""
    schools_wrong: float
    """Share of schools with a habit that damages a whole column (see `school_habits`)."""


PROFILES = {
    "plain": Profile(0.25, (0.2, 0.05), 0.005, 0.15, 0.0, 0.008, 0.02),
    "rough": Profile(0.45, (0.32, 0.12), 0.015, 0.15, 0.0, 0.015, 0.05),
    "hostile": Profile(0.45, (0.32, 0.12), 0.015, 0.15, 0.015, 0.015, 0.05),
}

SCHOOL_HABITS = {"marks_left_out": 5, "serial_dates": 3, "two_digit_years": 3, "month_first": 1, "zeros_lost": 6, "scientific": 1.5, "columns_shifted": 1,
                 "women_marked_x": 1, "old_codes": 4}  # fmt: skip
"""Relative weight of each habit among the schools that have one."""

NEAR_SHARES = {"twin": 0.35, "namesake": 0.35, "sibling": 0.3}
"""Who is missing by design in the hostile profile."""

WEIGHTS = {
    "telex_residue": (3, 3, 4), "vni_residue": (1, 1.5, 1.5), "mark_missing": (6, 6, 8), "marks_missing": (3, 3, 6),
    "hoi_nga": (5, 4, 6), "wrong_tone": (3, 3, 4), "hat_lost": (3, 3, 4), "i_y": (4, 4, 5), "l_n": (1.5, 1, 2), "s_x": (1.5, 1, 2),
    "tr_ch": (1.5, 1, 2), "d_gi": (1, 1, 1.5), "final_sound": (2, 1.5, 3), "middle_left_out": (4, 5, 9), "thi_shortened": (2, 4, 4),
    "family_shortened": (1, 1.5, 2.5), "words_merged": (2, 2, 2), "word_split": (1, 1, 1), "letters_swapped": (2, 2, 2.5), "letter_lost": (2.5, 2.5, 3),
    "letter_doubled": (1, 1, 1), "neighbour_key": (2, 2, 2.5), "nickname": (1.2, 0.2, 1.5), "name_with_note": (1.5, 1, 2), "given_first": (0.6, 0.8, 0.8),
    "other_given": (1.2, 0.8, 1.5), "mothers_family": (1.2, 0, 0), "guardian_in_name": (0.4, 0, 0), "apostrophe": (20, 20, 25), "clan_left_out": (8, 8, 10),
    "look_alike_letters": (1, 1, 1),
    "day_month_swapped": (8, 6, 2), "year_near": (3, 3, 9), "year_decade": (1.5, 2, 4), "first_of_january": (2, 2, 1), "day_slip": (4, 3, 1),
    "month_slip": (2.5, 2, 1), "serial_date": (1.5, 1.5, 0.3), "two_digit_year": (1.5, 1.5, 0.5), "lunar_date": (1, 1.5, 0.5), "date_left_out": (1, 1, 0),
    "date_in_words": (0.7, 0.7, 0.2), "date_run_together": (0.8, 0.8, 0.2), "siblings_date": (0.8, 0, 0), "year_of_entry": (0.4, 0.2, 0.2),
    "digits_swapped": (3, 4, 2), "digit_wrong": (3, 4, 2), "digit_dropped": (2, 3, 1.5), "digit_doubled": (1, 1.5, 1), "zero_lost": (4, 5, 3),
    "scientific_number": (0.8, 1, 0.5), "number_spaced": (1.5, 1.5, 1), "parents_number": (2, 0.3, 0), "siblings_number": (2, 0.2, 0),
    "twins_number": (40, 0, 0), "neighbours_number": (0.5, 0.7, 0.3), "spouses_number": (0, 0.4, 1), "placeholder_number": (2, 1.5, 0.5),
    "letter_in_number": (0.8, 0.8, 0.3), "record_id_as_number": (0.5, 0.3, 0.1), "phone_as_number": (0.4, 0.5, 0.7),
    "gender_slip": (3, 2, 2), "gender_left_out": (1.5, 1.5, 0),
    "old_commune": (4, 3, 2), "address_in_words": (2, 3, 2), "old_province": (3, 4, 1), "home_as_birth_place": (3, 3, 0.5), "hospital": (0.7, 0.5, 0),
    "place_left_out": (2, 2, 0), "lived_elsewhere": (4, 4, 2), "district_as_commune": (1.5, 2, 1),
}  # fmt: skip
"""Relative weight of each error among the damaged records of students, teachers and guardians; it is drawn anew where it can't be made, so that what fits
few records (twins, apostrophes) has a high weight and is rare all the same."""
