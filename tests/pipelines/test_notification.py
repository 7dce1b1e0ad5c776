"""Notices over a real SMTP server and a real HTTP server: counts, in words, and never a reason for a run to fail."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connectors.errors import NoticeNotSent
from connectors.notices import Letter, MailServer, post, send_letter
from pipelines.cli import Exit, run
from pipelines.errors import Ending
from pipelines.job_words import LINES
from pipelines.notification import in_words, notify
from pipelines.outcomes import BROKEN, CRASHED, TOLD, Outcome
from pipelines.scheduled import JOBS
from pipelines.settings import Settings
from pipelines.texts import LANGUAGES, texts

from .sinks import mail_server, web_hook

FAILED = Outcome("sync", "run-1", "failed", {"done": 5, "failed": 1}, {"added": 1234, "conflicts": 2})
DONE = Outcome("sync", "run-1", "done", {"done": 6}, {"added": 3})


def settings(**wanted):
    return Settings(database_url="sqlite://", **wanted)


def test_an_e_mail_has_the_counts_in_the_officers_language():
    with mail_server() as (port, received):
        failed = notify(settings(notify_email=("a@example.vn", "b@example.vn"), smtp_port=port), FAILED)
    assert failed == []
    [(receivers, message, _)] = received
    assert receivers == ("a@example.vn", "b@example.vn")
    assert message["Subject"] == "[identity-sync] Chạy toàn bộ: có phần bị lỗi"
    body = message.get_content()
    assert "Gắn mã mới: 1.234" in body
    assert "Phần bị lỗi: 1" in body
    assert "runs show run-1" in body


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Key and certificate of 127.0.0.1 in one file, the certificate alone in another."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(here, critical=False).sign(key, hashes.SHA256())
    ).public_bytes(Encoding.PEM)  # fmt: skip
    folder = tmp_path_factory.mktemp("tls")
    both, public = folder / "both.pem", folder / "public.pem"
    public.write_bytes(made)
    both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made)
    return both, public


def test_who_signs_in_does_so_inside_of_tls_with_a_password_from_a_file(certificate, tmp_path, monkeypatch):
    both, public = certificate
    secret = tmp_path / "smtp.password"
    secret.touch(mode=0o600)
    secret.write_text("open sesame\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    wanted = {
        "notify_email": ("a@example.vn",), "smtp_security": "starttls", "smtp_user": "sync", "smtp_password_file": secret,
    }  # fmt: skip
    with mail_server("sync", "open sesame", both) as (port, received):
        assert notify(settings(**wanted, smtp_port=port), DONE) == []
    [(_, _, inside_tls)] = received
    assert inside_tls


def test_a_certificate_that_nobody_trusts_gets_no_password(certificate):
    both, _ = certificate
    with mail_server("sync", "open sesame", both) as (port, received), pytest.raises(NoticeNotSent) as told:
        send_letter(
            MailServer("127.0.0.1", port, "starttls", "sync", "open sesame"),
            Letter("a@example.vn", ("b@example.vn",), "x", "y"),
        )
    assert received == []
    assert "sesame" not in str(told.value)


def test_a_receiver_who_is_refused_is_told():
    with mail_server(refuse=("gone@example.vn",)) as (port, received):
        failed = notify(settings(notify_email=("a@example.vn", "gone@example.vn"), smtp_port=port), DONE)
    assert len(received) == 1
    assert "1 of 2" in failed[0]


def test_a_webhook_gets_words_and_counts():
    with web_hook() as (address, received):
        assert notify(settings(notify_webhook=address), FAILED) == []
    [told] = received
    assert told["text"].startswith("[identity-sync]")
    assert {name: told[name] for name in ("job", "run", "state")} == {
        "job": "sync",
        "run": "run-1",
        "state": "failed",
    }
    assert told["partitions"] == {"done": 5, "failed": 1}
    assert told["counts"] == {"added": 1234, "conflicts": 2}


@pytest.mark.parametrize("status", [302, 403, 500])
def test_an_answer_that_is_no_yes_is_told_without_the_address(status):
    with (
        web_hook(status) as (address, received),
        pytest.raises(NoticeNotSent, match=f"status {status}") as told,
    ):
        post(address, {"text": "x"})
    assert len(received) == 1
    assert "secret-in-the-path" not in str(told.value)


def test_what_cannot_be_sent_keeps_neither_the_other_channel_nor_the_run():
    with web_hook() as (address, received):
        failed = notify(settings(notify_webhook=address, notify_email=("a@example.vn",), smtp_port=9), DONE)
    assert len(received) == 1
    assert "email" in failed[0]


def test_who_wants_problems_only_is_not_told_of_good_nights():
    with web_hook() as (address, received):
        wanted = settings(notify_webhook=address, notify="problems")
        notify(wanted, DONE)
        notify(wanted, FAILED)
    assert [one["state"] for one in received] == ["failed"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["done", BROKEN, CRASHED, *Ending])
def test_every_ending_and_every_count_has_words(state, language):
    text = texts(language)
    for job in JOBS.values():
        counts = dict.fromkeys(LINES.get(job, TOLD), 1)
        assert len(in_words(Outcome(job, "r", str(state), dict.fromkeys(Ending, 1), counts), text)) > 3
    upkeep = dict.fromkeys(("papers", "runs", "reports", "looks", "sessions", "cases"), 1)
    assert in_words(Outcome("retention", "r", str(state), {}, upkeep), text)


def test_a_notice_can_be_tried(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ["--lang", "en", "--set", "database_url=sqlite://"]
    assert run([*given, "schedule", "--try-notice"]) == Exit.SETTINGS
    with web_hook() as (address, received):
        monkeypatch.setenv("IDENTITY_SYNC_NOTIFY_WEBHOOK", address)
        assert run([*given, "schedule", "--try-notice"]) == Exit.DONE
    assert "was sent" in capsys.readouterr().err
    assert received[0]["job"] == "try"
    assert json.dumps(received).count("notice.") == 0
