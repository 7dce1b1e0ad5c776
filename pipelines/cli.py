"""identity-sync: the command line, and the only place that turns errors into messages and exit codes.

Data goes to stdout, talk to stderr. Heavy parts are imported inside the commands that need them.
"""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click

from connectors.errors import (
    ConnectorError,
    ProvinceLocked,
    RegistryProblem,
    RegistryUnreachable,
    RollbackRefused,
)
from matching.errors import MatchingError
from pipelines.click_words import speak
from pipelines.errors import (
    Ending,
    MonthUnknown,
    PipelineError,
    ProvinceAmbiguous,
    ProvinceNotFound,
    RecordAmbiguous,
    RecordUnknown,
    RegistryNotStarted,
    RunBusy,
    RunIncomplete,
    RunUnknown,
    ScheduleEnded,
    StageFailed,
)
from pipelines.examples import EXAMPLES
from pipelines.settings import CONFIG_VARIABLE, PREFIX, Known, Settings, read_settings
from pipelines.telling import error_in_words
from pipelines.texts import LANGUAGES, Texts, texts
from reporting.errors import ReportingError
from review.errors import (
    PasswordTooShort,
    ReviewerMayNot,
    ReviewError,
    ReviewerUnnamed,
    UsernameTaken,
    UsernameUnusable,
    UserUnknown,
)


class Exit(IntEnum):
    """What the process ends with."""

    DONE = 0
    BROKEN = 1
    """Nobody foresaw it; to be reported."""
    USAGE = 2
    SETTINGS = 3
    """Settings or data contract wrong."""
    GATE = 4
    """A gate failed; nothing was written for its partition."""
    REGISTRY = 5
    """The registry is out of reach; can be resumed."""
    HELD = 6
    """Another run holds the province."""
    PROVINCES = 7
    """Some provinces failed."""
    AUDIT = 8
    """The audit does not hold."""
    INTERRUPTED = 130
    """Can be resumed."""


_ENDINGS = {
    Ending.INTERRUPTED: Exit.INTERRUPTED,
    Ending.REGISTRY: Exit.REGISTRY,
    Ending.FAILED: Exit.PROVINCES,
    Ending.HELD: Exit.HELD,
    Ending.GATE: Exit.GATE,
}
_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (ProvinceNotFound, Exit.USAGE),
    (ProvinceAmbiguous, Exit.USAGE),
    (RunUnknown, Exit.USAGE),
    (MonthUnknown, Exit.USAGE),
    (RecordUnknown, Exit.USAGE),
    (RecordAmbiguous, Exit.USAGE),
    (RunBusy, Exit.HELD),
    (ProvinceLocked, Exit.HELD),
    (RegistryUnreachable, Exit.REGISTRY),
    (RegistryNotStarted, Exit.REGISTRY),
    (RegistryProblem, Exit.SETTINGS),
    (RollbackRefused, Exit.GATE),
    (StageFailed, Exit.BROKEN),
    (ScheduleEnded, Exit.BROKEN),
    (PipelineError, Exit.SETTINGS),
    (ConnectorError, Exit.SETTINGS),
    (MatchingError, Exit.SETTINGS),
    (ReportingError, Exit.SETTINGS),
    *[
        (kind, Exit.USAGE)
        for kind in (
            ReviewerUnnamed,
            ReviewerMayNot,
            UsernameUnusable,
            UsernameTaken,
            UserUnknown,
            PasswordTooShort,
        )
    ],
    (ReviewError, Exit.SETTINGS),
)
"""Error → exit code, the first that fits."""


@dataclass(frozen=True)
class Asked:
    """What stands before the command: where settings come from, which language."""

    config: Path | None
    given: dict[str, Any]
    lang: str | None

    def known(self) -> Known:
        """The settings, read once for a command."""
        return read_settings(self.config, self.given | {"language": self.lang})

    def settings(self) -> Settings:
        """The settings alone."""
        return self.known().settings

    def settings_for_files(self) -> Settings:
        """The settings of a command that needs no database, which then need not be named."""
        return read_settings(
            self.config, {"database_url": "sqlite://"} | self.given | {"language": self.lang}
        ).settings

    def as_environment(self) -> dict[str, str]:
        """The same as variables, for processes that are started later."""
        given = {PREFIX + name.upper(): str(value) for name, value in self.given.items()}
        if self.lang:
            given[f"{PREFIX}LANGUAGE"] = self.lang
        file = self.known().file
        return given | ({CONFIG_VARIABLE: str(file.resolve())} if file else {})

    def text(self) -> Texts:
        """The texts of the language asked for, before any setting is read."""
        return texts(spoken(self.lang))


