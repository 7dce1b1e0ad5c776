"""The levels that comparisons reach, in order from agreement to disagreement; position is the order and the code."""

NAME = (
    "same",
    "same_unmarked",  # one side has no marks at all, the letters agree
    "marks_differ",
    "same_sound",  # regional spelling, or the same but for spaces
    "one_edit",
    "word_order",
    "word_missing",  # one word missing, added or cut to its first letter
    "given_marks_lost",  # the letters agree, but the given name was typed without its marks: Tam for Tâm
    "given_marks_differ",  # the letters agree, and the given name has other marks: Hoa and Hòa, a slip or a twin
    "given_same_sound",  # by ear the name is the same, and the given name is spelt as another one: Vy and Vi, Linh and Ninh
    "given_differs",  # the rest all but agrees, and the given name is another one that people bear: An and Anh, as twins have it
    "family_differs",  # all words but the first agree: the mother's family name, say
    "two_edits",
    "family_and_given",  # first and last word agree
    "similar",
    "given_agrees",  # only the last word agrees
    "family_agrees",  # only the first word agrees
    "different",
    "missing",
)
NAME_PART = (
    "same",
    "one_edit",
    "cut",  # one is the beginning of the other, or its first letter
    "alike",
    "different",
    "missing",
)
"""Family or given name, where names are compared by their parts."""
MIDDLE = ("same", "partly", "different", "missing")
"""What stands between family and given name."""
BIRTH_DATE = (
    "same_day",
    "default_day",  # both say 1 January: agrees on the year, perhaps on nothing more
    "day_month_swapped",
    "year_off",  # day and month agree, the year is off by 1, 2, 9, 10, 11 or by two digits swapped
    "one_part_off",  # year and one of month, day agree
    "coarse",  # one side knows only the year or month (or says 1 January), and it agrees
    "same_year",
    "adjacent_year",
    "different",
    "far",  # more than 12 years apart: another generation
    "missing",
)
GENDER = ("same", "different", "missing")
BIRTH_PLACE = ("same", "same_region", "different", "missing")  # region: one of the 34 that it merged into
RESIDENCE = ("same_commune", "same_province", "different", "missing")
NUMBER = (
    "same",
    "former_same",
    "superseded",
    "zero_restored",
    "one_digit",  # one digit off, or two neighbours swapped
    "structure_agrees",  # province, century, gender and year of the number agree, the rest does not
    "different",
    "missing",
)
PARENTS = ("both_agree", "one_agrees", "mixed", "differ", "missing")

COMPARISONS = {
    "name": NAME,
    "birth_date": BIRTH_DATE,
    "gender": GENDER,
    "birth_place": BIRTH_PLACE,
    "residence": RESIDENCE,
    "number": NUMBER,
    "parents": PARENTS,
}
"""Comparison → its levels; the same names stand in the evidence of a decision."""
