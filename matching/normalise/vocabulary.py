"""Lists of words as one writes them, and the words that stand for nothing in any column."""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[str]:
    """The phrases of a text, separated by |; spaces and line ends count as one space."""
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|"))


NOTHING = phrases(
    "|khong|khong ro|khong co|khong biet|ko|ko co|chua|chua ro|chua co|chua biet|chua cap nhat|dang cap nhat|null|none|nan|nat|"
    "n/a|n a|na|#n/a|<na>|nil|unknown|undefined|-|--|---|.|..|...|/|//|?|??|x|xx|xxx"
)
"""In lower case and without marks. Each stands for nothing when it is all that was typed."""
