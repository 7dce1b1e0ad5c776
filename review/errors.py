"""What can go wrong while decisions are taken in.

ReviewError
├── ReviewerUnnamed     nobody answers for the decisions
└── SealKeyDiffers      decisions were made under another key than ours
"""


class ReviewError(Exception):
    """The root: catch this to catch every error of this package."""


class ReviewerUnnamed(ReviewError):
    """A decision needs a name that answers for it."""

    def __init__(self) -> None:
        super().__init__("a decision needs the name of whoever answers for it; give --reviewer NAME")


class SealKeyDiffers(ReviewError):
    """Decisions were made under another key: whether they still hold can't be told, so nothing is decided without them.

    Attributes:
        count: How many decisions.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(
            f"{count} decisions of reviewers were made under another seal key; put the file seal.key of that installation "
            "into the home folder, and run again"
        )
