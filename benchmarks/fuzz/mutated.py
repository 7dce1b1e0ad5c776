"""Bytes that were once a good file: parts cut, doubled, exchanged, bits turned; parts of a zip as well as the whole."""

import io
import random
import zipfile
from collections.abc import Callable, Sequence

_WORDS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b",", b";", b"\t", b"\r", b"\n", b"=1+1", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00", b"-1", b"99999999999999999999", b"nan", b"null", b"[", b"{", b"]]>", b"<f>1+1</f>", b"&#0;", b"&x;", b"\xc3\x28", b"\xe1\xba",
)  # fmt: skip

Mutator = Callable[[random.Random, bytes], bytes]


def bytes_of(chance: random.Random, good: bytes) -> bytes:
    """The file with one to some changes."""
    made = bytearray(good)
    for _ in range(1 + int(chance.expovariate(0.5))):
        _one(chance, made)
    return bytes(made)


def _one(chance: random.Random, made: bytearray) -> None:
    size = len(made)
    at, end = sorted((chance.randrange(size + 1), chance.randrange(size + 1)))
    end = min(end, at + chance.choice((1, 4, 16, 256, size)))
    way = chance.randrange(7)
    if way == 0 and at < size:
        made[at] ^= 1 << chance.randrange(8)
    elif way == 1 and at < size:
        made[at] = chance.randrange(256)
    elif way == 2:
        made[at:at] = chance.choice(_WORDS)
    elif way == 3:
        word = chance.choice(_WORDS)
        made[at : at + len(word)] = word
    elif way == 4:
        del made[at:end]
    elif way == 5:
        made[at:at] = made[at:end] * chance.choice((1, 2, 50))
    else:
        del made[at:]


def workbook(chance: random.Random, good: bytes) -> bytes:
    """A zip of which one member changed, or, for one in four, the bytes."""
    if chance.random() < 0.25:
        return bytes_of(chance, good)
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(good)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        names = source.namelist()
        hit = _hit(chance, names)
        for name in names:
            content = source.read(name)
            if name == hit:
                content = (
                    bytes_of(chance, content) if chance.random() < 0.9 else content * chance.choice((2, 200))
                )
            if name != hit or chance.random() < 0.95:
                target.writestr(name, content)
    return made.getvalue()


def _hit(chance: random.Random, names: Sequence[str]) -> str:
    """Sheets and texts more often than the rest."""
    heavy = [name for name in names if "sheet" in name or "Strings" in name]
    return chance.choice(heavy if heavy and chance.random() < 0.7 else names)
