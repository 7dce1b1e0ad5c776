"""What can go wrong in the mock registry outside of an HTTP answer (those are in `problems`).

MockRegistryError
├── RegistryFolderError   the folder of entries can't be used as it is
├── StoreInUseError       another process serves or builds this store
└── ClientFileError       a client's secret or list of scopes can't be read
"""

from pathlib import Path


class MockRegistryError(Exception):
    """Root of this package's errors."""


class RegistryFolderError(MockRegistryError):
    """The folder of entries can't be used as it is."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class StoreInUseError(MockRegistryError):
    """Another process serves or builds this store."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: another process uses this store; stop it or name another folder")
        self.path = path


class ClientFileError(MockRegistryError):
    """A client's secret or list of scopes can't be read."""

    def __init__(self, client: str, reason: str) -> None:
        super().__init__(f"client {client}: {reason}")
        self.client = client
        self.reason = reason
