"""Values laid down in a folder that other machines see: every array in a file of its own, named by its content, mapped where it is used.

What lies there already isn't written again, and equal values have equal names: a name therefore stands for all that a value holds.
The files are pickles, so the folder must be as private as the program itself: who can write there can run code.
"""

import hashlib
import io
import mmap
import os
import pickle
import tempfile
from functools import lru_cache
from pathlib import Path

SMALL = 1 << 16
"""Arrays below it are read, not mapped."""


class _Pickler(pickle.Pickler):
    """Leaves values that lie on the shelf themselves where they are."""

    def __init__(self, file: io.BytesIO, buffers: list[pickle.PickleBuffer], apart: dict[int, str]) -> None:
        super().__init__(file, protocol=5, buffer_callback=buffers.append)
        self._apart = apart

    def persistent_id(self, value: object) -> str | None:
        """The name of a value that isn't pickled with the rest."""
        return self._apart.get(id(value))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, buffers: list[bytearray | mmap.mmap], folder: Path) -> None:
        super().__init__(file, buffers=buffers)
        self._folder = folder

    def persistent_load(self, name: str) -> object:
        return taken(self._folder, name)


def put(folder: Path, value: object, *shared: object) -> str:
    """Lay a value down.

    Args:
        folder: where to.
        value: what can be pickled; its arrays must not be changed afterwards.
        shared: parts of it that other values have too; whoever takes several of them gets each part once.

    Returns:
        Its name.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    apart = {id(part): put(folder, part) for part in shared}
    file, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
    _Pickler(file, buffers, apart).dump(value)
    arrays = [_written(folder, buffer.raw()) for buffer in buffers]
    return _written(folder, pickle.dumps((file.getvalue(), arrays)))


def _written(folder: Path, content: bytes | memoryview) -> str:
    name = hashlib.blake2b(content, digest_size=16).hexdigest()
    if not (folder / name).exists():
        write_whole(folder / name, content)
    return name


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a private file that appears under its name once it is whole; several may write the same at once."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(unfinished).replace(path)


@lru_cache(maxsize=4)
def taken(folder: Path, name: str) -> object:
    """A value by its name; a process that takes it again gets the same."""
    head, arrays = pickle.loads((folder / name).read_bytes())  # noqa: S301 (the run's own private folder)
    return _Unpickler(io.BytesIO(head), [_content(folder / array) for array in arrays], folder).load()


def _content(path: Path) -> bytearray | mmap.mmap:
    if path.stat().st_size < SMALL:
        return bytearray(path.read_bytes())
    with path.open("rb") as file:
        # copy-on-write, so that compiled code sees an ordinary array
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
