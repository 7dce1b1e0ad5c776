"""Every error the service can answer with: a stable code, a status, whether asking again helps, vi and en titles.

Answers follow RFC 9457. None of them repeats what was asked: rows and columns are named, values never.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """One error of the contract."""

    code: str
    status: int
    retryable: bool
    en: str
    vi: str


KINDS = {
    kind.code: kind
    for kind in (
        Kind("header_missing", 400, False, "A required header is missing", "Thiếu một tiêu đề bắt buộc"),
        Kind("header_invalid", 400, False, "A header has a wrong form", "Một tiêu đề sai định dạng"),
        Kind("body_malformed", 400, False, "The body cannot be read", "Không đọc được nội dung gửi lên"),
        Kind("grant_unsupported", 400, False, "Only client_credentials is offered", "Chỉ hỗ trợ client_credentials"),
        Kind("scope_unknown", 400, False, "The scope is not offered to this client", "Phạm vi không dành cho đơn vị này"),
        Kind("token_missing", 401, False, "A bearer token is required", "Cần có mã truy cập"),
        Kind("token_invalid", 401, False, "The token is not valid", "Mã truy cập không hợp lệ"),
        Kind("token_expired", 401, True, "The token has expired; fetch another", "Mã truy cập đã hết hạn; hãy lấy mã mới"),
        Kind("client_unknown", 401, False, "Unknown client or wrong secret", "Sai đơn vị hoặc sai khóa bí mật"),
        Kind("scope_missing", 403, False, "The token lacks the scope for this", "Mã truy cập không có quyền này"),
        Kind("purpose_unknown", 403, False, "The purpose is not on the list", "Mục đích không có trong danh mục"),
        Kind("agency_unknown", 403, False, "The agency is not on this client's list", "Cơ quan không có trong danh mục của đơn vị"),
        Kind("officer_unknown", 403, False, "The officer is not on this client's list", "Cán bộ không có trong danh mục của đơn vị"),
        Kind("route_unknown", 404, False, "There is nothing at this address", "Không có dịch vụ tại địa chỉ này"),
        Kind("job_unknown", 404, False, "There is no such job of this client", "Đơn vị không có tác vụ này"),
        Kind("method_not_allowed", 405, False, "This method is not offered here", "Phương thức không được hỗ trợ"),
        Kind("job_unfinished", 409, True, "The job is not finished yet", "Tác vụ chưa hoàn thành"),
        Kind("job_failed", 409, False, "The job failed and has no result", "Tác vụ thất bại, không có kết quả"),
        Kind("idempotency_in_flight", 409, True, "A request with this key is still running", "Yêu cầu cùng khóa đang được nhận"),
        Kind("request_in_flight", 409, True, "A request with this ID is still running", "Yêu cầu cùng mã đang được xử lý"),
        Kind("result_expired", 410, False, "The result has expired; send the job again", "Kết quả đã hết hạn; hãy gửi lại tác vụ"),
        Kind("body_too_large", 413, False, "The body is too large", "Nội dung gửi lên quá lớn"),
        Kind("batch_too_large", 413, False, "Too many questions at once", "Quá nhiều câu hỏi trong một lần"),
        Kind("content_type_unsupported", 415, False, "This content type is not offered here", "Kiểu nội dung không được hỗ trợ"),
        Kind("encoding_unsupported", 415, False, "Packed bodies are not taken", "Không nhận nội dung nén"),
        Kind("range_not_satisfiable", 416, False, "The range lies outside the result", "Khoảng yêu cầu nằm ngoài kết quả"),
        Kind("question_invalid", 422, False, "A question has a wrong form", "Câu hỏi sai định dạng"),
        Kind("idempotency_key_reused", 422, False, "The key was used for another body", "Khóa đã dùng cho nội dung khác"),
        Kind("request_id_reused", 422, False, "The request ID was used for another request", "Mã yêu cầu đã dùng cho yêu cầu khác"),
        Kind("cursor_invalid", 422, False, "The cursor is not one of this feed", "Con trỏ không thuộc luồng thay đổi này"),
        Kind("rate_exceeded", 429, True, "Too many requests at once", "Quá nhiều yêu cầu cùng lúc"),
        Kind("quota_exhausted", 429, True, "The quota of the day is used up", "Đã hết hạn mức trong ngày"),
        Kind("internal_error", 500, True, "The service failed", "Dịch vụ gặp lỗi"),
        Kind("queue_full", 503, True, "Too many jobs are waiting", "Quá nhiều tác vụ đang chờ"),
        Kind("bad_gateway", 502, True, "The gateway got no usable answer", "Cổng kết nối không nhận được câu trả lời hợp lệ"),
        Kind("unavailable", 503, True, "The service is not available for the moment", "Dịch vụ tạm thời không sẵn sàng"),
        Kind("maintenance", 503, True, "The service is under maintenance", "Dịch vụ đang bảo trì"),
        Kind("gateway_timeout", 504, True, "The gateway waited too long for an answer", "Cổng kết nối chờ quá lâu"),
        Kind("not_ready", 503, True, "The service is not ready", "Dịch vụ chưa sẵn sàng"),
    )
}  # fmt: skip
"""Code → kind: the whole error contract."""


class Problem(Exception):
    """Ends a request with one of KINDS."""

    def __init__(
        self,
        code: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.kind = KINDS[code]
        self.errors = errors
        self.headers = headers or {}


def body_of(kind: Kind, request_id: str | None, errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The members of a problem, in their order."""
    body: dict[str, Any] = {
        "type": f"urn:mock-population-api:problem:{kind.code}",
        "title": kind.en,
        "titles": {"vi": kind.vi, "en": kind.en},
        "status": kind.status,
        "code": kind.code,
        "retryable": kind.retryable,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = errors
    return body


def answer(request: Request, problem: Problem) -> JSONResponse:
    """The response for `problem`, with the request's id where it has a valid one."""
    request_id = getattr(request.state, "request_id", None)
    headers = dict(problem.headers)
    if request_id is not None:
        headers["X-Request-ID"] = request_id
    if problem.kind.status == 401:
        headers.setdefault("WWW-Authenticate", f'Bearer error="{problem.kind.code}"')
    body = body_of(problem.kind, request_id, problem.errors)
    return JSONResponse(body, problem.kind.status, headers, MEDIA_TYPE)


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses with an example of every problem in `codes`."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in (KINDS[code] for code in codes):
        response = responses.setdefault(
            kind.status,
            {"description": kind.en, "content": {MEDIA_TYPE: {"schema": {"type": "object"}, "examples": {}}}},
        )
        example = body_of(kind, "6f1c1f0e-3f5c-4c2e-9d52-0f6a0c0f7a11")
        response["content"][MEDIA_TYPE]["examples"][kind.code] = {"summary": kind.en, "value": example}
    return responses
