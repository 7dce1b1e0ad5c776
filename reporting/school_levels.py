"""School levels as the report groups them: education databases write them in many words."""

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

_WORDS = {
    "preschool": ("mầm non", "mẫu giáo", "nhà trẻ", "mn", "mg"),
    "primary": ("tiểu học", "th", "cấp 1"),
    "lower_secondary": ("thcs", "trung học cơ sở", "cấp 2"),
    "upper_secondary": ("thpt", "trung học phổ thông", "cấp 3"),
    "combined": ("liên cấp", "phổ thông nhiều cấp học", "th&thcs", "thcs&thpt"),
    "continuing": ("gdtx", "gdnn-gdtx", "giáo dục thường xuyên"),
    "vocational": ("gdnn", "trung cấp", "giáo dục nghề nghiệp"),
    "college": ("cao đẳng", "cđ"),
    "university": ("đại học", "đh"),
}
LEVELS = tuple(_WORDS)
"""In the order of age; each has a text `level_of_school.<level>`."""

_LEVEL_OF = {word: level for level, words in _WORDS.items() for word in (level, *words)}


def school_levels(typed: pa.ChunkedArray) -> pa.ChunkedArray:
    """The level that each text means; a text that means none of them stays as it is."""
    levels = pc.dictionary_encode(typed).unify_dictionaries()
    chunks = [
        pa.array([_level(word) for word in chunk.dictionary.to_pylist()], pa.string()).take(chunk.indices)
        for chunk in levels.chunks
    ]
    return pa.chunked_array(chunks, pa.string())


def _level(word: str) -> str:
    return _LEVEL_OF.get(" ".join(unicodedata.normalize("NFC", word).lower().split()), word)
