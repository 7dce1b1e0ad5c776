"""A small TCP proxy that spoils connections: resets, slow drips, bodies that are cut off.

Faults are named for what the client sees. It stands between a client and a real server, so that what is tested is what
sockets do, not what a transport pretends.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import deque

_RESET = struct.pack("ii", 1, 0)


class ToxicProxy:
    """Forwards connections to `address`; the next ones meet the toxics of `plan`, in order.

    A toxic is `("reset",)` before anything is forwarded, `("lost",)` after the server has answered, `("cut", n)` after
    n bytes of the answer, `("drip", seconds)` between bytes of the answer's beginning, or None.
    """

    def __init__(self, host, port):
        self._target = (host, port)
        self.plan = deque()
        self.met = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._port}"

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader, writer):
        toxic = self.plan.popleft() if self.plan else None
        self.met.append(toxic)
        if toxic == ("reset",):
            await reader.read(1)
            self._reset(writer)
            return
        there_reader, there = await asyncio.open_connection(*self._target)
        sending = asyncio.ensure_future(self._forward(reader, there))
        try:
            await self._answer(there_reader, writer, toxic)
        except (ConnectionError, OSError):
            pass
        finally:
            sending.cancel()
            for stream in (there, writer):
                stream.close()

    async def _forward(self, reader, there):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                there.write(data)
                await there.drain()

    async def _answer(self, reader, writer, toxic):
        left = toxic[1] if toxic and toxic[0] == "cut" else None
        dripped = 0
        while data := await reader.read(65_536):
            if toxic == ("lost",):
                self._reset(writer)
                return
            if left is not None:
                writer.write(data[:left])
                left -= len(data)
                if left <= 0:
                    await writer.drain()
                    await asyncio.sleep(0.02)
                    self._reset(writer)
                    return
                continue
            if toxic and toxic[0] == "drip" and dripped < 40:
                for byte in data[:40]:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(toxic[1])
                dripped += 40
                data = data[40:]
            writer.write(data)
            await writer.drain()

    @staticmethod
    def _reset(writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()


def seconds_of(work):
    """How long `work` took, and what it returned."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
