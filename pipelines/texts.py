"""Every text of the command line and the gates, in Vietnamese and English; catalogues as those of `reporting.texts`."""

from functools import cache
from importlib import resources
from io import BytesIO

from babel import Locale
from babel.messages.pofile import read_po

from reporting.texts import LANGUAGES, Texts

__all__ = ["LANGUAGES", "Texts", "texts"]


@cache
def texts(language: str) -> Texts:
    """The texts of `language`, one of `LANGUAGES`."""
    place = resources.files("pipelines") / "locales" / language / "pipelines.po"
    catalogue = read_po(BytesIO(place.read_bytes()), locale=language, abort_invalid=True)
    messages = {
        str(message.id): str(message.string) for message in catalogue if message.id and message.string
    }
    return Texts(language, messages, Locale.parse(language))
