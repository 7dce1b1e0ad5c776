"""Arrays on disk, mapped into memory: a question costs the few pages that it touches, whatever the store holds.

Pages once touched count as this process's memory though the system could take them back. `trim` gives them back; they stay in
the system's cache, so the next question finds them there. What every question looks at, anywhere, is better kept (`keep`).
"""

import mmap
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Mapped:
    """The arrays of one folder, each mapped when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._maps: dict[str, np.memmap[Any, Any]] = {}
        self._empty: dict[str, Array] = {}
        self._kept: set[str] = set()

    def __getitem__(self, name: str) -> Array:
        """The array that was written under this name; it can't be changed."""
        if name in self._empty:
            return self._empty[name]
        if name not in self._maps:
            file = self._folder / f"{name}.npy"
            if not _size(file):
                # nothing can't be mapped
                self._empty[name] = np.load(file)
                self._empty[name].setflags(write=False)
                return self._empty[name]
            self._maps[name] = np.load(file, mmap_mode="r")
        return self._maps[name].view(np.ndarray)

    def keep(self, names: Iterable[str], most: int) -> None:
        """Map arrays in large pages, where the system has them, and give them back no more; one after the other as long as all are `most` bytes at most."""
        for name in names:
            if self[name].nbytes <= most and name in self._maps:
                most -= self[name].nbytes
                self._kept.add(name)
                # not every system has large pages
                with suppress(AttributeError, OSError):
                    self._advise(name, mmap.MADV_HUGEPAGE)

    def trim(self) -> None:
        """Give all pages back but those that are kept."""
        # read by others meanwhile: a page that is missing is mapped again
        for name in self._maps.keys() - self._kept:
            self._advise(name, mmap.MADV_DONTNEED)

    def _advise(self, name: str, advice: int) -> None:
        pages = self._maps[name]._mmap  # type: ignore[attr-defined]  # noqa: SLF001 - numpy offers no other way to its map
        pages.madvise(advice)


class Rows:
    """An array written piece by piece as `put` writes it whole; its length is put right at the end."""

    def __init__(self, folder: Path, name: str, kind: np.dtype[np.void]) -> None:
        """Begin the file."""
        file = folder / f"{name}.npy"
        file.touch(mode=0o600)
        self._file, self._kind, self._size = file.open("w+b"), kind, 0
        self._begin()

    def append(self, rows: Array) -> None:
        """Add rows."""
        self._file.write(rows.tobytes())
        self._size += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.seek(0)
        # numpy leaves room for a longer length
        self._begin()
        self._file.close()

    def _begin(self) -> None:
        header = {
            "descr": np.lib.format.dtype_to_descr(self._kind),
            "fortran_order": False,
            "shape": (self._size,),
        }
        np.lib.format.write_array_header_1_0(self._file, header)


def _size(file: Path) -> int:
    with file.open("rb") as read:
        np.lib.format.read_magic(read)
        shape, _, _ = np.lib.format.read_array_header_1_0(read)
    return int(shape[0])


def resident_files() -> int:
    """Bytes of mapped files that count as this process's memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[2])
    return pages * mmap.PAGESIZE


def put(folder: Path, name: str, array: Array) -> None:
    """Write one array for `Mapped`."""
    file = folder / f"{name}.npy"
    file.touch(mode=0o600)
    np.save(file, np.ascontiguousarray(array), allow_pickle=False)
