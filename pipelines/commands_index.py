"""identity-sync index: a registry extract made ready for search, and its changes merged into what was made ready."""

import json
import time
from pathlib import Path

import click

from pipelines.cli import Asked
from pipelines.progress import Told, told

PROFILES = ("vietnam", "people")
"""Names of `matching.profile.PROFILES`, which is not imported for the sake of a help text."""

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("registry", type=_FOLDER)
@click.argument("index_folder", type=_FOLDER)
@click.option("--profile", "names", type=click.Choice(PROFILES), default="vietnam", show_default=True)
@click.option("--changes", type=_FILE, multiple=True, metavar="FILE")
@click.option("--memory", default="4GB", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def index(
    asked: Asked,
    registry: Path,
    index_folder: Path,
    names: str,
    changes: tuple[Path, ...],
    memory: str,
    as_json: bool,
) -> None:
    """Make a registry extract ready for search, once; or merge its changes."""
    from connectors.registry_changes import merge_changes
    from connectors.registry_index import build_index, built_index
    from matching.profile import profile

    text, begun = asked.text(), time.monotonic()
    with told(text) as shown:
        if registry.resolve() == index_folder.resolve():
            built = built_index(index_folder)
        else:
            built = build_index(registry, index_folder, profile(names), memory, Stages(shown))
        if changes:
            built = merge_changes(index_folder, changes, memory, Stages(shown))
    seconds, size = time.monotonic() - begun, sum(file.stat().st_size for file in built.folder.iterdir())
    if as_json:
        facts = {
            "entries": built.entries,
            "seconds": round(seconds, 1),
            "bytes": size,
            "profile": built.profile,
            "state": built.state,
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(
        text(
            "index.built",
            path=index_folder,
            entries=text.number(built.entries),
            seconds=text.decimal(seconds),
            size=text.decimal(size / 1e9, 2),
        )
    )


class Stages:
    """The stages of an index as those of a run are told."""

    def __init__(self, shown: Told) -> None:
        self._shown = shown
        self._what = ""
        self._since = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """A stage begins, or is so far; "index.ready" begins none."""
        if what == self._what:
            self._shown.counted(what, done, total)
            return
        if self._what:
            self._shown.ended(time.monotonic() - self._since)
        else:
            self._shown.begin(total)
        self._what, self._since = what, time.monotonic()
        if what != "index.ready":
            self._shown.stage("", "", what)
