"""Small parts of a run: what is carried forward, counts on their way, pooled models, failures, kept answers."""

import itertools
from dataclasses import replace

import httpx2
import pyarrow as pa
import pytest

from connectors.education_tables import LINKS
from connectors.errors import RegistryUnreachable
from connectors.registry_messages import Credentials, Identity
from connectors.registry_patience import DEFAULT_LIMITS
from matching import model
from matching.schemas import DECISIONS, TRACE_QUERY
from pipelines.carried import as_decisions, contested, only, without
from pipelines.errors import StageFailed
from pipelines.failures import told_without_people
from pipelines.kept_answers import KeptAnswers, forget_answers
from pipelines.measures import calibration, database_rates, report_rates
from pipelines.models import keep_model, kept_model, pooled
from pipelines.seals import pseudonyms
from reporting.rates import LINK_RATES, totals

EVIDENCE = dict.fromkeys(
    ("name", "birth_date", "gender", "birth_place", "residence", "number", "parents"), "same"
)


def link(record, number):
    return {
        "kind": "student", "record_id": record, "province": "38", "personal_id": number, "reason": "evidence_agrees",
        "decided_by": "fuzzy", "match_probability": 0.999, "confirmed_by_person": False, "model": "m", "run": "r0",
        "valid_from": "2026-01-01",
    }  # fmt: skip


def decision(record, number):
    return {
        "kind": "student", "record_id": record, "outcome": "linked" if number else "unlinked", "reason": "evidence_agrees",
        "personal_id": number, "match_probability": 0.999, "runner_up_probability": 0.001, "decided_by": "fuzzy",
        "evidence": EVIDENCE, "model": "m", "run": "r0",
    }  # fmt: skip


def links(*pairs):
    return pa.Table.from_pylist([link(*pair) for pair in pairs], schema=LINKS)


def decisions(*pairs):
    return pa.Table.from_pylist([decision(*pair) for pair in pairs], schema=DECISIONS)


def test_a_carried_link_keeps_the_evidence_it_was_made_on():
    carried = as_decisions(links(("a", "001"), ("b", "002")), decisions(("a", "001"), ("b", "009")))
    assert carried.schema.equals(DECISIONS)
    assert carried["outcome"].to_pylist() == ["linked", "linked"]
    assert [bool(one) for one in carried["evidence"].to_pylist()] == [True, False]
    assert carried["run"].to_pylist() == ["r0", "r0"]


def test_an_id_is_contested_where_a_new_link_meets_a_carried_one():
    found = contested(decisions(("a", "001"), ("c", None), ("d", "003")), links(("x", "001"), ("y", "002")))
    assert found.to_pylist() == ["001"]


def test_tables_are_split_by_their_records():
    table, some = links(("a", "001"), ("b", "002")), pa.chunked_array([["b"], ["c"]])
    assert only(table, some)["record_id"].to_pylist() == ["b"]
    assert without(table, some)["record_id"].to_pylist() == ["a"]


COUNTED = pa.Table.from_pylist(
    [
        {"kind": "student", "province": "38", "level": level, "grade_12": twelve, "outcome": outcome, "reason": reason,
         "decided_by": None, "records": records}
        for level, twelve, outcome, reason, records in [
            ("primary", False, "linked", "number_verified", 7), ("primary", False, "linked", "evidence_agrees", 2),
            ("primary", False, "left_out", "foreign_national", 1), ("upper_secondary", True, "unlinked", "nobody_found", 3),
            ("upper_secondary", True, "clerical_review", "several_fit", 4),
        ]
    ],
    schema=LINK_RATES,
)  # fmt: skip


def test_rates_survive_the_way_into_the_database_and_back():
    kept = database_rates(COUNTED)
    assert kept["in_scope"].to_pylist() == [9, 7]
    assert kept["left_out_reasons"].to_pylist() == ['{"foreign_national":1}', None]
    whole = kept.append_column("kind", pa.array(["student"] * 2)).append_column(
        "province", pa.array(["38"] * 2)
    )
    assert totals(report_rates(whole), ["kind", "grade_12"]).equals(totals(COUNTED, ["kind", "grade_12"]))


def test_reliability_of_provinces_is_weighted_by_their_pairs():
    table = calibration([(0.9, 1.0, 100, 0.95, 0.9), (0.9, 1.0, 300, 0.95, 1.0)])
    assert table.to_pylist()[0] | {"observed": None} == {
        "bin_low": 0.9, "bin_high": 1.0, "pairs": 400, "stated": pytest.approx(0.95), "observed": None,
    }  # fmt: skip
    assert table["observed"][0].as_py() == pytest.approx(0.975)
    assert calibration([]) is None


