"""A small TCP proxy that spoils connections: resets, slow drips, bodies that are cut off.

Faults are named for what the client sees. It stands between a client and a real server, so that what is tested is what
sockets do, not what a transport pretends.
"""

import contextlib
import socket
import socketserver
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
        self.target = (host, port)
        self.plan = deque()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Server(socketserver.ThreadingTCPServer):
    # connections are waited for when the proxy ends, so that no socket outlives the test
    daemon_threads = False


class _Connection(socketserver.BaseRequestHandler):
    def handle(self):
        plan = self.server.proxy.plan
        toxic = plan.popleft() if plan else None
        if toxic == ("reset",):
            self.request.recv(1)
            self._reset()
            return
        with socket.create_connection(self.server.proxy.target) as there:
            sending = threading.Thread(target=self._forward, args=(there,))
            sending.start()
            with contextlib.suppress(OSError):
                self._answer(there, toxic)
            for end in (there, self.request):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            sending.join()

    def _forward(self, there):
        with contextlib.suppress(OSError):
            while data := self.request.recv(65_536):
                there.sendall(data)
            there.shutdown(socket.SHUT_RDWR)

    def _answer(self, there, toxic):
        kind, amount = (*toxic, None)[:2] if toxic else (None, None)
        while data := there.recv(65_536):
            if kind == "lost":
                self._reset()
                return
            if kind == "cut":
                self.request.sendall(data[:amount])
                amount -= len(data)
                if amount <= 0:
                    time.sleep(0.02)
                    self._reset()
                    return
                continue
            if kind == "drip":
                self._drip(data[:40], amount)
                data, kind = data[40:], None
            self.request.sendall(data)

    def _drip(self, data, seconds):
        for byte in data:
            self.request.sendall(bytes([byte]))
            time.sleep(seconds)

    def _reset(self):
        # closing with no time to linger sends a reset; a thread that still reads would keep the socket open
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_RD)
        self.request.close()


def seconds_of(work):
    """How long `work` took, and what it returned."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
