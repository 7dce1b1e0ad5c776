"""Arrow streams of strangers: read without unfolding more than was sent.

A small stream can claim to hold a great deal: packed buffers, one long text that a dictionary or views point to a
million times, rows without any buffer. Each of these is refused before it is unfolded.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.problems import Problem

_DICTIONARY, _BATCH = 2, 3
"""Kinds of messages that have buffers, by their number in the format."""


def read_stream(file: Path, most_rows: int) -> pa.Table:
    """The rows of an Arrow IPC stream.

    Raises:
        Problem: encoding_unsupported where buffers are packed, batch_too_large beyond `most_rows`.
        ArrowException, OSError, ValueError: it can't be read.
    """
    for metadata in _messages(file):
        if _is_packed(metadata):
            raise Problem("encoding_unsupported")
    batches, rows = [], 0
    with pa.OSFile(str(file)) as source, pa.ipc.open_stream(source) as reader:
        for batch in reader:
            rows += len(batch)
            if rows > most_rows:
                raise Problem("batch_too_large")
            batch.validate(full=True)
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def unfolded_bytes(column: pa.ChunkedArray) -> int:
    """How many bytes the texts of a column have when each stands for itself; an upper bound."""
    return sum(_unfolded(chunk) for chunk in column.chunks)


def _unfolded(chunk: pa.Array) -> int:
    if pa.types.is_dictionary(chunk.type):
        return len(chunk) * _longest(chunk.dictionary)
    if pa.types.is_string_view(chunk.type):
        return int(_view_lengths(chunk).sum())
    return int(chunk.nbytes)


def _longest(texts: pa.Array) -> int:
    if pa.types.is_dictionary(texts.type):
        return _longest(texts.dictionary)
    if pa.types.is_string_view(texts.type):
        return int(_view_lengths(texts).max(initial=0))
    return int(pc.max(pc.binary_length(texts)).as_py() or 0) if not pa.types.is_null(texts.type) else 0


def _view_lengths(texts: pa.Array) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    views = texts.buffers()[1]
    if views is None:
        return np.zeros(0, np.int64)
    # a view is 16 bytes, of which the first four are the length
    lengths = np.frombuffer(views, "<i4")[::4]
    return lengths[texts.offset : texts.offset + len(texts)].astype(np.int64)


def _messages(file: Path) -> Iterator[bytes]:
    with pa.OSFile(str(file)) as source:
        reader = pa.ipc.MessageReader.open_stream(source)
        while True:
            try:
                message = reader.read_next_message()
            except StopIteration:
                return
            yield message.metadata.to_pybytes()


def _is_packed(metadata: bytes) -> bool:
    """Whether a message says that its buffers are compressed: a field of the flatbuffer that is there or not."""
    try:
        message = struct.unpack_from("<I", metadata)[0]
        kind_at, header_at = _field(metadata, message, 1), _field(metadata, message, 2)
        if kind_at is None or header_at is None or metadata[kind_at] not in {_DICTIONARY, _BATCH}:
            return False
        header = header_at + struct.unpack_from("<I", metadata, header_at)[0]
        if metadata[kind_at] == _DICTIONARY:
            data_at = _field(metadata, header, 1)
            if data_at is None:
                return False
            header = data_at + struct.unpack_from("<I", metadata, data_at)[0]
        return _field(metadata, header, 3) is not None
    except (struct.error, IndexError) as broken:
        raise ValueError from broken


def _field(buffer: bytes, table: int, number: int) -> int | None:
    """Where field `number` of a flatbuffer's table stands; None where it is absent."""
    layout = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, layout)[0]
    slot = 4 + 2 * number
    offset = struct.unpack_from("<H", buffer, layout + slot)[0] if slot < size else 0
    return table + offset if offset else None
