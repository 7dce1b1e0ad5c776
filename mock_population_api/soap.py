"""The one-person operations in the public shape of the real service: SOAP 1.1 over HTTP, same store, same audit.

The token comes in the HTTP header, all else in the envelope. An entry is shown only to who states the name and the
birth date that belong to the number. A problem is a SOAP fault under the status it has elsewhere.
"""

import re
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mock_population_api.bodies import XML, read_body
from mock_population_api.envelope import (
    LARGEST_ENVELOPE,
    OPERATIONS,
    Asked,
    Tree,
    answer_envelope,
    read_envelope,
)
from mock_population_api.gate import GuardedRoute, bearer, charge, demand, meet_fault, remembered
from mock_population_api.geography import geography
from mock_population_api.problems import Problem
from mock_population_api.questions import check, from_rows
from mock_population_api.security import Caller
from mock_population_api.service import Service, service_of
from mock_population_api.verify import verify

soap_routes = APIRouter(route_class=GuardedRoute)

_PATH = "/soap/citizen"
_SCOPES = dict(zip(OPERATIONS, ("lookup", "verify"), strict=True))
_GENDERS = {"M": "1", "F": "2"}
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")


@soap_routes.get(_PATH, include_in_schema=False)
def wsdl(request: Request) -> Response:
    """The service's description, with the address at which it was asked for."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Problem("header_invalid", errors=[{"header": "Host"}])
    address = escape(f"{request.url.scheme}://{host}{_PATH}", {'"': "&quot;"})
    return Response(_description().replace("{address}", address), media_type=XML)


@soap_routes.post(_PATH, include_in_schema=False)
async def ask(request: Request) -> Response:
    """Answer one envelope; problems become faults at the gate."""
    service = service_of(request)
    client, scopes = service.tokens.read(bearer(request))
    body = await read_body(request, XML, LARGEST_ENVELOPE)
    asked = read_envelope(body)
    service.clients.allowed(client).check(asked.purpose, asked.agency, asked.officer)
    caller = Caller(client, scopes, asked.request_id, asked.purpose, asked.agency, asked.officer)
    request.state.caller = caller
    demand(caller, _SCOPES[asked.operation])
    charge(request, caller)
    await meet_fault(request, caller, _PATH, body)

    async def answer_now() -> Response:
        content = await run_in_threadpool(_answer, service, caller, asked)
        return Response(answer_envelope(asked.operation, content), media_type=XML)

    return await remembered(request, caller, body, answer_now)


def _answer(service: Service, caller: Caller, asked: Asked) -> Tree:
    question = {
        "ref": "1",
        "number": asked.number,
        "full_name": asked.full_name,
        "birth_date": asked.birth_date,
    }
    questions = from_rows([question], "verify")
    check(questions)
    verdict = verify(service.store, questions).to_pylist()[0]
    agrees = verdict["full_name"] == verdict["birth_date"] == "agrees"
    person = verdict["personal_id"]
    service.audit.record(caller, asked.operation, [person] if person else [])
    content: Tree = {"MaYeuCau": asked.request_id, "ThoiDiem": service.store.facts.as_of}
    if asked.operation == "XacThucThongTinCongDan":
        return content | {"TonTai": "true" if agrees else "false"}
    return content | {"CongDan": _citizen(service, person) if agrees else None}


def _citizen(service: Service, personal_id: str) -> Tree:
    """The entry as `CongDan`; what is sensitive in the real one (ethnicity, religion, blood group) isn't held."""
    entry = service.store.lookup(pa.array([personal_id], pa.string())).to_pylist()[0]
    return {
        "SoDinhDanh": entry["personal_id"],
        "SoCMND": entry["former_ids"][0] if entry["former_ids"] else None,
        "HoVaTen": {"Ten": _upper(entry["full_name"])},
        "GioiTinh": _GENDERS.get(entry["gender"], "0"),
        "NgayThangNamSinh": _born(entry),
        "NoiDangKyKhaiSinh": {"MaTinhThanh": entry["birth_province"], "QuocGia": "VN"},
        "ThuongTru": _residence(entry),
        "QuocTich": "VN",
        "Cha": _parent(entry, "father"),
        "Me": _parent(entry, "mother"),
        "TrangThai": {"alive": "1", "deceased": "2"}.get(entry["status"]),
    }


def _upper(name: str | None) -> str | None:
    return name.upper() if name else None


def _born(entry: dict[str, Any]) -> Tree | None:
    born: date | None = entry["birth_date"]
    if born is None:
        return None
    known = entry["birth_precision"] == "day"
    return {"NgayThangNam": born.strftime("%Y%m%d")} if known else {"Nam": f"{born.year:04d}"}


def _residence(entry: dict[str, Any]) -> Tree:
    code = entry["residence_commune"]
    communes = geography().commune_codes
    name = geography().commune_names[communes.index(code)] if code in communes else None
    return {
        "MaTinhThanh": entry["residence_province"],
        "MaPhuongXa": code,
        "ChiTiet": name,
        "QuocGia": "VN",
    }


def _parent(entry: dict[str, Any], parent: str) -> Tree | None:
    number, name = entry[f"{parent}_id"], entry[f"{parent}_name"]
    return {"HoVaTen": _upper(name), "SoDinhDanh": number} if number or name else None


@cache
def _description() -> str:
    return files("mock_population_api").joinpath("reference", "citizen.wsdl").read_text(encoding="utf-8")
