"""The secret of an installation, and what is made with it: seals on lists, fingerprints, names for candidates."""

import hmac
import os
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256

from pipelines.checkpoints import owners_folder
from pipelines.settings import Settings

_KEY_BYTES = 32


def seal_key(settings: Settings) -> bytes:
    """The key under the seals of lists: made once, kept beside the runs, for its owner only."""
    path = owners_folder(settings.home) / "seal.key"
    if not path.is_file():
        half = path.with_name(f".seal.{os.getpid()}.part")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(os.urandom(_KEY_BYTES))
        # a link fails where another process was first, whose key then counts
        try:
            os.link(half, path)
        except FileExistsError:
            pass
        finally:
            half.unlink()
    return path.read_bytes()


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """Personal ID → a keyed name for it: the same in every list, of no use without the key."""
    own = hmac.digest(key, b"pseudonym", sha256)

    def of(number: str) -> str:
        return b32encode(hmac.digest(own, number.encode(), sha256)[:16]).decode().rstrip("=")

    return of
