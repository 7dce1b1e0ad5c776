"""What the page lets whom do, on both databases: scope, roles, pools, undo, conflicts."""

from benchmarks.review_page.open_world import RUN
from connectors.database import writing
from connectors.review_store import live_decisions

from .page_world import need_two, needing, open_at, rows, states


def test_a_province_outside_the_scope_is_as_if_it_were_not_there(engine, office):
    hoa, elsewhere = office("hoa"), needing(engine, 1, "48")[0]
    assert elsewhere not in hoa.get("/?province=48").text
    assert "/record?" not in hoa.get("/?province=48").text
    assert open_at(hoa, elsewhere).status_code == 404
    hoa.get("/?province=48")
    hoa.post("/next", {"token": hoa.fields("/sign-out")["token"], "province": "48"})
    assert hoa.record is None
    hoa.begin()
    hoa.post("/decide", hoa.fields("/decide") | {"id": elsewhere, "answer": "same_1"})
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]
    assert rows(engine, f"select count(*) from review_looks where record_id = '{elsewhere}'") == [(0,)]


def test_another_provinces_decision_cannot_be_undone(engine, office):
    nga = office("nga")
    nga.begin()
    nga.decide("not_same")
    (number,) = rows(engine, "select decision from review_decisions")[0]
    for other in ("hoa", "son"):
        visitor = office(other)
        visitor.get("/")
        token = visitor.fields("/sign-out")["token"]
        assert "not_yours" in visitor.post("/undo", {"token": token, "decision": number}).headers["location"]
    assert live_decisions(engine, "student").num_rows


def test_an_auditor_reads_and_nothing_else(engine, office):
    audit, hoa = office("audit"), office("hoa")
    record = hoa.begin()
    assert open_at(audit, record).status_code == 200
    assert 'action="/decide"' not in audit.page.text
    token = audit.fields("/sign-out")["token"]
    fields = hoa.fields("/decide") | {"token": token, "answer": "same_1"}
    for action in ("/decide", "/next", "/skip", "/leave", "/undo"):
        assert audit.post(action, fields).status_code == 403
    assert audit.get("/figures").status_code == 200
    assert hoa.get("/figures").status_code == 403
    assert "hoa" in str(rows(engine, "select username from review_holds")), "a look takes nothing away"
    looks = rows(engine, "select username from review_looks order by look")
    assert looks == [("hoa",), ("audit",)]


def test_a_decision_is_kept_as_a_list_that_came_back_would_have_it(engine, office):
    hoa = office("hoa")
    record = hoa.begin()
    hoa.decide("same_1", note="  đã xem\r\n học bạ ")
    ((kind, key, verdict, note, reviewer, run, source),) = rows(
        engine, "select kind, record_id, verdict, note, reviewer, run, source_file from review_decisions"
    )
    assert (kind, key, verdict, note) == ("student", record, "same", "đã xem học bạ")
    assert (reviewer, run, source) == ("Lê Thị Hoa", RUN, "page")
    (decided,) = live_decisions(engine, "student").to_pylist()
    assert len(decided["personal_id"]) == 12
    assert states(engine)[record] in ("done", "second")
    assert hoa.record != record, "on to the next"
    assert decided["personal_id"] not in hoa.get("/mine").text


def test_what_one_has_open_is_not_given_to_another_for_some_minutes(office, clock):
    hoa, binh = office("hoa"), office("binh")
    first = hoa.begin()
    second = binh.begin()
    assert first != second
    assert 'action="/decide"' not in open_at(binh, first).text
    assert "Lê Thị Hoa" in binh.page.text
    clock.passes(minutes=11)
    assert binh.begin() in (first, second)
    assert 'action="/decide"' in open_at(binh, first).text
    assert "held" in hoa.decide("same_1"), "it is somebody else's by now"


def test_skipping_goes_on_and_leaving_frees(office):
    hoa, binh = office("hoa"), office("binh")
    first = hoa.begin()
    hoa.send("/skip")
    assert hoa.record != first
    assert binh.begin() == first
    second = hoa.record
    hoa.send("/leave")
    assert hoa.page.status_code == 200
    binh.send("/skip")
    assert binh.record == second


def test_sent_twice_counts_once(engine, office):
    hoa = office("hoa")
    hoa.begin()
    fields = hoa.fields("/decide") | {"answer": "not_same"}
    for _ in range(3):
        assert hoa.post("/decide", fields).status_code == 303
    assert rows(engine, "select count(*) from review_decisions") == [(1,)]


