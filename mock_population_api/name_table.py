"""The distinct names that a registry holds: as written, folded, and what they are searched by.

A name is a place in this table, in the order of its hash. What names are searched by (same words, same sound, same ends) are
places too, in the order of hashes: a question's name is found by them without any text being compared.
"""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from mock_population_api.errors import RegistryFolderError
from mock_population_api.likeness import prefixes, signatures
from mock_population_api.mapped import Array, Mapped, put
from mock_population_api.name_keys import Folding, keys_of, spelled
from mock_population_api.text_hashes import hashes_of, letters_of
from mock_population_api.written_texts import texts_at

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

DISTINCT = "SELECT DISTINCT full_name FROM input WHERE full_name IS NOT NULL"
_BATCH, _MOST_WORDS = 500_000, 32_767


def make_name_table(engine: duckdb.DuckDBPyConnection, registry: Path, folder: Path) -> None:
    """Write the table of all names in the view `input`.

    Raises:
        RegistryFolderError: Two names have one hash.
    """
    texts = [
        batch.column(0).cast(pa.large_string()) for batch in engine.sql(DISTINCT).to_arrow_reader(_BATCH)
    ]
    hashes = np.concatenate([np.zeros(0, np.uint64), *map(hashes_of, texts)])
    order = np.argsort(hashes)
    hashes = hashes[order]
    if (hashes[1:] == hashes[:-1]).any():
        raise RegistryFolderError(registry, "holds two names with one hash; they can't be told apart")
    put(folder, "name_hash", hashes)
    names = pa.chunked_array(texts, pa.large_string()).take(pa.array(order))
    put(folder, "name_spelled", hashes_of(spelled(names)))
    _put_text(folder, "name_full", *letters_of(names))
    letters, starts = Folding(engine).folded(names)
    _put_text(folder, "name_folded", letters, starts)
    put(folder, "name_signature", signatures(letters, starts))
    put(folder, "name_prefix", prefixes(letters, starts))
    _put_keys(registry, folder, keys_of(letters, starts), np.diff(starts) > 0)


def _put_keys(registry: Path, folder: Path, hashes: Array, known: Array) -> None:
    """The tables of hashes, and of each name the places in them."""
    for table in dict.fromkeys(TABLE_OF.values()):
        keys = [key for key in TABLE_OF if TABLE_OF[key] == table]
        distinct = np.unique(np.concatenate([hashes[key][known] for key in keys]))
        if table == "word" and len(distinct) > _MOST_WORDS:
            raise RegistryFolderError(
                registry, f"holds more than {_MOST_WORDS:,} first and last words of names"
            )
        put(folder, f"{table}_hash", distinct)
        for key in keys:
            put(folder, f"name_{key}", places_of(distinct, hashes[key], known))


def _put_text(folder: Path, name: str, letters: Array, starts: Array) -> None:
    put(folder, name, letters[starts[0] : starts[-1]])
    put(folder, f"{name}_at", starts - starts[0])


def names_at(mapped: Mapped, places: Array) -> pa.Array:
    """The names as written at these places; null for NO_NAME."""
    return texts_at(mapped["name_full"], mapped["name_full_at"], places)


def places_of(table: Array, hashes: Array, known: Array) -> Array:
    """Where hashes stand in a sorted table; NO_NAME where they don't, or where there is none."""
    if not len(table):
        return np.full(len(hashes), NO_NAME, np.int32)
    places = np.minimum(np.searchsorted(table, hashes), len(table) - 1)
    return np.where(known & (table[places] == hashes), places, NO_NAME).astype(np.int32)
