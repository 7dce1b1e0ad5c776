"""How the registry folds names: the rule, as an SQL macro. `name_keys` follows it character by character.

The registry searches on names without case, marks and apostrophes. Composed and decomposed letters, the look-alikes
of Đ, and every kind of space come out the same. What is not a Latin letter or a digit parts words.
"""

import duckdb

# Đ has look-alikes with other code points; ƀ and ı carry no mark that could be taken off. After all marks are gone, so that
# a letter with a mark and without becomes the same
_LETTERS = ("đðɖƀıøł", "dddbiol")
_VANISHING = r"['’‘ʼ`´ʹ′\x{00AD}\x{200B}-\x{200F}\x{2060}\x{FEFF}]"


MACROS = (
    rf"""
    CREATE OR REPLACE MACRO folded(name) AS nullif(trim(regexp_replace(
        regexp_replace(
            translate(strip_accents(lower(nfc_normalize(name))), '{_LETTERS[0]}', '{_LETTERS[1]}'),
            '{_VANISHING.replace("'", "''")}', '', 'g'),
        '[^a-z0-9]+', ' ', 'g')), '')
    """,
)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to `connection` and every cursor made of it."""
    for macro in MACROS:
        connection.execute(macro)
