"""The last step before the network: connections that are reset, answers that are cut off or drip.

What is to happen is noted in the request's scope by the gate; the app hands its messages through here.
"""

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from typing import Any

from starlette.types import Message, Send

from mock_population_api.faults import LINE_FAULTS, Fault

_KEY = "mock_population_api.wire"
_PIECES = 20


class Wire:
    """Sends one answer as it is, or as a fault wants it."""

    def __init__(self, scope: MutableMapping[str, Any], send: Send) -> None:
        scope[_KEY] = self
        self._send = send
        self._fault: Fault | None = None
        self._broken = False
        self._left = 0

    def spoil(self, fault: Fault) -> None:
        """Send the coming answer as `fault` wants it."""
        self._fault = fault

    async def send(self, message: Message) -> None:
        """One message of the app."""
        if self._broken:
            return
        if self._fault is None:
            await self._send(message)
        elif self._fault.kind in {"reset", "lost_answer"}:
            await self._break()
        elif self._fault.kind == "cut_off":
            await self._cut(message)
        else:
            await self._drip(message, self._fault.seconds)

    async def _cut(self, message: Message) -> None:
        """All of the head, half of the body."""
        if message["type"] == "http.response.start":
            length = next((int(v) for k, v in message["headers"] if k.lower() == b"content-length"), 2)
            self._left = length // 2
            await self._send(message)
            return
        body = message.get("body", b"")[: self._left]
        self._left -= len(body)
        await self._send({**message, "body": body, "more_body": True})
        if self._left == 0 or not message.get("more_body", False):
            await self._break()

    async def _drip(self, message: Message, seconds: float) -> None:
        body = message.get("body", b"")
        size = max(1, -(-len(body) // _PIECES))
        for start in range(0, len(body) - size, size):
            await self._send({**message, "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(seconds / _PIECES)
            message = {**message, "body": body[start + size :]}
        await self._send(message)

    async def _break(self) -> None:
        """Reset the connection. Where there is none, as in a test without a server, the app fails instead."""
        self._broken = True
        # the server's own object behind `send` holds the connection; the interface between the two has no word for it
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionResetError
        # whatever was sent before shall arrive
        await asyncio.sleep(0.01)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await asyncio.sleep(0)


def spoil_wire(scope: MutableMapping[str, Any], fault: Fault) -> None:
    """Note a fault of the line; others are none of the wire's business."""
    if fault.kind in LINE_FAULTS:
        scope[_KEY].spoil(fault)
