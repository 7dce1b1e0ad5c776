"""Lists encrypted for the way, and opened again."""

import pyrage
import pytest

from pipelines.cli import Exit, run

WORDS = "bốn từ chẳng liên quan"
DB = "--set=database_url=sqlite://"


@pytest.fixture
def lists(tmp_path):
    """A folder of lists, and a private file with a passphrase."""
    folder = tmp_path / "lists"
    (folder / "by-school").mkdir(parents=True)
    (folder / "a.csv").write_text("Nguyễn Văn Kín", encoding="utf-8")
    (folder / "by-school" / "b.xlsx").write_bytes(bytes(range(256)) * 5000)
    secret = tmp_path / "words"
    secret.touch(mode=0o600)
    secret.write_text(WORDS, encoding="utf-8")
    return folder, secret


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_folder_goes_and_comes_back(lists, tmp_path, capsys):
    folder, secret = lists
    out, back = tmp_path / "out", tmp_path / "back"
    assert (
        run([DB, "export", "encrypt", str(folder), "--out", str(out), "--passphrase-file", str(secret)])
        == Exit.DONE
    )
    assert sorted(content(out)) == ["a.csv.age", "by-school/b.xlsx.age"]
    assert all("Kín".encode() not in text for text in content(out).values())
    assert all(path.stat().st_mode & 0o077 == 0 for path in [out, *out.rglob("*")])
    assert (
        run([DB, "export", "decrypt", str(out), "--out", str(back), "--passphrase-file", str(secret)])
        == Exit.DONE
    )
    assert content(back) == content(folder)
    assert all(path.stat().st_mode & 0o077 == 0 for path in [back, *back.rglob("*")])


def test_a_machine_opens_what_was_encrypted_for_its_key(lists, tmp_path, capsys):
    folder, _ = lists
    pair = pyrage.x25519.Identity.generate()
    private = tmp_path / "key"
    private.touch(mode=0o600)
    private.write_text(f"# created: today\n{pair}\n")
    out, back = tmp_path / "out", tmp_path / "back"
    words = [
        DB,
        "export",
        "encrypt",
        str(folder / "a.csv"),
        "--out",
        str(out),
        "--recipient",
        str(pair.to_public()),
    ]
    assert run(words) == Exit.DONE
    assert (
        run([DB, "export", "decrypt", str(out), "--out", str(back), "--identity-file", str(private)])
        == Exit.DONE
    )
    assert content(back) == {"a.csv": (folder / "a.csv").read_bytes()}


def test_what_does_not_open_says_so_and_leaves_nothing(lists, tmp_path, capsys):
    folder, secret = lists
    out, back = tmp_path / "out", tmp_path / "back"
    run([DB, "export", "encrypt", str(folder / "a.csv"), "--out", str(out), "--passphrase-file", str(secret)])
    sealed = out / "a.csv.age"
    good = sealed.read_bytes()
    words = [
        "--lang",
        "en",
        DB,
        "export",
        "decrypt",
        str(sealed),
        "--out",
        str(back),
        "--passphrase-file",
        str(secret),
    ]
    sealed.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert run(words) == Exit.SETTINGS
    assert "can't be opened" in capsys.readouterr().err
    sealed.write_bytes(good)
    secret.write_text("other words than before")
    assert run(words) == Exit.SETTINGS
    assert list(back.iterdir()) == []


def test_nothing_is_overwritten_and_weak_words_and_open_files_are_refused(lists, tmp_path, capsys):
    folder, secret = lists
    words = [
        DB,
        "export",
        "encrypt",
        str(folder / "a.csv"),
        "--out",
        str(tmp_path),
        "--passphrase-file",
        str(secret),
    ]
    assert run(words) == Exit.DONE
    assert run(words) == Exit.SETTINGS
    secret.write_text("too short")
    assert run(words) == Exit.USAGE
    secret.chmod(0o644)
    assert run(words) == Exit.SETTINGS
    assert run([*words[:-2], "--recipient", "age1nobody"]) == Exit.SETTINGS
    (tmp_path / "empty").mkdir()
    assert run([DB, "export", "encrypt", str(tmp_path / "empty"), "--out", str(tmp_path)]) == Exit.USAGE
