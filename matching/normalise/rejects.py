"""Why a value could not be used, or was used with a doubt: the codes that stand in REJECTS.

Codes are stable: reports count them and label them in two languages. None carries the value.
"""

from enum import StrEnum


class Reject(StrEnum):
    """One sentence each; `kept` says whether the value is used nevertheless."""

    NAME_MISSING = "name_missing"
    """No name was typed."""
    NAME_PLACEHOLDER = "name_placeholder"
    """Words that stand for no name: không có, chưa rõ, a column title, a class."""
    NAME_WITHOUT_LETTERS = "name_without_letters"
    """No Latin letter in it."""
    NAME_TOO_LONG = "name_too_long"
    """More words than any name has: an address or a note."""
    NAME_LETTERS_LOST = "name_letters_lost"
    """Letters became question marks on the way; the rest is used."""
    NAME_ENCODING = "name_encoding"
    """In a legacy encoding that the rest of the school doesn't use; the decoded name is a second reading only."""

    DATE_UNREADABLE = "date_unreadable"
    """No form of a date that we know."""
    IMPOSSIBLE_DAY = "impossible_day"
    """The calendar has no such day; only the year is used."""
    FUTURE_DATE = "future_date"
    """Born after the day of the run."""
    ABSURD_AGE = "absurd_age"
    """Too young or too old for this kind of record."""

    GENDER_UNREADABLE = "gender_unreadable"
    """Neither word nor sign for a man or a woman."""

    NUMBER_WRONG_FORM = "number_wrong_form"
    """Digits, but of no number that was ever issued."""
    NUMBER_PLACEHOLDER = "number_placeholder"
    """000000000000, 123456789012, "chưa có": stands for no number."""
    NUMBER_LOST = "number_lost"
    """A spreadsheet turned it into 1.2E+11; the digits are gone."""
    NUMBER_FOREIGN_DOCUMENT = "number_foreign_document"
    """A passport or another document with letters in its number."""
    NUMBER_REPAIR_CONTRADICTED = "number_repair_contradicted"
    """With the lost zeros put back, the number says another birth year or gender than the record; not used."""
    NUMBER_SAYS_OTHER_YEAR = "number_says_other_year"
    """The birth year inside the number differs from the record's; number, date or both may be wrong."""
    NUMBER_SAYS_OTHER_GENDER = "number_says_other_gender"
    """The gender inside the number differs from the record's; either may be wrong."""

    BIRTH_PLACE_UNREADABLE = "birth_place_unreadable"
    """No province of today or before in it."""
    RESIDENCE_UNREADABLE = "residence_unreadable"
    """No province of today or before in it."""
    COMMUNE_UNREADABLE = "commune_unreadable"
    """No commune of that name or code, in that province or at all."""
    COMMUNE_AMBIGUOUS = "commune_ambiguous"
    """Several communes of the province fit; only the province is used."""
    COMMUNE_ELSEWHERE = "commune_elsewhere"
    """The commune's code lies in another province than the one typed; only the province is used."""

    NATIONALITY_UNREADABLE = "nationality_unreadable"
    """Neither Việt Nam nor surely another country; taken as Vietnamese."""

    @property
    def kept(self) -> bool:
        """Whether the value, or what is left of it, is used in spite of this."""
        return self in _KEPT


_KEPT = frozenset(
    {
        Reject.NAME_LETTERS_LOST,
        Reject.NAME_ENCODING,
        Reject.IMPOSSIBLE_DAY,
        Reject.NUMBER_SAYS_OTHER_YEAR,
        Reject.NUMBER_SAYS_OTHER_GENDER,
        Reject.COMMUNE_AMBIGUOUS,
        Reject.COMMUNE_ELSEWHERE,
        Reject.NATIONALITY_UNREADABLE,
    }
)
