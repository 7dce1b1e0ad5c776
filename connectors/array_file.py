"""Arrays and columns of text as private files, whole or piece by piece: what grows with a registry is never held in memory twice."""

from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from matching import index as form
from matching.keys import combined
from matching.nametable import Array


class ArrayFile:
    """An array written piece after piece as `numpy.save` would write it whole; its length is put right at the end."""

    def __init__(self, path: Path, like: Array) -> None:
        """Begin a file.

        Args:
            path: where.
            like: an array of that type, its rows as wide.
        """
        path.touch(mode=0o600)
        self._file = path.open("w+b")
        self._kind, self._wide, self._size = like.dtype, like.shape[1:], 0
        self._begin()

    def _begin(self) -> None:
        kind, shape = np.lib.format.dtype_to_descr(self._kind), (self._size, *self._wide)
        header = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, piece: Array) -> None:
        """Add to the end."""
        self._file.write(np.ascontiguousarray(piece, self._kind).data)
        self._size += len(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # numpy leaves room for a longer length, so that the header stays as long as it was
        self._file.seek(0)
        self._begin()
        self._file.close()


def save_texts(path: Path, **columns: pa.Array) -> None:
    """Columns of text in a form that can be looked at without reading it."""
    path.touch(mode=0o600)
    table = pa.table(columns)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
        out.write_table(table)


class MappedTexts(NamedTuple):
    """Texts that lie in a mapped file."""

    texts: pa.Array
    file: np.memmap


def mapped_texts(path: Path, column: str) -> MappedTexts:
    """A column that `save_texts` wrote, mapped into memory."""
    # numpy's mapping, since its pages can be given back
    file = np.memmap(path, np.uint8, "r")
    return MappedTexts(combined(pa.ipc.open_file(pa.py_buffer(file)).read_all()[column]), file)


def save_parts(folder: Path, name: str, value: object) -> None:
    """Every array of a structure as a file of its own name."""
    for path, array in form.arrays_of(value, name):
        form.write_array(folder / f"{path}.npy", array)


def load(folder: Path, name: str) -> Array:
    """An array, read."""
    return np.asarray(np.load(folder / f"{name}.npy"))


def mapped(folder: Path, name: str) -> Array:
    """An array, mapped into memory."""
    # copy-on-write, so that compiled code sees an ordinary array; nothing is ever written
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c"))
