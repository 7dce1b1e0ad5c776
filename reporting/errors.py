"""What can go wrong while reporting.

ReportingError
├── UnknownLanguageError    a language there is no catalogue for
├── MissingTextError        a text that a catalogue lacks
└── CountsDisagreeError     decisions and records that don't belong together
"""


class ReportingError(Exception):
    """The root: catch this to catch every error of this package."""


class UnknownLanguageError(ReportingError):
    """A language there is no catalogue for."""

    def __init__(self, language: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no texts in language {language!r}; choose one of {', '.join(known)}")
        self.language = language
        self.known = known


class MissingTextError(ReportingError):
    """A text that a catalogue lacks."""

    def __init__(self, key: str, language: str) -> None:
        super().__init__(
            f"text {key!r} is missing in {language}; add it to locales/{language}/LC_MESSAGES/reporting.po"
        )
        self.key = key
        self.language = language


class CountsDisagreeError(ReportingError):
    """There must be one decision for each record: a rate over anything else would be wrong without a sign."""

    def __init__(self, *, undecided: int, unknown: int, repeated: int) -> None:
        super().__init__(
            "decisions and records don't belong together: "
            f"{undecided} records without a decision, {unknown} decisions without a record, "
            f"{repeated} decided more than once; give the two tables of one run and one partition"
        )
        self.undecided = undecided
        self.unknown = unknown
        self.repeated = repeated
