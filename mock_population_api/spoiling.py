"""Answers that say something unexpected: parts of a batch failed, a stale replica, new fields, unknown words."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from fastapi import Response

from mock_population_api.faults import Fault

Json = dict[str, Any]

_NEW_FIELD = "added_later"
_UNKNOWN = "word_of_tomorrow"
_KEYS = ("number", "ref")


def spoiled(response: Response, fault: Fault | None) -> Response:
    """The answer as `fault` wants it; one that isn't JSON, or no success, stays as it is."""
    change = _CHANGES.get(fault.kind) if fault else None
    if fault is None or change is None or response.media_type != "application/json":
        return response
    content = json.loads(bytes(response.body))
    change(content, fault)
    headers = {"X-Served-From": "replica"} if fault.kind == "stale_replica" else None
    return Response(
        json.dumps(content, ensure_ascii=False), response.status_code, headers, "application/json"
    )


def _partial(content: Json, _fault: Fault) -> None:
    """Every second result, the first included, is a failure."""
    for place, result in enumerate(content.get("results", [])):
        if place % 2 == 0:
            key = next(name for name in _KEYS if name in result)
            content["results"][place] = {key: result[key], "problem": "internal_error"}


def _stale(content: Json, fault: Fault) -> None:
    if "as_of" in content:
        before = datetime.fromisoformat(content["as_of"]) - timedelta(seconds=fault.seconds)
        content["as_of"] = before.isoformat(timespec="seconds")


def _new_field(content: Json, _fault: Fault) -> None:
    for part in _objects(content):
        part[_NEW_FIELD] = {"since": "2027"}


def _unknown_value(content: Json, _fault: Fault) -> None:
    for part in _objects(content):
        if "status" in part:
            part["status"] = _UNKNOWN
        for verdict in ("full_name", "birth_date", "gender"):
            if part.get(verdict) in {"agrees", "differs"}:
                part[verdict] = _UNKNOWN


def _objects(content: Any) -> list[Json]:  # noqa: ANN401 - any JSON
    """Every object inside `content`, itself included."""
    waiting, found = [content], []
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found.append(part)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


_CHANGES: dict[str, Callable[[Json, Fault], None]] = {
    "partial_batch": _partial,
    "stale_replica": _stale,
    "new_field": _new_field,
    "unknown_value": _unknown_value,
}
