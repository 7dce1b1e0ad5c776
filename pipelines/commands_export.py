"""identity-sync export: lists and reports encrypted before they leave the house, and opened again."""

from collections.abc import Sequence
from pathlib import Path

import click

from connectors.sealed_files import SHORTEST, SUFFIX, decrypt_file, encrypt_file
from pipelines.checkpoints import owners_folder
from pipelines.cli import Asked
from pipelines.settings import owners_secret
from pipelines.texts import Texts

_PATHS = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="PATH…"
)
_OUT = click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
_PASSPHRASE = click.option("--passphrase-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))


@click.group()
def export() -> None:
    """Encrypt lists and reports, and open them again."""


@export.command()
@_PATHS
@_OUT
@_PASSPHRASE
@click.option("--recipient", "recipients", multiple=True, metavar="age1…")
@click.pass_obj
def encrypt(
    asked: Asked, paths: Sequence[Path], out: Path, passphrase_file: Path | None, recipients: tuple[str, ...]
) -> None:
    """Encrypt files, and the files of folders."""
    text = asked.text()
    files = _files(paths, text)
    key = recipients or _passphrase(passphrase_file, text, new=True)
    made = [encrypt_file(file, owners_folder(out / below), key) for file, below in files]
    click.echo(text("export.done", count=text.number(len(made)), out=out))


@export.command()
@_PATHS
@_OUT
@_PASSPHRASE
@click.option("--identity-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def decrypt(
    asked: Asked, paths: Sequence[Path], out: Path, passphrase_file: Path | None, identity_file: Path | None
) -> None:
    """Open encrypted files, and those of folders."""
    text = asked.text()
    files = _files(paths, text, SUFFIX)
    identity = None if identity_file is None else _identity(identity_file)
    passphrase = None if identity else _passphrase(passphrase_file, text, new=False)
    made = [decrypt_file(file, owners_folder(out / below), passphrase, identity) for file, below in files]
    click.echo(text("export.done", count=text.number(len(made)), out=out))


def _files(paths: Sequence[Path], text: Texts, suffix: str = "") -> list[tuple[Path, Path]]:
    """Each file, and the folder it stands in below what was named."""
    found = [(path, Path()) for path in paths if path.is_file()]
    for folder in paths:
        below = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
        found += [(path, path.parent.relative_to(folder)) for path in below if path.name.endswith(suffix)]
    if not found:
        raise click.UsageError(text("export.nothing"))
    return found


def _passphrase(file: Path | None, text: Texts, *, new: bool) -> str:
    """From a file that nobody else may read, else asked for; never from the command line, which others see."""
    if file is not None:
        given = owners_secret(file, "passphrase_file")
    else:
        given = click.prompt(text("export.prompt"), hide_input=True, confirmation_prompt=new, err=True)
    if new and len(given) < SHORTEST:
        raise click.UsageError(text("export.weak", shortest=SHORTEST))
    return given


def _identity(file: Path) -> str:
    """The private key in a file as age-keygen writes it."""
    lines = owners_secret(file, "identity_file").splitlines()
    return next((line for line in lines if not line.startswith("#")), "")