def spoken(lang: str | None) -> str:
    """The language of messages: as asked for, else as the environment says, else Vietnamese."""
    wanted = lang or os.environ.get(f"{PREFIX}LANGUAGE", "")
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def _setting(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    parts = [value.partition("=") for value in values]
    wrong = [name for name, equals, _ in parts if not equals or name not in Settings.model_fields]
    if wrong:
        raise click.BadParameter(f"{', '.join(wrong)}: NAME=VALUE, identity-sync config show")
    return {name: value for name, _, value in parts}


class LazyGroup(click.Group):
    """Commands that live in modules of their own, imported when they are called or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which an officer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, with its help in the language asked for."""
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return in_language(command, texts(spoken(_lang_of(ctx))), f"help.{cmd_name}")


_COMMANDS = {
    "load": "pipelines.commands_files",
    "sync": "pipelines.commands_sync",
    "report": "pipelines.commands_sync",
    "lists": "pipelines.commands_lists",
    "review": "pipelines.commands_review",
    "changes": "pipelines.commands_registry",
    "residence": "pipelines.commands_registry",
    "enrich": "pipelines.commands_registry",
    "exam": "pipelines.commands_exam",
    "index": "pipelines.commands_index",
    "link": "pipelines.commands_files",
    "explain": "pipelines.commands_explain",
    "runs": "pipelines.commands_runs",
    "retention": "pipelines.commands_retention",
    "export": "pipelines.commands_export",
    "audit": "pipelines.commands_audit",
    "database": "pipelines.commands_audit",
    "config": "pipelines.commands_runs",
    "schedule": "pipelines.commands_schedule",
    "demo": "pipelines.commands_demo",
}


def _lang_of(ctx: click.Context) -> str | None:
    return ctx.params.get("lang") if ctx.params else None


def in_language(command: click.Command, text: Texts, key: str) -> click.Command:
    """Put the help of a command and all below it into a language; what has no text keeps what it has."""
    command.help = text.messages.get(key, command.help)
    example = EXAMPLES.get(key.removeprefix("help.").replace(".", " "))
    if example:
        # told not to rewrap it: whoever copies two lines of it would run half of it
        command.epilog = f"\b\n{text('help.example')}\n  identity-sync {example}"
    for param in command.params:
        if isinstance(param, click.Option):
            param.help = text.messages.get(f"{key}.{param.name}", param.help)
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            in_language(below, text, f"{key}.{name}")
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="help.app.config"
)
@click.option("--set", "given", multiple=True, callback=_setting, metavar="NAME=VALUE", help="help.app.given")
@click.option("--lang", type=click.Choice(LANGUAGES), help="help.app.lang")
@click.version_option(package_name="identity-sync")
@click.pass_context
def app(ctx: click.Context, config: Path | None, given: dict[str, str], lang: str | None) -> None:
    """identity-sync."""
    ctx.obj = Asked(config, given, lang)


def run(arguments: Sequence[str], group: click.Group = app) -> int:
    """Run one command line.

    Args:
        arguments: As typed, without the program's name.
        group: The commands there are.

    Returns:
        The exit code.
    """
    text = texts(spoken(_lang_in(arguments)))
    speak(text)
    in_language(group, text, "help.app")
    try:
        result = group.main(list(arguments), prog_name="identity-sync", standalone_mode=False)
    except click.Abort:
        return _said(text("interrupted"), Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        return _said(text("interrupted"), Exit.INTERRUPTED)
    except RunIncomplete as error:
        return _said(_incomplete(error, text), _ENDINGS[error.ending])
    except Exception as error:  # noqa: BLE001 (here, and only here, every error becomes a message and a code)
        return _told(error, text)
    return result if isinstance(result, int) else Exit.DONE


def _lang_in(arguments: Sequence[str]) -> str | None:
    """The language on the command line, before Click has read it: its help needs it."""
    for place, word in enumerate(arguments):
        if word == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return None


def _incomplete(error: RunIncomplete, text: Texts) -> str:
    lines = [text(f"incomplete.{error.ending}", run=error.run)]
    return "\n".join([*lines, *[f"  {where}: {what}" for where, what in error.problems.items()]])


def _told(error: Exception, text: Texts) -> int:
    from pipelines.failures import disk_full, place_of

    error = disk_full(error) or error
    code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
    if code is not None:
        return _said(error_in_words(error, text), code)

    # the error's own text may repeat a value out of a table
    return _said(text("broke", cause=type(error).__name__, place=place_of(error)), Exit.BROKEN)


def _said(words: str, code: Exit) -> int:
    click.echo(words, err=True)
    return code


def _terminate(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point."""
    from pipelines.logs import guard_process

    guard_process()
    # a service manager's stop ends a run as Ctrl-C does: noted, and to be resumed
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
