"""The real process on loopback: starts, says where, answers, stops."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from mock_population_api.serve import serve

RUN = "from mock_population_api.serve import serve; serve()"


def start(registry, folder, *options, **environment):
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-c", RUN, "--registry", str(registry), "--store", str(folder / "store")]
    command += ["--ready-file", str(ready), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | environment
    )
    # the first start after a change compiles the search
    for _ in range(12_000):
        if ready.exists():
            return process, ready.read_text(encoding="utf-8")
        if process.poll() is not None:
            break
        time.sleep(0.01)
    process.kill()
    raise AssertionError(process.communicate())


def stop(process):
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    return process.returncode, out.decode(), err.decode()


def ask(address, path, body=None, **headers):
    with urllib.request.urlopen(urllib.request.Request(address + path, body, headers), timeout=10) as answer:
        return json.loads(answer.read())


def token_of(address, name, secret):
    form = urlencode(
        {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
    ).encode()
    return ask(address, "/oauth/token", form)["access_token"]


def test_it_serves_until_it_is_told_to_stop(registry, hand_made, tmp_path):
    process, address = start(registry, tmp_path, "--demo-client")
    try:
        assert ask(address, "/readyz") == {"status": "ok"}
        secret_file = tmp_path / "store" / "demo-client.secret"
        assert secret_file.stat().st_mode & 0o077 == 0
        token = token_of(address, "demo", secret_file.read_text(encoding="utf-8"))
        headers = hand_made.stated() | {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        found = ask(address, "/v1/lookup", json.dumps({"numbers": [hand_made.LAN]}).encode(), **headers)
        assert found["results"][0]["found"] == "current"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(address, "/v1/info")
        second = CliRunner().invoke(
            serve, ["--registry", str(registry), "--store", str(tmp_path / "store"), "--demo-client"]
        )
        assert second.exit_code == 1
        assert "another process" in second.output
    finally:
        code, out, err = stop(process)
    assert (code, err) == (0, "")
    assert out == f"mock population registry: {address}\n"
    assert address.startswith("http://127.0.0.1:")


def test_clients_come_from_the_environment(registry, tmp_path):
    (tmp_path / "secret").write_text("a long enough secret", encoding="utf-8")
    process, address = start(registry, tmp_path, MOCK_REGISTRY_CLIENTS=f"sync:{tmp_path / 'secret'}")
    try:
        assert token_of(address, "sync", "a long enough secret")
    finally:
        assert stop(process)[0] == 0


@pytest.mark.parametrize(
    ("options", "complaint", "code"),
    [
        (["--host", "0.0.0.0", "--demo-client"], "--beyond-loopback", 2),
        (["--host", "example.test", "--demo-client"], "--beyond-loopback", 2),
        ([], "nobody could ask", 1),
        (["--client", "sync"], "NAME:FILE", 1),
        (["--registry", "/no/such/folder", "--demo-client"], "no *.parquet", 1),
    ],
)
def test_it_does_not_start_unsafely_or_without_entries(registry, tmp_path, options, complaint, code):
    answer = CliRunner().invoke(
        serve, ["--registry", str(registry), "--store", str(tmp_path / "store"), *options]
    )
    assert answer.exit_code == code
    assert complaint in answer.output


def test_with_scenarios_faults_are_sent_and_made_up_people_found(registry, hand_made, tmp_path):
    (tmp_path / "restricted").write_text(f"{hand_made.AN}\n", encoding="utf-8")
    options = ["--scenarios", "--restricted", str(tmp_path / "restricted"), "--burst", "5", "--rate", "0.01"]
    process, address = start(registry, tmp_path, "--demo-client", *options)
    try:
        secret = (tmp_path / "store" / "demo-client.secret").read_text(encoding="utf-8")
        headers = {
            "Authorization": f"Bearer {token_of(address, 'demo', secret)}",
            "Content-Type": "application/json",
        }
        body = json.dumps({"numbers": ["000211990010", hand_made.AN, "000209990030"]}).encode()
        found = ask(address, "/v1/lookup", body, **headers, **hand_made.stated())
        assert [result["found"] for result in found["results"]] == ["current", "withheld", "withheld"]
        magic = json.dumps({"numbers": ["000000000503"]}).encode()
        with pytest.raises(urllib.error.HTTPError, match="503"):
            ask(address, "/v1/lookup", magic, **headers, **hand_made.stated())
        for _ in range(3):
            ask(address, "/v1/lookup", body, **headers, **hand_made.stated())
        with pytest.raises(urllib.error.HTTPError, match="429"):
            ask(address, "/v1/lookup", body, **headers, **hand_made.stated())
    finally:
        assert stop(process)[::2] == (0, "")