def test_undo_brings_back_what_was_before(engine, office):
    hoa = office("hoa")
    record = hoa.begin()
    hoa.decide("same_1")
    open_at(hoa, record)
    hoa.decide("not_same")
    assert "Hoàn tác" in hoa.page.text
    hoa.send("/undo")
    assert hoa.record == record
    assert "Đúng người này" in hoa.page.text.split('class="told"')[2]
    (live,) = live_decisions(engine, "student").to_pylist()
    assert live["verdict"] == "same"
    hoa.get("/mine")
    hoa.send("/undo", decision=live["decision"])
    assert live_decisions(engine, "student").num_rows == 0
    assert states(engine)[record] == "open"
    assert hoa.record == record
    hoa.decide("same_1")
    assert live_decisions(engine, "student").num_rows == 1, "the same may be said again after an undo"


def test_what_a_run_has_seen_is_not_undone(engine, office, clock):
    hoa = office("hoa")
    hoa.begin()
    hoa.decide("same_1")
    clock.passes(minutes=1)
    at = clock().isoformat(timespec="microseconds")
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "insert into sync_partitions (run, kind, province, state, rows, finished_at) "
            f"values ('r', 'student', '38', 'done', 1, '{at}')"
        )
    hoa.get("/mine")
    (number,) = rows(engine, "select decision from review_decisions")[0]
    assert "too_late" in hoa.send("/undo", decision=number).headers["location"]
    assert live_decisions(engine, "student").num_rows == 1


def test_a_record_that_changed_since_is_not_decided_on(engine, office):
    hoa = office("hoa")
    record = hoa.begin()
    with writing(engine) as connection:
        connection.exec_driver_sql(
            f"update students set full_name = 'Lò Thị Khác' where student_id = '{record}'"
        )
    assert "changed" in hoa.decide("same_1")
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]
    assert 'action="/decide"' not in hoa.page.text


def test_a_candidate_that_is_not_there_is_not_confirmed(engine, office):
    hoa = office("hoa")
    hoa.begin()
    fields = hoa.fields("/decide")
    assert "no_such_candidate" in hoa.post("/decide", fields | {"answer": "same_3"}).headers["location"]
    assert "changed" in hoa.post("/decide", fields | {"answer": "perhaps"}).headers["location"]
    assert (
        "changed" in hoa.post("/decide", fields | {"answer": "same_1", "run": "another"}).headers["location"]
    )
    assert rows(engine, "select count(*) from review_decisions") == [(0,)]


def test_two_decide_without_knowing_of_each_other_and_a_supervisor_settles(engine, office):
    hoa, binh, son, record = office("hoa"), office("binh"), office("son"), needing(engine, 1)[0]
    need_two(engine, record)
    assert hoa.begin() == record
    hoa.decide("same_1", note="trùng cha mẹ")
    assert states(engine)[record] == "second"
    assert hoa.begin() != record, "who decided is not asked again"
    assert binh.begin() == record
    assert "trùng cha mẹ" not in binh.page.text
    assert "Lê Thị Hoa" not in binh.page.text
    assert "chờ người thứ hai" not in binh.get("/").text
    open_at(binh, record)
    binh.decide("not_same")
    assert states(engine)[record] == "conflict"

    son.get("/?state=conflict")
    assert record in son.page.text
    open_at(son, record)
    assert all(said in son.page.text for said in ("Lê Thị Hoa", "Trần Văn Bình", "trùng cha mẹ"))
    son.decide("same_1")
    assert states(engine)[record] == "done"
    (live,) = live_decisions(engine, "student").to_pylist()
    assert live["verdict"] == "same"


def test_a_reviewer_who_is_no_party_does_not_settle_a_conflict(engine, office):
    hoa, binh, record = office("hoa"), office("binh"), needing(engine, 1)[0]
    son = office("son")
    for visitor, answer in ((hoa, "same_1"), (son, "not_same")):
        open_at(visitor, record)
        visitor.decide(answer)
    assert states(engine)[record] == "conflict"
    open_at(binh, record)
    assert 'action="/decide"' not in binh.page.text
    assert "chờ người giám sát" in binh.page.text
    assert "Vũ Thái Sơn" not in binh.page.text
    open_at(hoa, record)
    hoa.decide("not_same")
    assert states(engine)[record] == "done", "a party may think better of it"


def test_who_is_unsure_asks_another(engine, office):
    hoa, binh = office("hoa"), office("binh")
    record = hoa.begin()
    hoa.decide("unsure")
    assert states(engine)[record] == "unsure"
    assert hoa.begin() != record
    assert binh.begin() == record
