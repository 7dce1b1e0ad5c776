"""Every text of the command line and the gates, in Vietnamese and English; catalogues as those of `reporting.texts`."""

from functools import cache
from importlib import resources

from babel import Locale

from reporting.texts import LANGUAGES, Texts, read_messages

__all__ = ["LANGUAGES", "Texts", "texts"]


@cache
def texts(language: str) -> Texts:
    """The texts of `language`, one of `LANGUAGES`."""
    place = resources.files("pipelines") / "locales" / language / "pipelines.po"
    return Texts(language, read_messages(place, language), Locale.parse(language))
