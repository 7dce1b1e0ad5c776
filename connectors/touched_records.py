"""Which records changes of the registry may touch: those who might be somebody whom a change was about."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.files_out import write_parquet
from connectors.registry_changes import Touched
from connectors.registry_index import build_index
from connectors.snapshot import Snapshot
from matching.beside import among
from matching.blocking import RULES
from matching.blocks import NOTHING_LISTED
from matching.decision import Outcome
from matching.engines.engine import Search
from matching.engines.local import searched_in_threads
from matching.keys import digits, record_columns
from matching.model import Model
from matching.nametable import Array
from matching.normalise.names import entry_names
from matching.passes.search import FUZZY
from matching.profile import Profile
from matching.same_order import places_in
from matching.subjects import subjects_of
from matching.updating import SETTLED


def touched_records(
    records: pa.Table, decisions: pa.Table, touched: Touched, registry: Snapshot, model: Model
) -> pa.Array:
    """IDs of records whose decision may be another now.

    Linked ones whose entry changed, or beside whom somebody of the same name and birth year changed or came; who by the blocking rules
    may be somebody touched, of those who are open or were found in spite of what differs; all who claim one of their numbers.

    Args:
        records: RECORDS of one kind.
        decisions: DECISIONS of before, of records that are still there.
        touched: what changes touched.
        registry: the registry as it is.
        model: of the kind.
    """
    if not len(touched.ids):
        return pa.array([], pa.string())
    place = places_in(decisions["record_id"], records["record_id"])
    of, at = records.filter(pa.array(place >= 0)).combine_chunks(), pa.array(place[place >= 0])
    entry = digits(decisions["personal_id"].take(at), np.int64)
    claimed = [digits(of[name], np.int64) for name in ("claimed_id", "claimed_former", "claimed_other")]
    met = np.any([among(touched.ids, numbers) for numbers in (entry, *claimed)], axis=0)
    met |= _namesakes(of, touched.people, registry)
    still = np.flatnonzero(_unsure(decisions, at) & ~met & of["left_out"].is_null().to_numpy())
    met[still[_alike(of.take(pa.array(still)), touched, registry, model)]] = True
    return of["record_id"].combine_chunks().filter(pa.array(met))


def _unsure(decisions: pa.Table, at: pa.Array) -> Array:
    """Who is open, or was found by the widest search, or not beyond doubt: whoever comes may be likelier, or as likely."""
    of = decisions.select(["outcome", "decided_by", "match_probability"]).take(at)
    is_open = pc.not_equal(of["outcome"], Outcome.LINKED)
    widely = pc.fill_null(pc.equal(of["decided_by"], FUZZY), False)
    doubtful = pc.fill_null(pc.less(of["match_probability"], SETTLED), True)
    return np.asarray(pc.or_(pc.or_(is_open, widely), doubtful).to_numpy())


def touched_families(
    guardians: pa.Table, students: pa.Table, families: pa.Table, touched: Touched, registry: Snapshot
) -> pa.Array:
    """IDs of guardians whose linked child has a brother or sister among those touched, or who lost or won a parent there.

    Args:
        guardians: RECORDS of guardians.
        students: DECISIONS of before.
        families: FAMILIES.
        touched: what changes touched.
        registry: the registry as it is.
    """
    if not len(touched.people):
        return pa.array([], pa.string())
    parents = [touched.people[name].combine_chunks() for name in ("father_id", "mother_id")]
    theirs = registry.relatives(pc.unique(pa.concat_arrays(parents).drop_null()))
    children = theirs["at"].filter(pc.equal(theirs["relation"], "child")).to_numpy()
    linked = digits(students["personal_id"], np.int64)
    ids = np.unique(registry.people().entries.entry[children])
    met = students["record_id"].combine_chunks().filter(pa.array(among(ids, linked)))
    of = families["guardian_id"].filter(pc.is_in(families["student_id"], value_set=met))
    return pc.unique(
        of.filter(pc.is_in(of, value_set=guardians["record_id"].combine_chunks())).combine_chunks()
    )


def _namesakes(records: pa.Table, people: pa.Table, registry: Snapshot) -> Array:
    """Who has the name, but for its marks, and the first possible birth year of somebody touched."""
    theirs = _without_marks(entry_names(people["full_name"], registry.profile.canonical))
    wanted = _with_year(theirs, people["birth_date"])
    names = records["name"].combine_chunks().dictionary_encode()
    bare = _without_marks(names.dictionary)
    named = pc.is_in(bare, value_set=theirs.drop_null()).take(names.indices)
    rows = pa.array(np.flatnonzero(pc.fill_null(named, False).to_numpy(zero_copy_only=False)))
    own = _with_year(bare.take(names.indices.take(rows)), records["birth_from"].take(rows))
    found = np.zeros(len(records), bool)
    found[rows.to_numpy()] = pc.is_in(own, value_set=wanted.drop_null()).to_numpy(zero_copy_only=False)
    return found


def _without_marks(names: pa.Array) -> pa.Array:
    plain = pc.replace_substring(pc.utf8_normalize(names, "NFD"), "đ", "d")
    return pc.replace_substring_regex(plain, r"\p{M}+", "")


def _with_year(names: pa.Array, days: pa.ChunkedArray) -> pa.Array:
    return pc.binary_join_element_wise(names, pc.year(days.combine_chunks()).cast(pa.string()), "/")


_RARE_NAME, _RARE_DATE = (
    1 << [rule.name for rule in RULES].index(name) for name in ("name_rare", "date_rare")
)


@lru_cache(maxsize=2)
def _index_of(touched: Touched, profile: Profile) -> Snapshot:
    """Whom changes touched as a registry of its own, made once for all kinds and parts."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "people"
        write_parquet(touched.people, folder / "part-0.parquet")
        some = Snapshot(build_index(folder, Path(work) / "index", profile))
        # what is mapped by now outlives its file, which holds people and must not be left lying
        some.frequencies()
        return some


def _alike(records: pa.Table, touched: Touched, registry: Snapshot, model: Model) -> Array:
    """Who meets somebody touched by a blocking rule."""
    columns, names, text = record_columns(records, registry.profile)
    some = _index_of(touched, registry.profile)
    subjects = subjects_of(
        columns, names, text, some.frequencies(), some.name_counts(names), registry.profile
    )
    rows = np.arange(len(records))
    blocks = some.blocks(columns, names, text, rows, widely=True)
    seen = searched_in_threads(Search(some, subjects, model, rows, NOTHING_LISTED), blocks)
    # among the few touched every name and date is rare: whether it is one counts among all
    named, born = registry.rare(columns, names)
    rules = seen.rules & ~np.where(named, 0, _RARE_NAME)[seen.row, None]
    rules &= ~np.where(born, 0, _RARE_DATE)[seen.row, None]
    met = np.zeros(len(records), bool)
    met[seen.row] = (rules != 0).any(axis=1)
    return met
