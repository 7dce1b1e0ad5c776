"""Keys of our own, made once and kept beside the runs for their owner only."""

import os
from pathlib import Path

from pipelines.checkpoints import owners_folder

_BYTES = 32


def own_key(home: Path, name: str) -> bytes:
    """The key that is kept under a name; made where there is none."""
    path = owners_folder(home) / f"{name}.key"
    if not path.is_file():
        half = path.with_name(f".{name}.{os.getpid()}.part")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(os.urandom(_BYTES))
        # a link fails where another process was first, whose key then counts
        try:
            os.link(half, path)
        except FileExistsError:
            pass
        finally:
            half.unlink()
    return path.read_bytes()
