"""How the registry reduces names to search keys: SQL macros, so that a hundred million names fold in one pass.

The registry searches on names without case, marks and apostrophes. Composed and decomposed letters, the look-alikes
of Đ, and every kind of space come out the same. What is not a Latin letter or a digit parts words.
"""

import duckdb

# Đ has look-alikes with other code points; ƀ and ı carry no mark that could be taken off
_LETTERS = ("ĐđÐðƉɖɃƀıøØłŁ", "ddddddbbiooll")
_VANISHING = r"['’‘ʼ`´ʹ′\x{00AD}\x{200B}-\x{200F}\x{2060}\x{FEFF}]"

# letters heard alike somewhere in the country; replaced wherever they stand, so that a lost space changes nothing
_HEARD = (
    ("y", "i"),
    ("ngh", "ng"),
    ("gh", "g"),
    ("gi", "d"),
    ("tr", "ch"),
    ("r", "d"),
    ("v", "d"),
    ("x", "s"),
    ("l", "n"),
    ("q", "k"),
    ("ch", "C"),
    ("c", "k"),
    ("C", "ch"),
)


def _sounded(folded: str) -> str:
    """SQL that writes down how a folded name sounds; replacing plain text is far faster than patterns."""
    text = f"replace({folded}, ' ', '')"
    for letters, heard in _HEARD:
        text = f"replace({text}, '{letters}', '{heard}')"
    return text


MACROS = (
    rf"""
    CREATE OR REPLACE MACRO folded(name) AS nullif(trim(regexp_replace(
        regexp_replace(
            strip_accents(lower(translate(nfc_normalize(name), '{_LETTERS[0]}', '{_LETTERS[1]}'))),
            '{_VANISHING.replace("'", "''")}', '', 'g'),
        '[^a-z0-9]+', ' ', 'g')), '')
    """,
    "CREATE OR REPLACE MACRO sorted_words(folded) AS array_to_string(list_sort(string_split(folded, ' ')), ' ')",
    f"CREATE OR REPLACE MACRO sounded(folded) AS {_sounded('folded')}",
    "CREATE OR REPLACE MACRO first_word(folded) AS split_part(folded, ' ', 1)",
    "CREATE OR REPLACE MACRO last_word(folded) AS split_part(folded, ' ', -1)",
    r"CREATE OR REPLACE MACRO initials(folded) AS regexp_replace(folded, '([a-z0-9])[a-z0-9]* ?', '\1', 'g')",
    # tone marks stay: of two people with one folded name the one spelled alike comes first
    "CREATE OR REPLACE MACRO spelled(name) AS trim(regexp_replace(lower(nfc_normalize(name)), '\\s+', ' ', 'g'))",
)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to `connection` and every cursor made of it."""
    for macro in MACROS:
        connection.execute(macro)
