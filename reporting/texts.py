"""Every text that people read, in Vietnamese and English, and how numbers and dates are written.

The catalogues are gettext `.po` files, read with Babel when first asked for and kept in memory: no compiled
file can be older than its source, and reading both takes a few hundredths of a second. Message ids are keys
(`reason.number_lost`), not English sentences, so that a change of wording never unlinks a translation. A key
that a catalogue lacks is an error, not a key on an officer's desk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from reporting.errors import MissingTextError, UnknownLanguageError

LANGUAGES = ("vi", "en")
"""The languages there are catalogues for, the default first."""

NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True)
class Texts:
    """The texts of one language: `texts("reason.number_lost")`."""

    language: str
    messages: Mapping[str, str]
    locale: Locale

    def __call__(self, key: str, **values: object) -> str:
        """The text for `key`, its `{places}` filled with `values`.

        Raises:
            MissingTextError: The catalogue has no such key.
        """
        if key not in self.messages:
            raise MissingTextError(key, self.language)
        return self.messages[key].format(**values) if values else self.messages[key]

    def label(self, group: str, word: str | None) -> str:
        """The text for a word of a vocabulary that others own (passes, school levels, reject reasons).

        Such a vocabulary may grow before the catalogue does; an unknown word is then shown as it is.
        """
        if not word:
            return self(f"{group}.unknown")
        return self.messages.get(f"{group}.{word}", word)

    def number(self, count: int) -> str:
        """A whole number: 1.204.331 in Vietnamese, 1,204,331 in English."""
        return str(format_decimal(count, locale=self.locale))

    def decimal(self, value: float, digits: int = 1) -> str:
        """A number with a fixed number of decimals: 75,3."""
        return str(format_decimal(value, format="#,##0." + "0" * digits, locale=self.locale))

    def share(self, part: int, whole: int) -> str:
        """A share with one decimal: 75,3 %. Only nothing prints as 0,0 and only everything as 100,0."""
        if whole == 0:
            return "–"
        permille = min(max(round(1000 * part / whole), 1), 999) if 0 < part < whole else 1000 * part // whole
        return self._unit(self.decimal(permille / 10))

    def points(self, change: float) -> str:
        """A change of a share, in percentage points with its sign: +0,8."""
        rounded = round(change, 1)
        sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
        return sign + self.decimal(abs(rounded))

    def of(self, part: int, whole: int) -> str:
        """Both numbers and the share: 1.204.331 / 1.600.000 (75,3 %)."""
        return f"{self.number(part)} / {self.number(whole)} ({self.share(part, whole)})"

    def day(self, when: date) -> str:
        """A date: 21/11/2026 in Vietnamese, 21 Nov 2026 in English, where figures would be read two ways."""
        form = "dd/MM/yyyy" if self.language == "vi" else "d MMM yyyy"
        return str(format_date(when, format=form, locale=self.locale))

    def _unit(self, figure: str) -> str:
        return f"{figure}{NO_BREAK_SPACE}%" if self.language == "vi" else f"{figure}%"


@cache
def texts(language: str = "vi") -> Texts:
    """The texts of `language` (vi or en).

    Raises:
        UnknownLanguageError: There is no catalogue for it.
    """
    if language not in LANGUAGES:
        raise UnknownLanguageError(language, LANGUAGES)
    return Texts(language, _read(language), Locale.parse(language))


def _read(language: str) -> dict[str, str]:
    return read_messages(
        resources.files("reporting") / "locales" / language / "LC_MESSAGES" / "reporting.po", language
    )


def read_messages(place: Traversable, language: str) -> dict[str, str]:
    """The messages of a catalogue: key → text."""
    catalogue = read_po(BytesIO(place.read_bytes()), locale=language, abort_invalid=True)
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}
