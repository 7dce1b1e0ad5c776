"""Clients, secrets and tokens."""

from datetime import timedelta

import jwt
import pytest
from argon2 import PasswordHasher

from mock_population_api.errors import ClientFileError
from mock_population_api.problems import Problem
from mock_population_api.security import (
    ORDINARY,
    SCOPES,
    Clients,
    Tokens,
    client_of,
    read_client,
    read_clients,
)

SECRET = "sixteen letters or more"


def test_a_client_is_known_by_its_secret():
    clients = Clients([client_of("sync", SECRET, ["lookup"])])
    assert clients.check("sync", SECRET).scopes == {"lookup"}


@pytest.mark.parametrize(
    ("name", "secret"), [("sync", "wrong"), ("nobody", SECRET), ("", ""), ("sync", "\ud800")]
)
def test_a_wrong_name_and_a_wrong_secret_can_not_be_told_apart(name, secret):
    with pytest.raises(Problem) as refused:
        Clients([client_of("sync", SECRET)]).check(name, secret)
    assert refused.value.kind.code == "client_unknown"


def test_a_secret_may_be_kept_as_an_argon2_hash():
    hashed = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(SECRET)
    clients = Clients([client_of("sync", hashed)])
    assert clients.check("sync", SECRET).name == "sync"
    for wrong in ("another secret", hashed):
        with pytest.raises(Problem):
            clients.check("sync", wrong)


def test_a_client_never_shows_its_secret():
    assert SECRET not in repr(client_of("sync", SECRET))


@pytest.mark.parametrize(
    ("secret", "scopes", "complaint"),
    [("short", SCOPES, "shorter than 16"), (SECRET, ["all"], "unknown scope")],
)
def test_clients_that_would_be_unsafe_are_refused(secret, scopes, complaint):
    with pytest.raises(ClientFileError, match=complaint):
        client_of("sync", secret, scopes)


def test_clients_are_read_from_files(tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    (tmp_path / "clients.toml").write_text(
        '[clients.sync]\nsecret_file = "secret"\nscopes = ["trace"]\n[clients.office]\nsecret_file = "secret"\n',
        encoding="utf-8",
    )
    assert read_client(f"sync:{tmp_path / 'secret'}").scopes == set(ORDINARY)
    assert {client.name: len(client.scopes) for client in read_clients(tmp_path / "clients.toml")} == {
        "sync": 1,
        "office": len(ORDINARY),
    }


@pytest.mark.parametrize("text", ["sync", "sync:", ":file", "sync:/no/such/file"])
def test_a_client_without_a_readable_secret_is_refused(text):
    with pytest.raises(ClientFileError):
        read_client(text)


@pytest.mark.parametrize("content", ["", "clients = 3", "[clients.sync]", "no toml"])
def test_a_file_that_lists_no_clients_is_refused(tmp_path, content):
    (tmp_path / "clients.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ClientFileError, match=r"no list of clients"):
        read_clients(tmp_path / "clients.toml")


def test_a_token_says_who_and_what_until_it_expires(watch):
    tokens = Tokens(timedelta(minutes=5), watch)
    token = tokens.issue(client_of("sync", SECRET), ["trace", "lookup"])
    assert tokens.read(token) == ("sync", {"trace", "lookup"})
    watch.forward(minutes=5)
    with pytest.raises(Problem) as refused:
        tokens.read(token)
    assert refused.value.kind.code == "token_expired"


def test_tokens_of_others_are_refused(watch):
    tokens = Tokens(clock=watch)
    claims = {"iss": "mock-population-api", "aud": "mock-population-api", "sub": "sync", "scope": "trace"}
    claims |= {"exp": watch() + timedelta(hours=1)}
    forged = (
        jwt.encode(claims, "k" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        Tokens(clock=watch).issue(client_of("sync", SECRET), ["trace"]),
        "",
        "a.b.c",
    )
    for token in forged:
        with pytest.raises(Problem) as refused:
            tokens.read(token)
        assert refused.value.kind.code == "token_invalid"


def test_a_client_may_be_held_to_lists_of_codes(tmp_path):
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    lists = 'purposes = ["inspection"]\nagencies = ["MOET"]\nofficers = ["o-1", "o-2"]\n'
    (tmp_path / "clients.toml").write_text(
        f'[clients.sync]\nsecret_file = "secret"\n{lists}', encoding="utf-8"
    )
    allowed = read_clients(tmp_path / "clients.toml")[0].allowed
    allowed.check("inspection", "MOET", "o-2")
    for codes, code in (
        (("link-education", "MOET", "o-1"), "purpose_unknown"),
        (("inspection", "MOH", "o-1"), "agency_unknown"),
        (("inspection", "MOET", "o-3"), "officer_unknown"),
    ):
        with pytest.raises(Problem) as refused:
            allowed.check(*codes)
        assert refused.value.kind.code == code


@pytest.mark.parametrize("lists", ['purposes = ["curiosity"]', 'agencies = "MOET"', "officers = [1]"])
def test_lists_of_codes_that_can_not_be_meant_are_refused(tmp_path, lists):
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    (tmp_path / "clients.toml").write_text(
        f'[clients.sync]\nsecret_file = "secret"\n{lists}\n', encoding="utf-8"
    )
    with pytest.raises(ClientFileError):
        read_clients(tmp_path / "clients.toml")
