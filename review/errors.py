"""What can go wrong while decisions are taken in, or users of the page are made.

ReviewError
├── ReviewerUnnamed     nobody answers for the decisions
├── ReviewerMayNot      whoever is named may not decide
├── SealKeyDiffers      decisions were made under another key than ours
├── UsernameUnusable    a username may not look like that
├── UsernameTaken       somebody has that username, or that name
├── UserUnknown         there is no such user
└── PasswordTooShort    or longer than can be used
"""


class ReviewError(Exception):
    """The root: catch this to catch every error of this package."""


class ReviewerUnnamed(ReviewError):
    """A decision needs a name that answers for it."""

    def __init__(self) -> None:
        super().__init__("a decision needs the name of whoever answers for it; give --reviewer NAME")


class ReviewerMayNot(ReviewError):
    """Whoever is named is a user of the page who only reads, or was shut out.

    Attributes:
        username: Which user.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"user {username} may not decide: an auditor, or disabled; nothing was taken in")


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


class UsernameUnusable(ReviewError):
    """A username may not look like that.

    Attributes:
        username: As given.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(
            f"{username!r} can't be a username; use 2 to 40 small letters a-z, digits, dots, dashes"
        )


class UsernameTaken(ReviewError):
    """Somebody has that username, or that name.

    Attributes:
        username: As given.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"a user {username} or one of the same name is there already; choose another")


class UserUnknown(ReviewError):
    """There is no such user.

    Attributes:
        username: As given.
    """

    def __init__(self, username: str) -> None:
        self.username = username
        super().__init__(f"there is no user {username} who may sign in; see `identity-sync review user list`")


class PasswordTooShort(ReviewError):
    """A password is too short, or longer than can be used.

    Attributes:
        shortest: Characters, at least.
        longest: At most.
    """

    def __init__(self, shortest: int, longest: int) -> None:
        self.shortest = shortest
        self.longest = longest
        super().__init__(f"a password has {shortest} to {longest} characters")
