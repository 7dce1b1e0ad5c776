"""What is asked: people drawn from the registry's own folder, as they are written there."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_COLUMNS = ("full_name", "gender", "birth_province", "residence_province", "residence_commune")


def drawn(registry: Path, count: int, seed: int) -> pa.Table:
    """`count` queries with their numbers: columns of a trace, and `personal_id`.

    People are drawn from as many parts as it takes; birth dates as far as they are known.
    """
    rng = np.random.default_rng(seed)
    parts = rng.permutation(np.array(sorted(registry.glob("*.parquet")), dtype=object))
    each = -(-count // min(len(parts), 20))
    tables, found = [], 0
    for part in parts:
        table = pq.read_table(part)
        table = table.take(pa.array(rng.permutation(len(table))[:each]))
        tables.append(table)
        found += len(table)
        if found >= count:
            break
    people = pa.concat_tables(tables).slice(0, count)
    lengths = pc.if_else(
        pc.equal(people["birth_precision"], "day"),
        10,
        pc.if_else(pc.equal(people["birth_precision"], "month"), 7, 4),
    )
    whole = people["birth_date"].cast(pa.string()).to_pylist()
    dates = [text[:length] if text else None for text, length in zip(whole, lengths.to_pylist(), strict=True)]
    columns = {"ref": pa.array([str(place) for place in range(len(people))]), "birth_date": pa.array(dates)}
    columns |= {name: people[name] for name in _COLUMNS}
    return pa.table(columns | {"personal_id": people["personal_id"]})
