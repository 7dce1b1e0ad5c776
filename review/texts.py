"""The texts of the review page: its own, and those of the reports for everything that reports say too."""

from functools import cache
from importlib import resources

from reporting.texts import LANGUAGES, Texts, read_messages
from reporting.texts import texts as reported

__all__ = ["LANGUAGES", "Texts", "texts"]


@cache
def texts(language: str) -> Texts:
    """The texts of `language`, one of `LANGUAGES`."""
    place = resources.files("review") / "locales" / language / "review.po"
    known = reported(language)
    return Texts(language, {**known.messages, **read_messages(place, language)}, known.locale)
