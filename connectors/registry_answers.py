"""Reads what the registry answered into the tables of `matching.schemas`, or says what is wrong with it.

Strict in what must be there, lenient in what may be added: unknown fields are ignored. A word this client
doesn't know never counts in favour of a link:

* `found`, `found_by`: the question counts as not answered (`Answer.unclear`), its entries are left out;
* `status`, `gender`: null, that is, not known;
* `birth_precision`: `year`, which claims the least; null where there is no date;
* `relation`: the relative is left out.

A question that has `problem` instead of an answer is to be asked again (`Answer.again`). Of a person whom the registry
withholds there is a row in the answer to a lookup, with nothing but `asked` and `found_by` = `withheld`.

Of an entry only `personal_id` must have a value; the other required fields must be there and may be null.

Errors name route and field, never a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connectors.errors import RegistryNonsense
from matching.registry import RegistryFacts
from matching.schemas import FOUND, RELATIVES, TRACED

Json = dict[str, object]

_UNKNOWN = pa.scalar(None, pa.string())
_FOUND_BY = ("current", "superseded", "former")
WITHHELD = "withheld"
"""`found_by` of a number whose holder the registry withholds."""
_RELATIONS = ("father", "mother", "child")
_REQUIRED = ("personal_id", "full_name", "birth_date", "birth_precision", "gender", "status")
_KEYS = frozenset({"asked", "found_by", "ref", "rank", "more", "relation"})
_TEXTS = (pa.string(), pa.large_string(), pa.string_view())
_LISTS = tuple(of(text) for of in (pa.list_, pa.large_list) for text in _TEXTS)
_INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32())


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        rows: a table of the operation's schema.
        unclear: the questions (number or ref) answered in words that this client doesn't know.
        again: the questions that failed for no fault of theirs.
    """

    rows: pa.Table
    unclear: tuple[str, ...] = ()
    again: tuple[str, ...] = ()


def read_facts(content: Json, route: str) -> RegistryFacts:
    """`GET /v1/info`: how many entries, as of when, from where."""
    entries = content.get("entries")
    if not isinstance(entries, int) or isinstance(entries, bool) or entries < 0:
        raise RegistryNonsense(f"{route}: field entries")
    return RegistryFacts(entries, text_of(content, "as_of", route), text_of(content, "source", route))


def read_lookup(content: Json, asked: list[str], route: str) -> Answer:
    """`POST /v1/lookup` → FOUND, one row per entry; a number that isn't there has none."""
    keys: list[str] = []
    ways: list[str] = []
    entries: list[Json] = []
    unclear: list[str] = []
    withheld: list[str] = []
    answered, again = results_of(content, "number", asked, route)
    for number, result in answered:
        way = text_of(result, "found", f"{route}: results[]")
        found = objects_of(result, "entries", f"{route}: results[]")
        if way in _FOUND_BY:
            entries += found
            keys += [number] * len(found)
            ways += [way] * len(found)
        elif way == WITHHELD:
            withheld.append(number)
        elif way != "none":
            unclear.append(number)
    rows = _table(FOUND, {"asked": keys, "found_by": ways}, entries, f"{route}: entries[]")
    return Answer(pa.concat_tables([rows, withheld_rows(withheld)]), tuple(unclear), again)


def withheld_rows(numbers: Sequence[str]) -> pa.Table:
    """FOUND of numbers whose holders are withheld."""
    columns = {"asked": pa.array(numbers, pa.string()), "found_by": pa.array([WITHHELD] * len(numbers))}
    return pa.table(
        {field.name: columns.get(field.name, pa.nulls(len(numbers), field.type)) for field in FOUND},
        schema=FOUND,
    )


def read_trace(content: Json, asked: list[str], route: str) -> Answer:
    """`POST /v1/trace` → TRACED, one row per candidate; a query that nobody fits has none."""
    refs: list[str] = []
    more: list[bool] = []
    candidates: list[Json] = []
    answered, again = results_of(content, "ref", asked, route)
    for ref, result in answered:
        some = objects_of(result, "candidates", f"{route}: results[]")
        candidates += some
        refs += [ref] * len(some)
        more += [_flag(result, "more", f"{route}: results[]")] * len(some)
    where = f"{route}: candidates[]"
    ranks = [_whole(candidate, "rank", where) for candidate in candidates]
    entries = [_object(candidate, "entry", where) for candidate in candidates]
    return Answer(_table(TRACED, {"ref": refs, "rank": ranks, "more": more}, entries, where), again=again)


