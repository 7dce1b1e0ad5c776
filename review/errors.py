"""What can go wrong while decisions are taken in.

ReviewError
└── ReviewerUnnamed     nobody answers for the decisions
"""


class ReviewError(Exception):
    """The root: catch this to catch every error of this package."""


class ReviewerUnnamed(ReviewError):
    """A decision needs a name that answers for it."""

    def __init__(self) -> None:
        super().__init__("a decision needs the name of whoever answers for it; give --reviewer NAME")
