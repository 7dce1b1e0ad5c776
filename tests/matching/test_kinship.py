"""What a run's families teach, and what they say of a record before it is compared."""

import numpy as np
import pyarrow as pa
import pytest

from matching import levels, model
from matching.kinship import NOBODYS_KIN, Compared, Kin, kin_of, learn_kin, said_by_family, slots_of
from matching.passes import family

OWN, CHILD = family.OWN, family.CHILD
STORED = model.load()["guardian"]


def kin(*pairs):
    """Each pair: row, entry, slot."""
    slot = [slot for _, _, slot in pairs]
    prior = [model.SLOTS[family.SLOT_NAMES[at]]["same"] for at in slot]
    return Kin(
        np.array([row for row, _, _ in pairs], np.int64),
        np.array([at for _, at, _ in pairs], np.int32),
        np.array(slot, np.int8),
        np.array(prior),
    )


def compared(*groups):
    """Each group: how many pairs of one kind of evidence, level of the name, level of the birth date."""
    codes = {
        "name": np.repeat([levels.NAME.index(name) for _, name, _ in groups], [n for n, _, _ in groups]),
        "birth_date": np.repeat(
            [levels.BIRTH_DATE.index(date) for _, _, date in groups], [n for n, _, _ in groups]
        ),
    }
    size = len(codes["name"])
    codes["gender"] = np.full(size, levels.GENDER.index("missing"))
    near = codes["name"] < levels.NAME.index("given_agrees")
    agrees = codes["birth_date"] == levels.BIRTH_DATE.index("coarse")
    return Compared(
        np.full(size, OWN, np.int8),
        codes,
        np.zeros(size, bool),
        np.ones(size, bool),
        np.where(near, 1e-3, 0.5),
        np.where(agrees, 0.02, 1.0),
    )


def test_where_fathers_are_the_fathers_families_are_sure_of_them():
    learned = learn_kin(STORED, compared((5_000, "same", "coarse"), (10, "different", "far")))
    assert learned.kin["own"]["same"] > 0.98
    assert learned.kin["own"]["other"] < 0.02


def test_where_step_fathers_are_entered_families_are_not_so_sure():
    learned = learn_kin(STORED, compared((5_000, "same", "coarse"), (2_000, "different", "different")))
    assert 0.65 < learned.kin["own"]["same"] < 0.8


@pytest.mark.parametrize(("level", "is_learned"), [("given_marks_lost", True), ("different", False)])
def test_slips_are_learned_where_the_date_agrees_and_another_name_is_not(level, is_learned):
    learned = learn_kin(STORED, compared((4_000, "same", "coarse"), (400, level, "coarse")))
    at = levels.NAME.index(level)
    grown = learned.m["name"][at] / STORED.m["name"][at]
    assert (grown > 10) if is_learned else (0.5 < grown < 2)


def test_shares_of_a_slot_add_up_to_one():
    learned = learn_kin(STORED, compared((300, "same", "coarse"), (30, "family_agrees", "far")))
    assert all(sum(shares.values()) == pytest.approx(1) for shares in learned.kin.values())


def test_without_families_nothing_is_learned_and_nothing_said():
    assert learn_kin(STORED, compared()) == STORED
    said = said_by_family(NOBODYS_KIN, 3, STORED)
    assert np.isnan(said.others).all()
    assert len(said.listed.row) == 0


def test_everybody_else_shares_what_the_family_leaves():
    said = said_by_family(kin((0, 7, OWN), (0, 8, family.OTHER), (2, 9, CHILD)), 3, STORED)
    assert said.others[0] == pytest.approx(1 - 0.9 - 0.03)
    assert np.isnan(said.others[1:]).all()  # a pupil's brothers are listed and say nothing of others
    assert said.listed.prior.tolist() == pytest.approx([0.9, 0.03, 0.9])


def test_several_fathers_are_never_more_than_sure():
    said = said_by_family(kin((0, 7, OWN), (0, 8, OWN), (0, 9, OWN)), 1, STORED)
    assert said.listed.prior.sum() == pytest.approx(0.99)
    assert said.others[0] == pytest.approx(0.01)


def test_slots_are_told_for_those_whom_families_name():
    named = kin((1, 5, OWN), (1, 6, family.OTHER), (3, 5, family.GUARDIAN))
    slot, there = slots_of(named, np.array([1, 3]), np.array([[6, 4, 5], [5, 6, -1]]))
    assert there.tolist() == [[True, False, True], [True, False, False]]
    assert slot.tolist() == [family.OTHER, OWN, family.GUARDIAN]


def test_kin_goes_by_the_rows_of_the_records():
    records = pa.table({"record_id": ["a", "b"]})
    table = pa.table(
        {"record_id": ["b", "x", "a"], "slot": [0, 0, 5], "prior": [0.9, 0.9, 0.3], "at": [4, 5, 6]}
    ).cast(family.KIN)
    found = kin_of(records, table)
    assert (found.row.tolist(), found.at.tolist(), found.slot.tolist()) == ([0, 1], [6, 4], [5, 0])
    assert kin_of(records, None) is NOBODYS_KIN
