"""Keys of our own, made once and kept beside the runs for their owner only."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pipelines.checkpoints import owners_folder
from pipelines.errors import SettingsWrong

_BYTES = 32


def own_key(home: Path, name: str) -> bytes:
    """The key that is kept under a name; made where there is none.

    Raises:
        SettingsWrong: What is kept there is no key; to make another would make all that rests on it unreadable.
    """
    path = owners_folder(home) / f"{name}.key"
    if not path.is_file():
        # a name of its own each time: one that died here leaves its half behind
        handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(os.urandom(_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        # a link fails where another process was first, whose key then counts
        with suppress(FileExistsError):
            os.link(half, path)
        Path(half).unlink()
    key = path.read_bytes()
    if len(key) != _BYTES:
        raise SettingsWrong([f"{path} is no key of {_BYTES} bytes; restore it from the backup"])
    return key