def read_relatives(content: Json, asked: list[str], route: str) -> Answer:
    """`POST /v1/relatives` → RELATIVES, one row per relative known."""
    keys: list[str] = []
    relations: list[str] = []
    entries: list[Json] = []
    answered, again = results_of(content, "number", asked, route)
    for number, result in answered:
        where = f"{route}: results[]"
        family = [
            (parent, _object(result, parent, where)) for parent in ("father", "mother") if result.get(parent)
        ]
        family += [("child", child) for child in objects_of(result, "children", where)]
        keys += [number] * len(family)
        relations += [relation for relation, _ in family]
        entries += [entry for _, entry in family]
    rows = _table(RELATIVES, {"asked": keys, "relation": relations}, entries, f"{route}: results[]")
    return Answer(rows, again=again)


def read_batch(batch: pa.RecordBatch, schema: pa.Schema, asked: pa.Array, route: str) -> Answer:
    """A batch of a bulk job's result, in the columns of FOUND, TRACED or RELATIVES.

    Args:
        batch: as decoded from the Arrow stream, contents not yet checked.
        schema: FOUND, TRACED or RELATIVES; its first column names the question.
        asked: the questions that the job was given.
        route: for messages.
    """
    table = pa.table({field.name: _conformed(batch, field, route) for field in schema}, schema=schema)
    key = schema.names[0]
    if not pc.all(pc.is_in(table[key], value_set=asked), min_count=0).as_py():
        raise RegistryNonsense(f"{route}: field {key} holds what wasn't asked")
    if "found_by" not in schema.names:
        checked = _checked(table, route)
        if "relation" in schema.names:
            checked = checked.filter(pc.is_in(checked["relation"], value_set=pa.array(_RELATIONS)))
        return Answer(checked)
    way = table["found_by"]
    if way.null_count:
        raise RegistryNonsense(f"{route}: field found_by is missing")
    unknown = pc.invert(pc.is_in(way, value_set=pa.array([*_FOUND_BY, WITHHELD, "none"])))
    unclear = table.filter(unknown)[key].unique().to_pylist()
    found = _checked(table.filter(pc.is_in(way, value_set=pa.array(_FOUND_BY))), route)
    withheld = table.filter(pc.equal(way, WITHHELD))[key].to_pylist()
    return Answer(pa.concat_tables([found, withheld_rows(withheld)]), tuple(unclear))


def results_of(
    content: Json, key: str, asked: list[str], route: str
) -> tuple[list[tuple[str, Json]], tuple[str, ...]]:
    """The answers by question, and the questions that failed; every question must be there, and once."""
    text_of(content, "as_of", route)
    results = objects_of(content, "results", route)
    keys = [text_of(result, key, f"{route}: results[]") for result in results]
    if len(keys) != len(asked) or set(keys) != set(asked):
        raise RegistryNonsense(f"{route}: results don't answer each question once")
    both = list(zip(keys, results, strict=True))
    again = tuple(name for name, result in both if isinstance(result.get("problem"), str))
    return [(name, result) for name, result in both if not isinstance(result.get("problem"), str)], again


def _table(
    schema: pa.Schema, keys: Mapping[str, Sequence[object]], entries: list[Json], where: str
) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for field in schema:
        if field.name in keys:
            columns[field.name] = pa.array(keys[field.name], field.type)
        else:
            columns[field.name] = _column(entries, field, where)
    return _checked(pa.table(columns, schema=schema), where)


def _column(entries: list[Json], field: pa.Field, where: str) -> pa.Array:
    values = [entry.get(field.name) for entry in entries]
    kinds = set(map(type, values)) - {type(None)}
    if field.name in _REQUIRED and None in values and not all(field.name in entry for entry in entries):
        raise RegistryNonsense(f"{where}: field {field.name} is missing")
    fits = kinds <= {list} and _hold_texts(values) if pa.types.is_list(field.type) else kinds <= {str}
    array = _array(values, field.type) if fits else None
    if array is None:
        raise RegistryNonsense(f"{where}: field {field.name} has another type or form")
    return array


