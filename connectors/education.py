"""The education database: folders loaded, partitions read as records.

Everything is read by partition, one kind in one province, in batches of text, in the shapes that
`connectors.education_records` makes of a folder. The ministry's tables may lack optional columns and may have types
of their own; they are read as text whatever they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.copied_rows import copied_batches
from connectors.database import any_differs, bulk_insert, count_of, reading, shown, upsert, writing
from connectors.education_records import relationships
from connectors.education_tables import (
    LINKS,
    NO_PROVINCE,
    TABLE_KEYS,
    education_metadata,
    links,
    loading_table,
)
from connectors.errors import ColumnsMissing
from connectors.files import EducationFolder
from connectors.partition_queries import Query, Sources, family_links, records, sources, strays
from connectors.schema import prepare_schema
from matching.schemas import EDUCATION_TABLES, FAMILIES, RAW_RECORDS, REQUIRED_COLUMNS

BATCH_ROWS = 50_000
_TABLES_OF_KIND = {
    "student": ("schools", "students"),
    "teacher": ("schools", "teachers"),
    "guardian": ("schools", "students", "guardians", "student_guardians"),
}


@dataclass(frozen=True)
class LoadCounts:
    """What loading a table did, in rows."""

    inserted: int
    changed: int
    unchanged: int


def create_tables(engine: sa.Engine) -> None:
    """Make a whole education database, the ministry's tables included: for tests, trials and folders."""
    with writing(engine) as connection:
        education_metadata.create_all(connection)
        prepare_schema(connection)


def create_sync_tables(engine: sa.Engine) -> None:
    """Make the tables that the sync owns where there are none; the ministry's are not touched.

    Raises:
        SchemaOlder: There are some, and they must be upgraded.
        SchemaNewer: There are some that the program doesn't know.
    """
    with writing(engine) as connection:
        prepare_schema(connection)


def load_folder(engine: sa.Engine, folder: EducationFolder) -> dict[str, LoadCounts]:
    """Load an education folder in one transaction, row by row of the same key over the one before.

    Rows that the folder doesn't have stay. A column that the folder lacks is null in it, and becomes null.

    Returns:
        Table → what was done; loading the same folder again finds everything unchanged.
    """
    with writing(engine) as connection:
        education_metadata.create_all(connection)
        return {name: _load(connection, name, getattr(folder, name)) for name in EDUCATION_TABLES}


def _load(connection: sa.Connection, name: str, data: pa.Table) -> LoadCounts:
    table = education_metadata.tables[name]
    if not connection.scalar(sa.select(sa.exists().select_from(table))):
        bulk_insert(connection, table, data)
        return LoadCounts(data.num_rows, 0, 0)
    keys = TABLE_KEYS[name]
    staged = loading_table(name)
    staged.create(connection)
    bulk_insert(connection, staged, data)
    same_key = sa.and_(*[staged.c[key] == table.c[key] for key in keys])
    differs = any_differs(staged, table, keys)
    known = count_of(connection, staged.join(table, same_key))
    changed = count_of(connection, staged.join(table, sa.and_(same_key, differs)))
    if known < data.num_rows or changed:
        upsert(connection, table, staged, keys)
    staged.drop(connection)
    return LoadCounts(data.num_rows - known, changed, known - changed)


def _sources(engine: sa.Engine, names: tuple[str, ...]) -> Sources:
    """The tables as they can be read.

    Raises:
        ColumnsMissing: Tables or required columns are not there.
    """
    with reading(engine) as connection:
        inspector = sa.inspect(connection)
        there = {name for name in names if inspector.has_table(name)}
        types = {
            name: {column["name"]: column["type"] for column in inspector.get_columns(name)} for name in there
        }
    lacking = {
        name: [need for need in REQUIRED_COLUMNS[name] if need not in types[name]] for name in sorted(there)
    }
    lacking = {name: needs for name, needs in lacking.items() if needs}
    absent = [name for name in names if name not in there]
    if absent or lacking:
        raise ColumnsMissing(f"education database {shown(engine.url)}", absent, lacking)
    return sources(types, engine.dialect.name)


def provinces(engine: sa.Engine) -> list[str]:
    """Codes of the provinces that have schools, in order; `NO_PROVINCE` last where some record belongs to none."""
    with reading(engine) as connection:
        there = set(sa.inspect(connection).get_table_names())
    kinds = [kind for kind, tables in _TABLES_OF_KIND.items() if there.issuperset(tables)]
    needed = {"schools"}.union(*(_TABLES_OF_KIND[kind] for kind in kinds))
    found = _sources(engine, tuple(name for name in EDUCATION_TABLES if name in needed))
    code = found["schools"].c.province_code
    with reading(engine) as connection:
        codes = connection.scalars(sa.select(code).where(code.is_not(None)).distinct().order_by(code)).all()
        stray = any(connection.scalar(sa.select(strays(found, kind).exists())) for kind in kinds)
    return [*codes, NO_PROVINCE] if stray else list(codes)


def read_partition(
    engine: sa.Engine, kind: str, province: str, changed_since: date | None = None
) -> Iterator[pa.RecordBatch]:
    """Records of one kind in one province, by record ID, as one state of the database.

    Args:
        engine: The education database.
        kind: teacher, student or guardian.
        province: Its code, or `NO_PROVINCE`.
        changed_since: Leave out what `updated_at` dates before that day; records without that date are read.

    Yields:
        Batches of `matching.schemas.RAW_RECORDS`.
    """
    found = _sources(engine, _TABLES_OF_KIND[kind])
    yield from _batches(engine, records(found, kind, province, changed_since), RAW_RECORDS)


def read_families(engine: sa.Engine, province: str) -> pa.Table:
    """Guardians of the students of a province: `matching.schemas.FAMILIES`."""
    links_of = family_links(_sources(engine, _TABLES_OF_KIND["guardian"]), province)
    found = pa.Table.from_batches(_batches(engine, links_of, FAMILIES), FAMILIES)
    column = FAMILIES.get_field_index("relationship")
    return found.set_column(column, FAMILIES.field(column), relationships(found["relationship"]))


def read_links(engine: sa.Engine, kind: str, province: str) -> pa.Table:
    """The links of a partition as they stand: `connectors.education_tables.LINKS`, by record ID."""
    chosen = sa.select(links).where(links.c.kind == kind, links.c.province == province)
    # sorted here: SQLite would go through the links of the whole country, which lie in that order
    return pa.Table.from_batches(_batches(engine, chosen, LINKS), LINKS).sort_by("record_id")


def _batches(engine: sa.Engine, query: Query, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            yield from copied_batches(connection, query, schema, BATCH_ROWS)
            return
        streaming = connection.execution_options(stream_results=True, yield_per=BATCH_ROWS)
        # closed even when the reader stops half way, else the cursor stays open
        with streaming.execute(query) as rows:
            for part in rows.partitions():
                columns = zip(*part, strict=True)
                arrays = [_column(values, field.type) for values, field in zip(columns, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)


def _column(values: tuple[object, ...], kind: pa.DataType) -> pa.Array:
    column = pa.array(values, kind)
    if not pa.types.is_string(kind):
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, kind), column)
