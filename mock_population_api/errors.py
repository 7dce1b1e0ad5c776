"""What can go wrong in the mock registry outside of an HTTP answer (those are in `problems`).

MockRegistryError
├── RegistryFolderError   the folder of entries can't be used as it is
├── StoreInUseError       another process serves or builds this store
├── ClientFileError       a client's secret or list of scopes can't be read
├── RestrictionFileError  the list of people to withhold can't be used
├── ChangesFolderError    the folder of changes can't be used
└── AuditBroken           the audit isn't what was written
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


class RestrictionFileError(MockRegistryError):
    """The list of people to withhold can't be used."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; write one current number a line")
        self.path = path
        self.reason = reason


class ChangesFolderError(MockRegistryError):
    """The folder of changes can't be used."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; make it again with evolve-registry")
        self.path = path
        self.reason = reason


class AuditBroken(MockRegistryError):
    """The audit isn't what was written."""

    def __init__(self, folder: Path, finding: str) -> None:
        super().__init__(
            f"{folder}: {finding}; nothing is answered until somebody has looked into it (audit.sqlite, audit.head)"
        )
        self.folder = folder
        self.finding = finding
