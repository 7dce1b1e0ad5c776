"""The words of a decision: outcomes and reasons."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a record."""

    LINKED = "linked"
    CLERICAL_REVIEW = "clerical_review"
    UNLINKED = "unlinked"


class Reason(StrEnum):
    """Why; the first group stands with `linked`, the second with the other two outcomes."""

    NUMBER_VERIFIED = "number_verified"
    """The claimed 12-digit number exists, and name and birth date agree with its entry."""
    FORMER_NUMBER_VERIFIED = "former_number_verified"
    """The same through a 9-digit number."""
    SUPERSEDED_NUMBER_FOLLOWED = "superseded_number_followed"
    """The claimed number was cancelled; its holder's present number is given."""
    NUMBER_REPAIRED = "number_repaired"
    """The number as typed was damaged (lost zero, one digit), the rest agrees with one entry."""
    EVIDENCE_AGREES = "evidence_agrees"
    """No usable number; name, date and place leave one entry."""
    FAMILY_AGREES = "family_agrees"
    """Found as parent or child of somebody already linked."""
    DUPLICATE_RECORD = "duplicate_record"
    """One person entered twice: this record and another carry the same ID, each certain by itself."""
    CONFIRMED_BY_PERSON = "confirmed_by_person"
    """Somebody compared the record with this entry and said that they are one person."""

    SEVERAL_FIT = "several_fit"
    ENTRY_SHARED = "entry_shared"
    """Two records that are not alike point to one entry."""
    NUMBER_SHARED = "number_shared"
    """One number is claimed by several records."""
    NUMBER_OF_ANOTHER = "number_of_another"
    """The claimed number belongs to somebody whose name or date differs."""
    NUMBER_WRONG_FORM = "number_wrong_form"
    NUMBER_LOST = "number_lost"
    """A spreadsheet turned the number into 1.2E+11; nobody fits by the rest."""
    NUMBER_UNKNOWN = "number_unknown"
    """The number has a good form, and the registry does not hold it."""
    NAME_DIFFERS = "name_differs"
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    GENDER_DIFFERS = "gender_differs"
    PLACE_DIFFERS = "place_differs"
    WEAK_EVIDENCE = "weak_evidence"
    """One entry is more likely than any other, but what agrees is too common to be sure."""
    TOO_LITTLE_DATA = "too_little_data"
    NOBODY_FOUND = "nobody_found"
    REGISTRY_DECEASED = "registry_deceased"
    FOREIGN_NATIONAL = "foreign_national"
    """Left out of scope: the registry holds citizens."""
    COULD_NOT_ASK = "could_not_ask"
    """The registry did not answer for this record; the next run asks again."""
    REGISTRY_WITHHOLDS = "registry_withholds"
    """The registry tells nothing of the holder of the claimed number: its own office must be asked."""
    REVIEWERS_DIFFER = "reviewers_differ"
    """Two people decided differently; a third settles it."""
    REVIEWER_UNSURE = "reviewer_unsure"
    """Somebody looked and could not tell."""
    SENT_TO_SCHOOL = "sent_to_school"
    """Somebody looked and gave the record back to its school."""
    NO_NUMBER_YET = "no_number_yet"
    """Somebody looked: the person has no personal ID yet."""


LINKED_REASONS = frozenset(list(Reason)[:8])
OUT_OF_SCOPE = frozenset({Reason.FOREIGN_NATIONAL})

BY_PERSON = "person"
"""`decided_by` of what a person decided: it outranks every pass."""


class Verdict(StrEnum):
    """What a person said of a record and the candidates that were shown beside it."""

    SAME = "same"
    NOT_SAME = "not_same"
    """None of the candidates is this person."""
    UNSURE = "unsure"
    BACK_TO_SCHOOL = "back_to_school"
    NO_NUMBER = "no_number"
    """The person has no personal ID yet."""
    CONFLICT = "conflict"
    """Nobody says this: several people said what can't all be true, and it waits for another."""
