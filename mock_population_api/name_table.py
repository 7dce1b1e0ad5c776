"""The distinct names that a registry holds: as written, folded, and what they are searched by.

A name is a place in this table, in the order of its hash. What names are searched by (same words, same sound, same ends) are
places too, in the order of hashes: a question's name is found by them without any text being compared.
"""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mock_population_api.errors import RegistryFolderError
from mock_population_api.likeness import signatures
from mock_population_api.mapped import Array, Mapped, put
from mock_population_api.text_hashes import hashes_of, letters_of

NO_NAME = -1

TABLE_OF = {
    "words": "words",
    "sound": "sound",
    "edge": "edge",
    "first": "word",
    "last": "word",
    "initials": "initials",
}
"""What a folded name is searched by → the table of hashes in which that is a place."""

KEYS = """
    sorted_words(folded) AS words, sounded(folded) AS sound, first_word(folded) || ' ' || last_word(folded) AS edge,
    first_word(folded) AS first, last_word(folded) AS last, initials(folded) AS initials
"""
"""The same of `folded`."""

DISTINCT = f"""
    SELECT full_name, folded, spelled(full_name) AS spelled, {KEYS}
    FROM (SELECT full_name, folded(full_name) AS folded
          FROM (SELECT DISTINCT full_name FROM input WHERE full_name IS NOT NULL))
"""
_BATCH = 500_000


def make_name_table(engine: duckdb.DuckDBPyConnection, registry: Path, folder: Path) -> None:
    """Write the table of all names in the view `input`.

    Raises:
        RegistryFolderError: Two names have one hash.
    """
    hashes, texts = _read(engine)
    order = np.argsort(hashes["full_name"])
    hashes = {name: column[order] for name, column in hashes.items()}
    if (hashes["full_name"][1:] == hashes["full_name"][:-1]).any():
        raise RegistryFolderError(registry, "holds two names with one hash; they can't be told apart")
    put(folder, "name_hash", hashes["full_name"])
    put(folder, "name_spelled", hashes["spelled"])
    for name, chunks in texts.items():
        _put_text(folder, name, pa.chunked_array(chunks, pa.large_string()).take(pa.array(order)))
    _put_keys(folder, hashes)
    made = Mapped(folder)
    put(folder, "name_signature", signatures(made["name_folded"], made["name_folded_at"]))


def _put_keys(folder: Path, hashes: dict[str, Array]) -> None:
    """The tables of hashes, and of each name the places in them."""
    known = np.diff(Mapped(folder)["name_folded_at"]) > 0
    for table in dict.fromkeys(TABLE_OF.values()):
        keys = [key for key in TABLE_OF if TABLE_OF[key] == table]
        distinct = np.unique(np.concatenate([hashes[key][known] for key in keys]))
        put(folder, f"{table}_hash", distinct)
        for key in keys:
            put(folder, f"name_{key}", places_of(distinct, hashes[key], known))


def _read(engine: duckdb.DuckDBPyConnection) -> tuple[dict[str, Array], dict[str, list[pa.Array]]]:
    """Hashes of each name, and the texts in pieces."""
    hashes: dict[str, list[Array]] = {
        name: [np.zeros(0, np.uint64)] for name in ("full_name", "spelled", *TABLE_OF)
    }
    texts: dict[str, list[pa.Array]] = {"name_full": [], "name_folded": []}
    for batch in engine.sql(DISTINCT).to_arrow_reader(_BATCH):
        for name, pieces in hashes.items():
            pieces.append(hashes_of(batch.column(name)))
        texts["name_full"].append(batch.column("full_name").cast(pa.large_string()))
        texts["name_folded"].append(pc.fill_null(batch.column("folded"), "").cast(pa.large_string()))
    return {name: np.concatenate(pieces) for name, pieces in hashes.items()}, texts


def _put_text(folder: Path, name: str, texts: pa.ChunkedArray) -> None:
    """Texts as their bytes and where each begins; the last place is the end of all."""
    pieces = [letters_of(chunk) for chunk in texts.chunks]
    begins = np.cumsum([0, *(int(at[-1] - at[0]) for _, at in pieces)])
    ends = [at[1:] - at[0] + begin for (_, at), begin in zip(pieces, begins[:-1], strict=True)]
    letters = [data[at[0] : at[-1]] for data, at in pieces]
    put(folder, name, np.concatenate([np.zeros(0, np.uint8), *letters]))
    put(folder, f"{name}_at", np.concatenate([np.zeros(1, np.int64), *ends]))


def names_at(mapped: Mapped, places: Array) -> pa.Array:
    """The names as written at these places; null for NO_NAME."""
    offsets, data = mapped["name_full_at"], mapped["name_full"]
    held = len(offsets) - 1
    texts = pa.Array.from_buffers(
        pa.large_string(), held, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
    return texts.take(pa.array(places, mask=places == NO_NAME)).cast(pa.string())


def places_of(table: Array, hashes: Array, known: Array) -> Array:
    """Where hashes stand in a sorted table; NO_NAME where they don't, or where there is none."""
    if not len(table):
        return np.full(len(hashes), NO_NAME, np.int32)
    places = np.minimum(np.searchsorted(table, hashes), len(table) - 1)
    return np.where(known & (table[places] == hashes), places, NO_NAME).astype(np.int32)
