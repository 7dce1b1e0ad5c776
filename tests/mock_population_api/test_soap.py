"""The one-person operations: a stock SOAP client, and envelopes meant to do harm."""

import shutil
import uuid

import pytest
import requests
import zeep
from zeep.exceptions import Fault

from mock_population_api.app import create_app
from mock_population_api.envelope import LARGEST_ENVELOPE, NAMESPACE
from mock_population_api.problems import KINDS


@pytest.fixture(scope="module")
def port(built_store, hand_made, tmp_path_factory):
    """A zeep client of a real server, signed in, and the app behind."""
    folder = shutil.copytree(built_store, tmp_path_factory.mktemp("soap") / "store")
    with (
        hand_made.open_client(folder, hand_made.watch()) as inside,
        hand_made.listening(create_app(inside.app.state.service)) as address,
    ):
        hand_made.sign_in(inside)
        with requests.Session() as session:
            session.headers["Authorization"] = inside.headers["Authorization"]
            transport = zeep.Transport(session=session, timeout=10)
            yield zeep.Client(f"{address}/soap/citizen?wsdl", transport=transport).service, inside


def question(hand_made, **change):
    return {
        "MaYeuCau": str(uuid.uuid4()),
        "MaDVC": "link-education",
        "MaDonVi": "MOET",
        "MaCanBo": "officer-7",
        "SoDinhDanh": hand_made.LAN,
        "HoVaTen": "NGUYỄN THỊ LAN",
        "NgayThangNamSinh": {"NgayThangNam": "20110905"},
    } | change


def test_a_citizen_in_the_public_shape(port, hand_made):
    asked = question(hand_made)
    answer = port[0].TraCuuThongTinCongDan(**asked)
    assert answer.MaYeuCau == asked["MaYeuCau"]
    citizen = answer.CongDan
    assert (citizen.SoDinhDanh, citizen.HoVaTen.Ten, citizen.GioiTinh) == (
        hand_made.LAN,
        "NGUYỄN THỊ LAN",
        "2",
    )
    assert (citizen.NgayThangNamSinh.NgayThangNam, citizen.NgayThangNamSinh.Nam) == ("20110905", None)
    assert (citizen.ThuongTru.MaTinhThanh, citizen.ThuongTru.MaPhuongXa) == ("01", "00004")
    assert (citizen.Cha.HoVaTen, citizen.Cha.SoDinhDanh) == ("NGUYỄN VĂN BÌNH", hand_made.BINH)


def test_only_the_year_may_be_known(port, hand_made):
    asked = question(
        hand_made, SoDinhDanh=hand_made.YEARLY, HoVaTen="Lê Thị Tư", NgayThangNamSinh={"Nam": "1960"}
    )
    assert port[0].TraCuuThongTinCongDan(**asked).CongDan.NgayThangNamSinh.Nam == "1960"


@pytest.mark.parametrize(
    ("change", "exists"),
    [
        ({}, True),
        ({"NgayThangNamSinh": {"Nam": "2011"}}, True),
        ({"NgayThangNamSinh": {"NgayThangNam": "20110906"}}, False),
        ({"HoVaTen": "Nguyễn Thị Lam"}, False),
        ({"SoDinhDanh": "001300000000"}, False),
        ({"SoDinhDanh": None, "SoCMND": "012345678", "HoVaTen": "Nguyễn Văn Bình", "NgayThangNamSinh": {"Nam": "1978"}}, True),
    ],
)  # fmt: skip
def test_whether_somebody_exists_and_nothing_of_who_does_not_fit(port, hand_made, change, exists):
    asked = {name: value for name, value in question(hand_made, **change).items() if value is not None}
    assert port[0].XacThucThongTinCongDan(**asked).TonTai is exists
    asked["MaYeuCau"] = str(uuid.uuid4())
    assert (port[0].TraCuuThongTinCongDan(**asked).CongDan is not None) is exists


def test_who_asked_is_in_the_audit_with_the_officer_of_the_envelope(port, hand_made):
    port[0].TraCuuThongTinCongDan(**question(hand_made, MaCanBo="CB-0042", MaYeuCau="YC-1"))
    lines = port[1].get("/v1/audit", params={"subject": hand_made.LAN}).json()["lines"]
    assert ("CB-0042", "YC-1", "TraCuuThongTinCongDan") in {
        (line["officer"], line["request_id"], line["action"]) for line in lines
    }


