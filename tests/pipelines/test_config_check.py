"""What `config check` calls weak, and what it doesn't."""

import json

import pytest

from pipelines.cli import Exit, run
from pipelines.settings import read_settings
from pipelines.texts import LANGUAGES, texts
from pipelines.weak_settings import Weakness, loopback, weaknesses

STRONG = "3kq9Zr7vWm1xT5bN8cLd"


@pytest.fixture
def found(tmp_path):
    """Looks at a set-up: given settings over safe ones, in a private home; yields words and places of what is weak."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    file = tmp_path / "identity-sync.toml"

    def look(text="", environment=None, **given):
        file.write_text(f'home = "{home}"\n{text}')
        file.chmod(0o644)
        variables = {"IDENTITY_SYNC_DATABASE_URL": "sqlite://", "IDENTITY_SYNC_REGISTRY_SECRET": STRONG}
        variables |= {f"IDENTITY_SYNC_{name.upper()}": value for name, value in given.items()}
        known = read_settings(file, environment=variables)
        return [(one.word, one.where) for one in weaknesses(known, environment or {})]

    look.home, look.file = home, file
    return look


def test_a_careful_set_up_has_nothing_weak(found):
    assert found(
        registry_url="https://registry.example.vn",
        database_url="postgresql://sync@db.example.vn/education?sslmode=verify-full",
    ) == []  # fmt: skip
    assert (
        found(registry_url="http://127.0.0.1:8000", database_url="postgresql://sync@/education?host=/run/pg")
        == []
    )


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_files_that_others_can_read(found, tmp_path, mode):
    secret = tmp_path / "smtp"
    secret.write_text(STRONG)
    secret.chmod(mode)
    (found.home / "audit.key").write_bytes(bytes(32))
    (found.home / "audit.key").chmod(mode)
    told = found(smtp_password_file=str(secret))
    assert told == [("readable", str(secret)), ("readable", str(found.home / "audit.key"))]


def test_files_and_folders_that_others_can_change(found, tmp_path):
    found()
    found.file.chmod(0o666)
    known = read_settings(
        found.file, environment={"IDENTITY_SYNC_DATABASE_URL": f"sqlite:///{tmp_path}/e.db"}
    )
    assert weaknesses(known, {}) == [Weakness("writable", str(found.file))]
    (tmp_path / "e.db").touch(mode=0o600)
    tmp_path.chmod(0o777)
    assert ("folder_writable", str(tmp_path)) in [(one.word, one.where) for one in weaknesses(known, {})]
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("secret", "word"),
    [
        ("changeme-changeme-1", "guessed"), ("Identity-Sync-2026-x", "guessed"), ("k3Jx9", "short"),
        ("abababababababababab", "short"), (STRONG, None),
    ],
)  # fmt: skip
def test_secrets_that_can_be_guessed(found, secret, word):
    assert found(registry_secret=secret) == ([(word, "registry_secret")] if word else [])


def test_keys_that_are_cut_short(found):
    key = found.home / "seal.key"
    key.touch(mode=0o600)
    key.write_bytes(b"x")
    assert found() == [("short", str(key))]


@pytest.mark.parametrize(
    ("given", "word", "where"),
    [
        ({"registry_url": "http://registry.example.vn"}, "plain_http", "registry_url"),
        ({"notify_webhook": "http://chat.example.vn/x"}, "plain_http", "notify_webhook"),
        ({"notify_email": '["a@b.vn"]', "smtp_host": "mail.example.vn"}, "plain_mail", "smtp_security"),
        ({"database_url": "postgresql://db.example.vn/e"}, "database_plain", "database_url"),
        ({"database_url": "postgresql://db.example.vn/e?sslmode=prefer"}, "database_plain", "database_url"),
        (
            {"database_url": "postgresql://db.example.vn/e?sslmode=require"},
            "database_unverified",
            "database_url",
        ),
        ({"prefect_database_url": "postgresql://db.example.vn/p"}, "database_plain", "prefect_database_url"),
        ({"keep_runs_days": "4000"}, "kept_long", "keep_runs_days"),
    ],
    ids=["registry", "webhook", "mail", "no mode", "prefer", "require", "Prefect's database", "kept"],
)
def test_lines_that_can_be_listened_to_and_data_kept_long(found, given, word, where):
    assert found(**given) == [(word, where)]


def test_a_password_in_the_file_and_a_prefect_server_that_asks_for_none(found):
    told = found(
        'database_url = "postgresql://who:pass@127.0.0.1/e"\n',
        {"PREFECT_API_URL": "http://10.0.0.5:4200/api"},
    )
    # the variable outranks the file, so its password is not the one that counts
    assert told == [("plain_http", "PREFECT_API_URL"), ("prefect_open", "PREFECT_API_AUTH_STRING")]
    known = read_settings(found.file, environment={"IDENTITY_SYNC_REGISTRY_SECRET": STRONG})
    assert [one.word for one in weaknesses(known, {})] == ["password_in_file"]


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("localhost.example.vn", False), ("10.0.0.1", False), ("", False)],
)  # fmt: skip
def test_this_machine_is_known_by_its_names(host, here):
    assert loopback(host) is here


def test_the_command_tells_where_and_never_what(found, capsys):
    found("registry_secret_file = 'weak'\nregistry_url = 'http://user:geheim@registry.example.vn'\n")
    found.file.with_name("weak").write_text("geheim")
    words = [
        "--lang",
        "en",
        "--config",
        str(found.file),
        "--set",
        "database_url=sqlite://",
        "config",
        "check",
    ]
    assert run(words) == Exit.SETTINGS
    said = capsys.readouterr().out
    assert "registry_url: plain HTTP" in said
    assert "weak: others can read it" in said
    assert "geheim" not in said
    assert run([*words, "--json"]) == Exit.SETTINGS
    assert {one["word"] for one in json.loads(capsys.readouterr().out)} == {"plain_http", "readable"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_weakness_says_what_to_do(language):
    import inspect
    import re

    from pipelines import weak_settings

    words = re.findall(r'Weakness\("(\w+)"', inspect.getsource(weak_settings))
    assert len(set(words)) > 10
    for word in words:
        assert texts(language)(f"weak.{word}")
