"""`mock-population-api`: make a synthetic world, and serve its registry."""

import importlib
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mock_population_api.assumptions import PROFILES, profile
from mock_population_api.errors import MockRegistryError
from mock_population_api.evolution import evolve as evolve_world
from mock_population_api.population import write_population
from mock_population_api.registry_night import evolve_registry
from mock_population_api.schools import Written, write_schools
from mock_population_api.world_folder import read_arguments, write_manifest

_LAZY = {"serve": "mock_population_api.serve", "audit": "mock_population_api.audit_cli"}


class _LazyGroup(click.Group):
    """Commands of other modules, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_LAZY})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _LAZY:
            command: click.Command = getattr(importlib.import_module(_LAZY[cmd_name]), cmd_name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_LazyGroup)
def app() -> None:
    """A mock of the National Population Database, and the synthetic people in it. No data of real persons."""


def _provinces(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return tuple(code.strip() for code in value.split(",") if code.strip()) if value else None


def _make_people(
    console: Console, out: Path, people: int, seed: int, provinces: tuple[str, ...] | None, name: str
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("people", total=people)
        write_population(
            out / "registry",
            people,
            seed,
            provinces=provinces,
            assumptions=profile(name),
            truth=out / "truth" / "population",
            progress=lambda done: progress.advance(task, done),
        )


def _tell(console: Console, people: int, written: Written) -> None:
    console.print(
        f"{people:,} entries; {written.students:,} students, {written.teachers:,} teachers, managers and staff, "
        f"{written.guardians:,} guardians in {written.schools:,} schools"
    )
    if written.students < written.wanted_students * 0.98:
        console.print(
            f"[yellow]only {written.students:,} of {written.wanted_students:,} students live there; "
            "ask for more people or more provinces"
        )
    if written.teachers < written.wanted_teachers * 0.98:
        console.print(f"[yellow]only {written.teachers:,} of {written.wanted_teachers:,} teachers live there")


@app.command()
@click.option(
    "--people",
    type=click.IntRange(min=100),
    default=300_000,
    show_default=True,
    help="Entries of the registry.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another world."
)
@click.option(
    "--provinces", callback=_provinces, help="Codes of 2025, e.g. 01,38,48,79; all 34 when left out."
)
@click.option(
    "--students",
    type=click.IntRange(min=1),
    default=25_000,
    show_default=True,
    help="Student records to write.",
)
@click.option(
    "--teachers",
    type=click.IntRange(min=0),
    default=4_000,
    show_default=True,
    help="Teachers, managers, staff.",
)
@click.option(
    "--profile",
    "name",
    type=click.Choice(list(PROFILES)),
    default="default",
    show_default=True,
    help="Which assumptions.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Education tables.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for registry, education, truth.",
)
def generate(
    people: int,
    seed: int,
    provinces: tuple[str, ...] | None,
    students: int,
    teachers: int,
    name: str,
    form: str,
    out: Path,
) -> None:
    """Make a world: OUT/registry, OUT/education and, beside them, OUT/truth. Everybody in it is invented."""
    console = Console()
    try:
        _make_people(console, out, people, seed, provinces, name)
        written = write_schools(
            out / "education",
            out / "registry",
            out / "truth",
            provinces,
            students,
            teachers,
            seed,
            assumptions=profile(name),
            form=form,
        )
    except MockRegistryError as error:
        raise click.ClickException(str(error)) from error
    arguments = {
        "people": people,
        "seed": seed,
        "provinces": ",".join(provinces) if provinces else None,
        "students": students,
        "teachers": teachers,
        "profile": name,
        "format": form,
    }
    write_manifest(out, arguments)
    _tell(console, people, written)


@app.command()
@click.argument("world", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another night."
)
@click.option(
    "--profile",
    "name",
    type=click.Choice(list(PROFILES)),
    default="default",
    show_default=True,
    help="Which assumptions.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where education and truth go; WORLD itself when left out.",
)
def evolve(world: Path, seed: int, name: str, out: Path | None) -> None:
    """Age the schools of WORLD by one night: a few corrections, a few new pupils. The registry stays."""
    try:
        night = evolve_world(world, out or world, seed, profile(name))
    except MockRegistryError as error:
        raise click.ClickException(str(error)) from error
    write_manifest(out or world, {**read_arguments(world), "night": seed})
    Console().print(
        f"{night.corrected:,} records corrected, {night.numbers_added:,} numbers added, "
        f"{night.new_students:,} students new, {night.left:,} gone"
    )


@app.command("evolve-registry")
@click.argument("world", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another night."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where registry and changes go; WORLD itself when left out.",
)
def age_registry(world: Path, seed: int, out: Path | None) -> None:
    """Age the registry of WORLD by one night: births, corrections, new numbers, deaths, told in OUT/changes."""
    try:
        night = evolve_registry(world / "registry", world / "truth" / "population", out or world, seed)
    except MockRegistryError as error:
        raise click.ClickException(str(error)) from error
    Console().print(
        f"{night.born:,} born, {night.corrected:,} corrected, {night.superseded:,} numbers replaced, "
        f"{night.deceased:,} deceased"
    )


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
