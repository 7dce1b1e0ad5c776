"""Telling somebody how a run went: by e-mail, or as JSON to an address.

Both are given seconds, not minutes: a mail server that hangs must not keep a run from ending.
"""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Literal

import httpx2

from connectors.errors import NoticeNotSent

_SECONDS = 20.0


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed in."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Letter:
    """An e-mail."""

    sender: str
    receivers: tuple[str, ...]
    subject: str
    text: str


def send_letter(server: MailServer, letter: Letter, trusted: ssl.SSLContext | None = None) -> None:
    """Hand an e-mail in.

    Args:
        server: Where.
        letter: What.
        trusted: Whose certificates are believed; those that the machine believes if not given.

    Raises:
        NoticeNotSent: It was not taken for everybody.
    """
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        letter.sender,
        ", ".join(letter.receivers),
        letter.subject,
    )
    message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain="identity-sync")
    # no answer by machine is wanted from somebody on holiday
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    refused: Mapping[str, object] = {}
    try:
        with _line(server, trusted or ssl.create_default_context()) as line:
            refused = line.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NoticeNotSent("email", type(error).__name__) from None
    if refused:
        raise NoticeNotSent("email", f"{len(refused)} of {len(letter.receivers)} receivers were refused")


def _line(server: MailServer, trusted: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "tls":
        line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=trusted)
    else:
        line = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
    try:
        if server.security == "starttls":
            line.starttls(context=trusted)
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def post(address: str, payload: Mapping[str, Any]) -> None:
    """Send JSON to an address; it is not followed elsewhere.

    Raises:
        NoticeNotSent: No answer, or none of 200 to 299.
    """
    try:
        answer = httpx2.post(address, json=dict(payload), timeout=_SECONDS, follow_redirects=False)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NoticeNotSent("webhook", type(error).__name__) from None
    if not answer.is_success:
        raise NoticeNotSent("webhook", f"status {answer.status_code}")
