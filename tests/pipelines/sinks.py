"""A real SMTP server and a real HTTP server that keep what they are sent, for the time of a test."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Letters:
    """What an SMTP server was handed."""

    def __init__(self, refuse=()):
        self.received = []
        self._refuse = refuse

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self._refuse:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append((tuple(envelope.rcpt_tos), message, session.ssl is not None))
        return "250 OK"


@contextmanager
def mail_server(user="", password="", certificate=None, refuse=()):
    """Yields its port and its letters."""
    letters = Letters(refuse)

    def known(server, session, envelope, mechanism, given):
        fits = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=fits)

    options = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {"tls_context": context, "require_starttls": True}
    if user:
        options |= {"authenticator": known, "auth_required": True}
    # the controller asks its port whether it is up, so it wants to know it beforehand
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(letters, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port, letters.received
    finally:
        controller.stop()


@contextmanager
def web_hook(status=200):
    """Yields its address and the JSON that came there."""
    received = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook/secret-in-the-path", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
