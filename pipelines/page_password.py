"""The password of Prefect's page: made once, kept for its owner only. Without it everybody on the machine could start runs."""

import os
from pathlib import Path
from secrets import token_urlsafe

from pipelines.checkpoints import owners_folder

_USER = "officer"


def password_file(home: Path) -> Path:
    """Where it stands."""
    return home / "prefect.password"


def page_password(home: Path) -> str:
    """What the page asks for, `officer:…`; made where there is none."""
    file = owners_folder(home) / password_file(home).name
    if not file.is_file():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(f"{_USER}:{token_urlsafe(18)}\n")
    return file.read_text(encoding="utf-8").strip()
