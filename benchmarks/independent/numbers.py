"""Personal IDs, cancelled ones and 9-digit numbers, unique over all batches though each batch is made alone."""

import numpy as np

from benchmarks.independent.places import rows

_SPACE = 1_000_000
_KEYED = np.random.default_rng(20250701).integers(0, 1000, (6, 1000))


def scrambled(serial: np.ndarray) -> np.ndarray:
    """A fixed one-to-one map of 0…999,999 onto itself, in Feistel rounds."""
    left, right = serial // 1000, serial % 1000
    for table in _KEYED:
        left, right = right, (left + table[right]) % 1000
    return left * 1000 + right


def tails(rng: np.random.Generator, group: np.ndarray, batch: int, batches: int) -> np.ndarray:
    """Six digits for each, different within a group and from every other batch's.

    Raises:
        ValueError: A batch has more people of one group than numbers.
    """
    slots = _SPACE // batches
    if len(group) and np.bincount(group).max() > 0.9 * slots:
        raise ValueError(f"{batches} batches leave {slots} numbers a group: make fewer, larger batches")
    own = rng.integers(0, slots, len(group))
    again = np.arange(len(group))
    while len(again):
        own[again] = rng.integers(0, slots, len(again))
        key = group.astype(np.int64) * _SPACE + own
        order = np.argsort(key, kind="stable")
        again = order[1:][np.diff(key[order]) == 0]
    return scrambled(own * batches + batch)


def personal_ids(
    rng: np.random.Generator,
    province: np.ndarray,
    women: np.ndarray,
    year: np.ndarray,
    batch: int,
    batches: int,
) -> np.ndarray:
    """12-digit numbers as integers: province of registration (of 63), century and gender, year, six random digits."""
    head = province.astype(np.int64) * 1000 + (2 * ((year - 1900) // 100) + women) * 100 + year % 100
    return head * _SPACE + tails(rng, head, batch, batches)


def former_prefixes() -> list[list[str]]:
    """Prefixes of the 9-digit numbers by former province, in the order of its code."""
    known: dict[str, list[str]] = {row["code"]: [] for row in rows("id_province_codes.csv")}
    for row in rows("cmnd_prefixes.csv"):
        if row["cccd_province_code"] in known:
            known[row["cccd_province_code"]].append(row["prefix"])
    return [known[code] for code in sorted(known)]


def former_numbers(rng: np.random.Generator, province: np.ndarray, batch: int, batches: int) -> np.ndarray:
    """9-digit numbers as integers, for people whose number was issued in these provinces (ranks of the 63)."""
    prefixes = former_prefixes()
    head = np.zeros(len(province), np.int64)
    for rank in np.unique(province):
        whose = np.flatnonzero(province == rank)
        choices = [
            int(p.ljust(3, "0")) + extra for p in prefixes[rank] for extra in range(10 if len(p) == 2 else 1)
        ]
        head[whose] = rng.choice(choices, len(whose))
    return head * _SPACE + tails(rng, head, batch, batches)


def as_text(numbers: np.ndarray, digits: int) -> np.ndarray:
    """Integers as fixed-width byte text, zeros in front."""
    out = np.empty((len(numbers), digits), np.uint8)
    rest = numbers.copy()
    for place in range(digits - 1, -1, -1):
        out[:, place] = rest % 10 + 48
        rest //= 10
    return out.view(f"S{digits}").ravel()
