"""Slips in a number of 9 or 12 digits: text and a random source in, other text out, or None where the slip can't be made."""

from random import Random


def digits_swapped(text: str, rnd: Random) -> str | None:
    """Two neighbours change places."""
    where = [i for i in range(len(text) - 1) if text[i] != text[i + 1]]
    if not where:
        return None
    i = rnd.choice(where)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def digit_wrong(text: str, rnd: Random) -> str | None:
    """One digit is another."""
    i = rnd.randrange(len(text))
    return text[:i] + rnd.choice([d for d in "0123456789" if d != text[i]]) + text[i + 1 :]


def digit_dropped(text: str, rnd: Random) -> str | None:
    """One digit is missing, not the first."""
    i = rnd.randrange(1, len(text))
    return text[:i] + text[i + 1 :]


def digit_doubled(text: str, rnd: Random) -> str | None:
    """One digit twice."""
    i = rnd.randrange(len(text))
    return text[: i + 1] + text[i:]


def zero_lost(text: str, rnd: Random) -> str | None:
    """A spreadsheet took it for a number; at times one with decimals."""
    if not text.startswith("0"):
        return None
    return text.lstrip("0") + (".0" if rnd.random() < 0.15 else "")


def scientific_number(text: str, rnd: Random) -> str | None:
    """A spreadsheet's short form: the digits are gone."""
    if len(text) != 12 or not text.isdigit():
        return None
    short = f"{int(text):.{rnd.choice((2, 4, 5))}E}"
    return short.replace(".", ",") if rnd.random() < 0.4 else short


def number_spaced(text: str, rnd: Random) -> str | None:
    """Groups of three, an apostrophe in front, words around."""
    groups = [text[i : i + 3] for i in range(0, len(text), 3)]
    return rnd.choice(
        (" ".join(groups), ".".join(groups), "-".join(groups), f"'{text}", f"CCCD: {text}", f"{text} (CCCD)")
    )


def letter_in_number(text: str, rnd: Random) -> str | None:
    """O for zero, l for one."""
    alike = {"0": "O", "1": rnd.choice("lI")}
    where = [i for i, c in enumerate(text) if c in alike]
    if not where:
        return None
    i = rnd.choice(where)
    return text[:i] + alike[text[i]] + text[i + 1 :]


NUMBER_SLIPS = {
    slip.__name__: slip
    for slip in (
        digits_swapped,
        digit_wrong,
        digit_dropped,
        digit_doubled,
        zero_lost,
        scientific_number,
        number_spaced,
        letter_in_number,
    )
}
PLACEHOLDERS = (
    "000000000000",
    "111111111111",
    "123456789012",
    "999999999999",
    "0",
    "036",
    "không có",
    "chưa có",
    "x",
    "-",
    "012345678910",
    "001000000000",
)