def test_the_same_request_again_is_answered_from_memory(port, hand_made):
    asked = question(
        hand_made, SoDinhDanh=hand_made.AN, HoVaTen="Nguyễn Văn An", NgayThangNamSinh={"Nam": "2009"}
    )
    assert port[0].TraCuuThongTinCongDan(**asked).CongDan.SoDinhDanh == hand_made.AN
    assert port[0].TraCuuThongTinCongDan(**asked).CongDan.SoDinhDanh == hand_made.AN
    assert len(port[1].get("/v1/audit", params={"subject": hand_made.AN}).json()["lines"]) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MaDVC": "curiosity"}, "purpose_unknown"),
        ({"NgayThangNamSinh": {"NgayThangNam": "20110230"}}, "question_invalid"),
    ],
)
def test_a_problem_is_a_fault_with_its_code(port, hand_made, change, code):
    with pytest.raises(Fault) as fault:
        port[0].TraCuuThongTinCongDan(**question(hand_made, **change))
    assert fault.value.detail.findtext(f".//{{{NAMESPACE}}}Ma") == code
    assert fault.value.message == KINDS[code].vi


def envelope(inside, before=""):
    return (
        f'{before}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{NAMESPACE}">'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    )


def body(**texts):
    fields = {
        "MaYeuCau": "YC-9",
        "MaDVC": "link-education",
        "MaDonVi": "MOET",
        "MaCanBo": "o",
        "SoDinhDanh": "001311000013",
    }
    fields |= {"HoVaTen": "Canary", "Nam": "2011"} | texts
    born = f"<NgayThangNamSinh><Nam>{fields.pop('Nam')}</Nam></NgayThangNamSinh>"
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items() if text is not None)
    return f"<XacThucThongTinCongDan>{inside}{born}</XacThucThongTinCongDan>"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (envelope(body(HoVaTen="&b;"), BOMB), "body_malformed"),
        (envelope(body(HoVaTen="&a;"), OUTSIDE), "body_malformed"),
        (envelope(body(), "<!DOCTYPE x>"), "body_malformed"),
        (envelope("<XacThucThongTinCongDan>" + "<a>" * 5_000 + "</a>" * 5_000 + "</XacThucThongTinCongDan>"), "question_invalid"),
        (envelope("<NgayThangNamSinh>" * 800 + "</NgayThangNamSinh>" * 800), "body_malformed"),
        (envelope("<XacThucThongTinCongDan>" + "<NgayThangNamSinh>" * 1500 + "</NgayThangNamSinh>" * 1500 + "</XacThucThongTinCongDan>"), "body_malformed"),
        (envelope("<XoaCongDan/>"), "body_malformed"),
        (envelope(body() + body()), "body_malformed"),
        (envelope(body())[:-20], "body_malformed"),
        ("", "body_malformed"),
        (b"\xff\xfe\x00", "body_malformed"),
        (envelope(body()).replace("Canary", "\x00"), "body_malformed"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "body_malformed"),
        ("x" * (LARGEST_ENVELOPE + 1), "body_too_large"),
        *((envelope(body(**{name: None})), "question_invalid") for name in ("MaYeuCau", "MaDVC", "MaDonVi", "MaCanBo", "SoDinhDanh", "HoVaTen")),
        *((envelope(body(**{name: "1" * 200})), "question_invalid") for name in ("MaYeuCau", "MaDVC", "MaDonVi", "MaCanBo", "SoDinhDanh", "HoVaTen", "Nam")),
        (envelope(body(SoDinhDanh="00131100001x")), "question_invalid"),
        (envelope(body(SoCMND="012345678")), "question_invalid"),
        (envelope(body(Nam="")), "question_invalid"),
        (envelope(body(DanToc="Kinh")), "question_invalid"),
    ],
    ids=range(31),
)  # fmt: skip
def test_a_harmful_envelope_is_a_fault(port, content, code):
    raw = content if isinstance(content, bytes) else content.encode()
    answer = port[1].post("/soap/citizen", content=raw, headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (
        KINDS[code].status,
        "text/xml",
    )
    assert f"<dc:Ma>{code}</dc:Ma>" in answer.text
    assert "Canary" not in answer.text


def test_a_token_with_the_scope_is_needed(port, hand_made, make_client):
    with make_client() as stranger:
        refused = stranger.post(
            "/soap/citizen", content=envelope(body()), headers={"Content-Type": "text/xml"}
        )
        assert (refused.status_code, "token_missing" in refused.text) == (401, True)
        hand_made.sign_in(stranger, scope="lookup")
        refused = stranger.post(
            "/soap/citizen", content=envelope(body()), headers={"Content-Type": "text/xml"}
        )
        assert (refused.status_code, "scope_missing" in refused.text) == (403, True)