def test_models_are_pooled_by_what_they_were_learned_from(tmp_path):
    stored = model.load()["student"]
    few, many = replace(stored, in_registry=0.5, verified=100), replace(stored, in_registry=0.9, verified=300)
    assert pooled([few, many]).in_registry == pytest.approx(0.8)
    assert pooled([few, many]).m["name"].sum() == pytest.approx(stored.m["name"].sum())
    keep_model(tmp_path, many)
    assert kept_model(tmp_path, "student").in_registry == pytest.approx(0.9)
    assert kept_model(tmp_path / "nothing", "student") is None


def test_an_unforeseen_error_is_told_by_class_and_place_alone():
    def broken():
        raise ValueError("Nguyễn Văn Kín")

    with pytest.raises(StageFailed) as failed:
        told_without_people(broken, "link", "student", "38")
    assert failed.value.cause == "ValueError"
    assert failed.value.place.startswith("test_parts:")
    assert failed.value.__context__ is None
    assert "Kín" not in str(failed.value)


def test_our_own_errors_come_through_without_what_they_came_from():
    def unreachable():
        try:
            int("Nguyễn Văn Kín")
        except ValueError as error:
            raise RegistryUnreachable("http://registry", 3) from error

    with pytest.raises(RegistryUnreachable) as failed:
        told_without_people(unreachable, "link")
    assert failed.value.__context__ is None
    assert failed.value.__cause__ is None


def test_pseudonyms_are_stable_and_hang_on_the_key():
    of, other = pseudonyms(b"k" * 32), pseudonyms(b"q" * 32)
    assert of("038099012345") == of("038099012345") != other("038099012345")
    assert "038099012345" not in of("038099012345")


@pytest.fixture
def counted(world, tmp_path):
    """A client over a folder, and the requests for people that it has made."""
    asked = []
    with httpx2.Client(base_url=world.address, event_hooks={"request": [asked.append]}) as http:
        credentials = Credentials("identity-sync", world.secret.read_text())
        identity = Identity("link-education", "MOET", "test")

        def client():
            return KeptAnswers(http, credentials, identity, DEFAULT_LIMITS, run="r").keep_in(
                tmp_path / "answers"
            )

        yield client, lambda: [one.url.path for one in asked if one.url.path.startswith("/v1/")]


def query(*names):
    empty = dict.fromkeys(TRACE_QUERY.names)
    return pa.Table.from_pylist(
        [{**empty, "ref": name, "full_name": name, "birth_date": "2010"} for name in names], TRACE_QUERY
    )


def test_many_questions_are_under_way_before_their_answers_are_wanted(counted):
    client, asked = counted
    answers = client().trace(query(*(f"Nguyễn {place}" for place in range(500))))
    assert asked() == ["/v1/jobs"]
    assert pa.concat_tables(answers).num_rows == 0
    assert len(asked()) > 1


def test_nothing_is_asked_a_second_time_not_even_by_another_process(counted, tmp_path):
    client, asked = counted
    numbers = pa.array(["038099000001", "048210000002", "12"])
    first = client().lookup(numbers)
    traced = pa.concat_tables(client().trace(query("Nguyễn Văn An", "Lê Thị Bình")))
    relatives = client().relatives(numbers)
    before = len(asked())
    assert before == 3
    assert client().lookup(numbers.slice(1)).num_rows <= first.num_rows
    assert client().relatives(numbers).equals(relatives)
    assert pa.concat_tables(client().trace(query("Nguyễn Văn An", "Lê Thị Bình"))).num_rows == traced.num_rows
    assert len(asked()) == before
    list(client().trace(query("Nguyễn Văn An", "Trần Văn Cường")))
    assert len(asked()) == before + 1
    forget_answers(tmp_path / "answers")
    assert not (tmp_path / "answers").exists()


def test_answers_whose_question_was_not_noted_count_for_nothing(counted, tmp_path):
    client, asked = counted
    numbers = pa.array(["038099000001"])
    client().lookup(numbers)
    for path in (tmp_path / "answers").glob("*.asked.parquet"):
        path.unlink()
    for _ in itertools.repeat(None, 2):
        client().lookup(numbers)
    assert len(asked()) == 2
