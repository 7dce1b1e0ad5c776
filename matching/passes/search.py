"""The passes that search: the records that are still open are searched, by exact key and by all blocking rules."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.blocking import RULES
from matching.registry import Registry

EXACT_KEY = "exact_key"
FUZZY = "fuzzy"

RULES_OF = {EXACT_KEY: (RULES[0].name,), FUZZY: tuple(rule.name for rule in RULES)}
"""Pass → the blocking rules that it uses."""


def pairs(
    name: str, keys: pa.Table, features: pa.Table, rows: np.ndarray, registry: Registry
) -> Iterator[pa.Table]:
    """Pairs (PAIRS) of a pass for the records still open, in batches, none twice.

    Args:
        name: EXACT_KEY or FUZZY.
        keys: RECORD_KEYS of all records.
        features: NAME_FEATURES of their names.
        rows: the open ones.
        registry: whom to ask.
    """
    chosen = keys.filter(pc.is_in(keys["row"], value_set=pa.array(rows, pa.int32())))
    yield from registry.candidates(chosen, features, RULES_OF[name])
