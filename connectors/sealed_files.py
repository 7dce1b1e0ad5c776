"""Files encrypted for the way: the age format, with a passphrase for people (scrypt) or public keys for machines (X25519).

Whoever gets one opens it with this program or with any other that knows age. The file carries no name of its receiver.
"""

from collections.abc import Sequence
from pathlib import Path

import pyrage

from connectors.errors import FolderProblem, SealedFileShut
from connectors.files_out import whole_file

SUFFIX = ".age"
SHORTEST = 12
"""Characters of a passphrase: a file that left the house can be tried for years."""


def encrypt_file(file: Path, out: Path, key: str | Sequence[str]) -> Path:
    """Encrypt a file.

    Args:
        file: Which; it stays as it is.
        out: Folder for the encrypted one, mode 0600.
        key: A passphrase, or public keys `age1…`.

    Returns:
        The encrypted file.

    Raises:
        FolderProblem: The file can't be read, its place is taken, or a public key is none.
    """
    content = _read(file)
    place = _free(out / f"{file.name}{SUFFIX}")
    if isinstance(key, str):
        sealed = pyrage.passphrase.encrypt(content, key)
    else:
        sealed = pyrage.encrypt(content, [_recipient(one) for one in key])
    with whole_file(place) as stream:
        stream.write(sealed)
    return place


def decrypt_file(file: Path, out: Path, passphrase: str | None = None, identity: str | None = None) -> Path:
    """Open an encrypted file; one of passphrase and private key is given.

    Returns:
        The opened file, mode 0600.

    Raises:
        SealedFileShut: Neither fits, or the file was changed.
        FolderProblem: The file can't be read, or its place is taken.
    """
    content = _read(file)
    place = _free(out / file.name.removesuffix(SUFFIX))
    try:
        if identity is not None:
            opened = pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(identity)])
        else:
            opened = pyrage.passphrase.decrypt(content, passphrase or "")
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise SealedFileShut(file) from None
    with whole_file(place) as stream:
        stream.write(opened)
    return place


def _recipient(key: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise FolderProblem(
            key, "is no public key", "It begins with age1; age-keygen makes a pair."
        ) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FolderProblem(
            file, f"can't be read ({type(error).__name__})", "Look at its path and mode."
        ) from None


def _free(place: Path) -> Path:
    if place.exists():
        raise FolderProblem(place, "is there already", "Nothing is overwritten: choose another folder.")
    return place
