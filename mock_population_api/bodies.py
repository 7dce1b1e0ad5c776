"""Bodies of requests: read within a limit, of the type that was agreed on, never packed."""

from collections.abc import AsyncIterator, MutableMapping
from typing import Any

from starlette.requests import Request

from mock_population_api.problems import Problem

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of a JSON or form body at most; an upload has a limit of its own."""

JSON, FORM, XML = "application/json", "application/x-www-form-urlencoded", "text/xml"


async def chunks_within(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """The body as it arrives.

    Raises:
        Problem: encoding_unsupported, for what a packed body unfolds to can't be foreseen; body_too_large, before
            more than `most_bytes` were taken in.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem("encoding_unsupported")
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most_bytes:
        raise Problem("body_too_large")
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most_bytes:
            raise Problem("body_too_large")
        yield chunk


def content_type(request: Request) -> str:
    """The media type of the body without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, wanted: str, most_bytes: int = LARGEST_BODY) -> bytes:
    """The whole body.

    Raises:
        Problem: content_type_unsupported where it isn't `wanted`, and those of `chunks_within`.
    """
    if content_type(request) != wanted:
        raise Problem("content_type_unsupported")
    return b"".join([chunk async for chunk in chunks_within(request, most_bytes)])


def with_body(request: Request, body: bytes) -> Request:
    """The same request, whose body can be read once more."""

    async def replay() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, replay)
