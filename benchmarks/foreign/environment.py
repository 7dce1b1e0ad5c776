"""Packages that want other versions than ours get an environment of their own; they hand over plain CSV."""

import subprocess
import sys
import venv
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent


def tables_from(script: str, requirements: str, environments: Path, folder: Path, *arguments: str) -> Path:
    """Run a script of `sources` in the environment of its requirements, unless its tables are there.

    Args:
        script: its name without `.py`.
        requirements: name of a file of `requirements`, without `.txt`.
        environments: where environments are made and found again.
        folder: where the script leaves its tables.
        arguments: what the script is told after the folder.

    Returns:
        The folder.
    """
    if any(folder.glob("*.csv")):
        return folder
    python = _environment(environments / requirements, HERE / "requirements" / f"{requirements}.txt")
    folder.mkdir(parents=True, exist_ok=True)
    # -P: the folder of the script must not hide a package of the same name
    subprocess.run(
        [python, "-P", HERE / "sources" / f"{script}.py", folder, *arguments],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return folder


def _environment(folder: Path, requirements: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
    return python


def text_table(path: Path) -> pd.DataFrame:
    """A CSV of text, as it was written; an empty cell is null."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
