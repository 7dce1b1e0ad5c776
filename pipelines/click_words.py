"""Click's own words (usage, options, what is wrong with an argument) in the language of the command line.

Click asks gettext, which finds compiled catalogues in folders of the system by variables of the environment, and would hand both on to
every process that is started from here. So the function by which its modules ask is replaced.
"""

from types import ModuleType

from click import core, decorators, exceptions, formatting, parser, termui, types

from pipelines.texts import Texts

_MODULES: tuple[ModuleType, ...] = (core, decorators, exceptions, formatting, parser, termui, types)


def speak(text: Texts) -> None:
    """Have Click speak a language; what has no text stays English."""

    def said(words: str) -> str:
        return text.messages.get(f"click.{words}", words)

    for module in _MODULES:
        setattr(module, "_", said)  # noqa: B010 (mypy knows no such name there)
