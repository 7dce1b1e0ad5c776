"""The secret of an installation, and what is made with it: seals on lists, fingerprints, names for candidates."""

import hmac
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256

from pipelines.own_keys import own_key
from pipelines.settings import Settings


def seal_key(settings: Settings) -> bytes:
    """The key under the seals of lists: made once, kept beside the runs, for its owner only."""
    return own_key(settings.home, "seal")


def pseudonyms(key: bytes) -> Callable[[str], str]:
    """Personal ID → a keyed name for it: the same in every list, of no use without the key."""
    own = hmac.digest(key, b"pseudonym", sha256)

    def of(number: str) -> str:
        return b32encode(hmac.digest(own, number.encode(), sha256)[:16]).decode().rstrip("=")

    return of
