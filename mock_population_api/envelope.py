"""SOAP 1.1 envelopes of the one-person operations: read with every defence, written as text.

Names and shapes are those that public client code of the real service shows; what that code doesn't show is ours.
"""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, SubElement, register_namespace, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from starlette.requests import Request
from starlette.responses import Response

from mock_population_api.bodies import XML
from mock_population_api.problems import Problem

NAMESPACE = "http://dancuquocgia.bca"
LARGEST_ENVELOPE = 64 * 1024
OPERATIONS = ("TraCuuThongTinCongDan", "XacThucThongTinCongDan")

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_DEEPEST = 12
_MOST_ELEMENTS = 100

_LONGEST = {
    "MaYeuCau": 40,
    "MaDVC": 20,
    "MaTichHop": 35,
    "MaDonVi": 35,
    "MaCanBo": 20,
    "SoDinhDanh": 12,
    "SoCMND": 9,
    "HoVaTen": 100,
    "Nam": 4,
    "NgayThangNam": 8,
}
_FORMS = {
    "SoDinhDanh": r"[0-9]{12}",
    "SoCMND": r"[0-9]{9}",
    "Nam": r"(18|19|20|21)[0-9]{2}",
    "NgayThangNam": r"(18|19|20|21)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])",
    "MaYeuCau": r"[A-Za-z0-9._:-]+",
    "MaDVC": r"[A-Za-z0-9._:-]+",
    "MaTichHop": r"[A-Za-z0-9._:-]+",
    "MaDonVi": r"[A-Za-z0-9._:-]+",
    "MaCanBo": r"[A-Za-z0-9._:-]+",
}
_NEEDED = ("MaYeuCau", "MaDVC", "MaDonVi", "MaCanBo", "HoVaTen")

register_namespace("soapenv", _SOAP)
register_namespace("dc", NAMESPACE)


@dataclass(frozen=True)
class Asked:
    """A question about one person."""

    operation: str
    request_id: str
    purpose: str
    agency: str
    officer: str
    number: str
    full_name: str
    birth_date: str
    """YYYY or YYYY-MM-DD."""


def read_envelope(body: bytes) -> Asked:
    """The question in a SOAP envelope.

    Raises:
        Problem: body_malformed for what is no envelope of one of OPERATIONS, or declares a document type;
            body_too_large; question_invalid, naming the element.
    """
    if len(body) > LARGEST_ENVELOPE:
        raise Problem("body_too_large")
    operation = _operation(_parsed(body))
    texts = _texts(operation)
    for name in _NEEDED:
        if not texts.get(name):
            raise _wrong(name)
    if bool(texts.get("SoDinhDanh")) == bool(texts.get("SoCMND")):
        raise _wrong("SoDinhDanh")
    if bool(texts.get("Nam")) == bool(texts.get("NgayThangNam")):
        raise _wrong("NgayThangNamSinh")
    return Asked(
        operation=_local(operation),
        request_id=texts["MaYeuCau"],
        purpose=texts["MaDVC"],
        agency=texts["MaDonVi"],
        officer=texts["MaCanBo"],
        number=texts.get("SoDinhDanh") or texts["SoCMND"],
        full_name=texts["HoVaTen"],
        birth_date=texts.get("Nam") or _dashed(texts["NgayThangNam"]),
    )


def _parsed(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as broken:
        raise Problem("body_malformed") from broken
    return root


def _operation(root: Element) -> Element:
    """The one element in the envelope's body."""
    body = root.find(f"{{{_SOAP}}}Body")
    if root.tag != f"{{{_SOAP}}}Envelope" or body is None or len(body) != 1:
        raise Problem("body_malformed")
    if body[0].tag not in {f"{{{NAMESPACE}}}{operation}" for operation in OPERATIONS}:
        raise Problem("body_malformed")
    return body[0]


def _texts(operation: Element) -> dict[str, str]:
    """Text by element name; only known elements, each at most once, none too long."""
    texts: dict[str, str] = {}
    waiting = [(element, 1) for element in operation]
    for count, (element, depth) in enumerate(waiting):
        name = _local(element)
        if count >= _MOST_ELEMENTS or depth > _DEEPEST:
            raise Problem("body_malformed")
        if name == "NgayThangNamSinh":
            waiting += [(inner, depth + 1) for inner in element]
            continue
        if name not in _LONGEST or len(element) or name in texts:
            raise _wrong(name if name in _LONGEST else "?")
        texts[name] = (element.text or "").strip()
        if len(texts[name]) > _LONGEST[name]:
            raise _wrong(name)
        if texts[name] and not re.fullmatch(_FORMS.get(name, r".+"), texts[name], re.DOTALL):
            raise _wrong(name)
    return texts


def _wrong(name: str) -> Problem:
    return Problem("question_invalid", errors=[{"element": name}])


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _dashed(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


Tree = dict[str, "Tree | str | list[Tree] | None"]


def answer_envelope(operation: str, content: Tree) -> bytes:
    """The answer to `operation`; members that are None are left out."""
    envelope, body = _frame()
    _fill(SubElement(body, f"{{{NAMESPACE}}}{operation}Response"), content)
    return _written(envelope)


def answer_fault(_request: Request, problem: Problem) -> Response:
    """A problem as a SOAP fault: whose fault it is, the title, and in the detail code and element."""
    kind = problem.kind
    envelope, body = _frame()
    fault = SubElement(body, f"{{{_SOAP}}}Fault")
    SubElement(fault, "faultcode").text = "soapenv:Server" if kind.status >= 500 else "soapenv:Client"
    SubElement(fault, "faultstring").text = kind.vi
    detail = SubElement(SubElement(fault, "detail"), f"{{{NAMESPACE}}}Loi")
    SubElement(detail, f"{{{NAMESPACE}}}Ma").text = kind.code
    SubElement(detail, f"{{{NAMESPACE}}}CoTheThuLai").text = str(kind.retryable).lower()
    for error in problem.errors or ():
        SubElement(detail, f"{{{NAMESPACE}}}O").text = str(
            error.get("element") or error.get("column") or error
        )
    return Response(_written(envelope), kind.status, problem.headers, XML)


def _frame() -> tuple[Element, Element]:
    envelope = Element(f"{{{_SOAP}}}Envelope")
    return envelope, SubElement(envelope, f"{{{_SOAP}}}Body")


def _fill(parent: Element, content: Tree) -> None:
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            element = SubElement(parent, f"{{{NAMESPACE}}}{name}")
            if isinstance(one, dict):
                _fill(element, one)
            else:
                element.text = one


def _written(envelope: Element) -> bytes:
    text: bytes = tostring(envelope, encoding="utf-8", xml_declaration=True)
    return text
