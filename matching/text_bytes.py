"""Columns of text as their bytes, for compiled code that reads them one by one."""

import numpy as np
import pyarrow as pa

from matching.nametable import Array


def text_bytes(texts: pa.Array) -> tuple[Array, Array]:
    """Where each text begins (int32, one more than there are), and the bytes (uint8). Nothing is copied; nulls may have bytes too.

    Args:
        texts: of type string.
    """
    _, offsets, letters = texts.buffers()
    start = np.zeros(1, np.int32) if offsets is None else np.frombuffer(offsets, np.int32)
    nothing = np.zeros(0, np.uint8)
    return start[texts.offset : texts.offset + len(texts) + 1], (
        nothing if letters is None else np.frombuffer(letters, np.uint8)
    )