def _hold_texts(values: list[object]) -> bool:
    return all(type(item) is str for value in values if isinstance(value, list) for item in value)


def _array(values: list[object], kind: pa.DataType) -> pa.Array | None:
    try:
        if pa.types.is_date(kind):
            return pa.array(values, pa.string()).cast(kind)
        return pa.array(values, kind)
    except (pa.ArrowException, ValueError):
        return None


def _conformed(batch: pa.RecordBatch, field: pa.Field, route: str) -> pa.Array:
    """The column of a batch in the schema's type; only widths are converted, never a number into text."""
    places = batch.schema.get_all_field_indices(field.name)
    if not places and field.name not in {*_REQUIRED, *_KEYS}:
        return pa.nulls(batch.num_rows, field.type)
    if len(places) != 1:
        raise RegistryNonsense(f"{route}: column {field.name} is missing or there twice")
    column = batch.column(places[0])
    array = _cast(column, field.type) if column.type in _accepted(field.type) else None
    if array is None:
        raise RegistryNonsense(f"{route}: column {field.name} has another type")
    return array


def _accepted(kind: pa.DataType) -> tuple[pa.DataType, ...]:
    if kind == pa.string():
        return _TEXTS
    if kind == pa.int32():
        return _INTEGERS
    return _LISTS if pa.types.is_list(kind) else (kind,)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        column.validate(full=True)
        return column.cast(kind)
    except (pa.ArrowException, ValueError, MemoryError):
        return None


def _checked(table: pa.Table, where: str) -> pa.Table:
    """The table with everything required in place and unknown words settled."""
    for name in table.column_names:
        if name in {"personal_id", *_KEYS} and table[name].null_count:
            raise RegistryNonsense(f"{where}: field {name} is missing")
    _demand(pc.match_substring_regex(table["personal_id"], r"\A[0-9]{12}\z"), where, "personal_id")
    year = pc.year(table["birth_date"])
    _demand(pc.and_(pc.greater_equal(year, 1800), pc.less_equal(year, 2200)), where, "birth_date")
    if "rank" in table.column_names:
        _demand(pc.greater_equal(table["rank"], 1), where, "rank")
    least = pc.if_else(pc.is_valid(table["birth_date"]), "year", _UNKNOWN)
    table = _settled(table, "birth_precision", ("day", "month", "year"), least)
    table = _settled(table, "gender", ("M", "F"), _UNKNOWN)
    return _settled(table, "status", ("alive", "deceased"), _UNKNOWN)


def _demand(holds: pa.ChunkedArray, where: str, name: str) -> None:
    if not pc.all(holds, min_count=0).as_py():
        raise RegistryNonsense(f"{where}: field {name} has another form")


def _settled(
    table: pa.Table, name: str, known: tuple[str, ...], otherwise: pa.Scalar | pa.ChunkedArray
) -> pa.Table:
    settled = pc.if_else(pc.is_in(table[name], value_set=pa.array(known)), table[name], otherwise)
    return table.set_column(table.column_names.index(name), table.schema.field(name), settled)


def text_of(content: Json, name: str, where: str) -> str:
    """A text that must be there."""
    value = content.get(name)
    if not isinstance(value, str) or not value.isprintable():
        raise RegistryNonsense(f"{where}: field {name}")
    return value


def _flag(content: Json, name: str, where: str) -> bool:
    value = content.get(name)
    if not isinstance(value, bool):
        raise RegistryNonsense(f"{where}: field {name}")
    return value


def _whole(content: Json, name: str, where: str) -> int:
    value = content.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31:
        raise RegistryNonsense(f"{where}: field {name}")
    return value


def _object(content: Json, name: str, where: str) -> Json:
    value = content.get(name)
    if not isinstance(value, dict):
        raise RegistryNonsense(f"{where}: field {name}")
    return value


def objects_of(content: Json, name: str, where: str) -> list[Json]:
    """A list of objects that must be there."""
    value = content.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RegistryNonsense(f"{where}: field {name}")
    return value
