"""What is typed beside a name: titles, notes in brackets, a second name, words that stand for no name."""

import re

from matching.normalise.letters import without_marks
from matching.normalise.vocabulary import phrases, words

_FAMILY_NAMES = words(
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trương trịnh"
)
"""Of nine people in ten."""
_UNMARKED_FAMILY_NAMES = frozenset(map(without_marks, _FAMILY_NAMES))
_MIDDLE_WORDS = frozenset({"thị", "văn"})
_UNMARKED_MIDDLE_WORDS = frozenset({"thi", "van"})

_ACADEMIC = (
    r"(?:gs|pgs|tskh|ts|th\.?\s?s|bs\.?\s?ck\s?[i12]+|bs|ks|cn|ds|dr|mr|mrs|ms|miss|hs|gv|ph|phhs|nv|cb)"
)
_ABBREVIATED_TITLES = re.compile(rf"^(?:{_ACADEMIC}(?:[.,:/\s]+|$))+(?=\S)")
"""Abbreviations without a vowel, or followed by a stop: none is the first word of a name."""

_SPELT_TITLES = re.compile(
    r"^(?:thac s[iy]|tien s[iy]|giao su|pho giao su|bac s[iy]|ky su|cu nhan|giao vien|hoc sinh|phu huynh|nguoi giam ho|"
    r"ho va ten|ho ten)\b[\s:.]*(?=\S+ \S)"
)
_ADDRESS_WORDS = words("ông bà cô thầy cụ anh chị em cháu bé bác chú dì cậu bố mẹ cha má")
_UNMARKED_ADDRESS_WORDS = words("ong ba co thay anh chi")
"""How people are spoken of. Some are names too (Ông Mnông and Chăm), so they fall only before a common family name."""

_BRACKETED = re.compile(
    r"\(([^()]*)\)?|\[([^\[\]]*)\]?|\{([^{}]*)\}?|\"([^\"]*)\"|“([^”]*)”|«([^»]*)»|<([^<>]*)>"
)
_SECOND_NAME = re.compile(r"\s*[/;|\\,]\s*|\s+[-–—]+\s+")

_PLACEHOLDERS = phrases(
    """
    không|không có|không rõ|không biết|không có tên|chưa|chưa có|chưa rõ|chưa biết|chưa cập nhật|đang cập nhật|ko|ko có|n a|null|none|
    nan|nil|test|x|xx|xxx|xxxx|khuyết|khuyết danh|vô danh|đã mất|mất|họ và tên|họ tên|họ và tên học sinh|họ tên học sinh|
    họ và tên giáo viên|họ và tên cha|họ và tên mẹ|họ tên cha|họ tên mẹ|full name|name|tên|học sinh|giáo viên|phụ huynh|tổng|tổng số|
    tổng cộng|stt|bố|mẹ|cha|bà|má|ông|cô|thầy|bé|em|người giám hộ|giám hộ|undefined|unknown|no name
    """
)
"""Each stands for no name when it is all there is, with its own marks or with none: Khổng and Bế are names."""
_UNMARKED_PLACEHOLDERS = frozenset(map(without_marks, _PLACEHOLDERS)) - {"ma", "be", "em", "ba", "co"}

_CLASS_ROW = re.compile(r"^(?:lop\s*\d|(?:lop|khoi|nhom|to|truong)\s+\d)")


def is_placeholder(cleaned: str) -> bool:
    """Whether a cleaned text stands for no name: a word for nothing, a column title, the name of a class."""
    plain = " ".join(re.sub(r"[\W_]+", " ", cleaned).split())
    if plain in _PLACEHOLDERS or plain in _UNMARKED_PLACEHOLDERS:
        return True
    return _CLASS_ROW.match(without_marks(plain)) is not None


def without_asides(cleaned: str) -> tuple[str, str | None]:
    """The first of the names in a cleaned text, without bracketed notes; and another full name of the person, if one is given.

    A note counts as another name when it opens with the same family name: "(Bin)" or "(mẹ)" doesn't.
    """
    notes = [next((part for part in found.groups() if part), "") for found in _BRACKETED.finditer(cleaned)]
    text = _BRACKETED.sub(" ", cleaned).strip(" .,;:-/'")
    if not re.search(r"[^\W\d_]", text):
        return " ".join(notes), None
    parts = [part for part in _SECOND_NAME.split(text) if part and part.strip()]
    if len(parts) > 1 and len(parts[0].split()) > 1:
        notes += parts[1:]
        text = parts[0]
    first = text.split()[0]
    other = next((note for note in notes if len(note.split()) > 1 and note.split()[0] == first), None)
    return text, other


def without_titles(cleaned: str) -> tuple[str, str | None]:
    """The text without the titles that lead it, as long as two words are left; and the reading with the word kept.

    A second reading exists only where the title may be a name: Ông is how one speaks of a man, and a family name.
    """
    text, doubtful = cleaned.strip(" .,;:-/'"), None
    while True:
        shorter, maybe_name = _without_one_title(text)
        if len(shorter.split()) < 2 or shorter == text:
            return text, doubtful
        doubtful = text if maybe_name else doubtful
        text = shorter


def _without_one_title(text: str) -> tuple[str, bool]:
    found = _ABBREVIATED_TITLES.match(text)
    if found:
        return text[found.end() :], False
    words = text.split()
    plain = [without_marks(word).strip(".:,") for word in words]
    spelt = _SPELT_TITLES.match(" ".join(plain))
    if spelt:
        return " ".join(words[len(spelt[0].split()) :]), False
    return (" ".join(words[1:]), True) if _is_spoken_of(words) else (text, False)


def _is_spoken_of(words: list[str]) -> bool:
    """Whether the first word is how one speaks of the person that the others name."""
    if len(words) < 3:
        return False
    first = words[0].strip(".:,")
    if all(word.isascii() for word in words):
        names_follow = words[1] in _UNMARKED_FAMILY_NAMES or words[2] in _UNMARKED_MIDDLE_WORDS
        return first in _UNMARKED_ADDRESS_WORDS and names_follow
    return first in _ADDRESS_WORDS and (words[1] in _FAMILY_NAMES or words[2] in _MIDDLE_WORDS)


CALLS_FOR_CARE = frozenset(
    _ADDRESS_WORDS
    | _UNMARKED_ADDRESS_WORDS
    | {phrase.split()[0] for phrase in _PLACEHOLDERS | _UNMARKED_PLACEHOLDERS}
    | words("gs pgs tskh ts th ths bs ks cn ds dr mr mrs ms miss hs gv ph phhs nv cb")
    | words("thạc tiến giáo phó bác kỹ kĩ cử học phụ người họ lớp khối nhóm tổ trường")
    | words("thac tien giao pho bac ky ki cu hoc phu nguoi ho lop khoi nhom to truong")
)
"""First words of texts that may hold a title or no name: all others need not be looked at."""
