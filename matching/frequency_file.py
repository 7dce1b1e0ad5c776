"""Frequencies as a file: what is known of all people where the registry can't be counted (a service)."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from matching.errors import ModelUnreadable
from matching.frequency import Frequencies, WordShares

RAREST_KEPT = 2e-6
"""Words borne by fewer are left to the floor of the word model."""


def load_frequencies(entries: int, path: Path | None = None) -> Frequencies:
    """The stored frequencies, for a registry of so many entries; without a path, those of the package.

    Raises:
        ModelUnreadable: no such file, or not one of ours.
    """
    source = path or files("matching") / "stored_frequencies.json"
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        words = content["words"]
        places = np.zeros((100, 100))
        for birth, home, share in content["places"]:
            places[birth, home] = share
        return Frequencies(
            entries=entries,
            words=WordShares(
                words["first"],
                words["middle"],
                words["last"],
                {int(n): s for n, s in words["lengths"].items()},
            ),
            years=np.array(content["years"]),
            first_of_january=np.array(content["first_of_january"]),
            coarse=float(content["coarse"]),
            places=places,
            communes={int(code): share for code, share in content.get("communes", {}).items()},
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelUnreadable(str(path or "stored_frequencies.json"), type(error).__name__) from error


def dump_frequencies(known: Frequencies, path: Path) -> None:
    """Write frequencies as a file that `load_frequencies` reads; shares only, no name of a person."""
    words = {place: _rounded(getattr(known.words, place)) for place in ("first", "middle", "last")}
    at = np.argwhere(known.places > RAREST_KEPT)
    content = {
        "words": {**words, "lengths": {str(n): round(s, 6) for n, s in sorted(known.words.lengths.items())}},
        "years": [round(float(share), 7) for share in known.years],
        "first_of_january": [round(float(share), 5) for share in known.first_of_january],
        "coarse": round(known.coarse, 5),
        "communes": {str(code): round(share, 9) for code, share in sorted(known.communes.items())},
        "places": [[int(b), int(h), round(float(known.places[b, h]), 7)] for b, h in at],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _rounded(words: dict[str, float]) -> dict[str, float]:
    return {word: round(share, 7) for word, share in sorted(words.items()) if share >= RAREST_KEPT}
