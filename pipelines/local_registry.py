"""A registry that runs beside us for the time of a run: for demos and trials, where no address is given."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.checkpoints import owners_folder
from pipelines.children import ending_with_us, stop
from pipelines.errors import RegistryNotStarted

READY_FILE = "{ready_file}"
_START_SECONDS = 300.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05


@contextmanager
def local_registry(command: Sequence[str], folder: Path) -> Iterator[str]:
    """Start a registry, yield its address, stop it by its process.

    Args:
        command: Words; `{ready_file}` becomes the file in which the address will stand.
        folder: For that file and what the process says.

    Raises:
        RegistryNotStarted: It ended, or gave no address in time.
    """
    owners_folder(folder)
    ready = folder / f"registry-{os.getpid()}.address"
    log = folder / f"registry-{os.getpid()}.log"
    ready.unlink(missing_ok=True)
    words = [word.replace(READY_FILE, str(ready)) for word in command]
    with log.open("wb") as out:
        log.chmod(0o600)
        try:
            process = subprocess.Popen(  # noqa: S603 (the officer's own setting)
                ending_with_us(words), stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        except OSError as error:
            raise RegistryNotStarted(type(error).__name__, str(log)) from None
    try:
        yield _address(process, ready, log)
        # what it said is of interest only where it went wrong
        log.unlink(missing_ok=True)
    finally:
        stop(process, _STOP_SECONDS)
        ready.unlink(missing_ok=True)


def _address(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        # made and not yet written is no address
        if ready.is_file() and (address := ready.read_text(encoding="utf-8").strip()):
            return address
        if process.poll() is not None:
            raise RegistryNotStarted(f"it ended with code {process.returncode}", str(log))
        time.sleep(_POLL_SECONDS)
    raise RegistryNotStarted(f"no address within {_START_SECONDS:.0f} seconds", str(log))
