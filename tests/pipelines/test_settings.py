import pytest

from pipelines.errors import SettingsWrong
from pipelines.settings import Settings, read_settings, secret_of, shown_value


def written(tmp_path, text):
    file = tmp_path / "identity-sync.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_command_line_outranks_the_environment_and_that_the_file(tmp_path):
    file = written(
        tmp_path, 'database_url = "sqlite:///a.db"\nlink_from = 0.9\nreview_from = 0.1\nkeep_runs_days = 5\n'
    )
    environment = {"IDENTITY_SYNC_LINK_FROM": "0.95", "IDENTITY_SYNC_REVIEW_FROM": "0.2"}
    known = read_settings(file, {"review_from": "0.3"}, environment)
    assert (known.settings.review_from, known.settings.link_from, known.settings.keep_runs_days) == (
        0.3,
        0.95,
        5,
    )
    origins = [known.origins[name] for name in ("review_from", "link_from", "keep_runs_days", "language")]
    assert origins == ["command line", "IDENTITY_SYNC_LINK_FROM", str(file), "default"]


@pytest.mark.parametrize(
    ("text", "environment", "fault"),
    [
        ("", {}, "database_url"),
        ('database_url = "sqlite://"\nlink_form = 1\n', {}, "link_form"),
        ('database_url = "sqlite://"\nlink_from = 2\n', {}, "link_from"),
        ('database_url = "sqlite://"\n', {"IDENTITY_SYNC_HOMES": "x"}, "IDENTITY_SYNC_HOMES"),
        ('database_url = "sqlite://"\nregistry_secret = "s"\n', {}, "registry_secret"),
        ("database_url = \n", {}, "TOML"),
    ],
    ids=["missing", "unknown key", "out of range", "unknown variable", "secret in the file", "no TOML"],
)
def test_what_cannot_be_used_is_named(tmp_path, text, environment, fault):
    with pytest.raises(SettingsWrong, match=fault):
        read_settings(written(tmp_path, text), environment=environment)


def test_all_faults_are_told_at_once_and_never_a_value(tmp_path):
    file = written(tmp_path, 'language = "geheim-1"\nlink_from = "geheim-2"\n')
    with pytest.raises(SettingsWrong) as wrong:
        read_settings(file, environment={})
    assert len(wrong.value.faults) == 3
    assert "geheim" not in str(wrong.value)


def test_a_file_named_must_be_there(tmp_path):
    with pytest.raises(SettingsWrong, match="there is no file"):
        read_settings(tmp_path / "nowhere.toml", environment={})


def test_paths_in_the_file_are_beside_it(tmp_path):
    known = read_settings(written(tmp_path, 'database_url = "sqlite://"\nhome = "here"\n'), environment={})
    assert known.settings.home == tmp_path / "here"


def test_a_list_can_stand_in_the_environment():
    environment = {
        "IDENTITY_SYNC_DATABASE_URL": "sqlite://",
        "IDENTITY_SYNC_REGISTRY_COMMAND": '["serve", "x"]',
    }
    assert read_settings(environment=environment).settings.registry_command == ("serve", "x")


def test_the_secret_comes_from_the_environment_or_a_private_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    file.chmod(0o600)
    here = {"database_url": "sqlite://", "registry_secret_file": file}
    assert secret_of(Settings(**here)) == "from the file"
    assert secret_of(Settings(**here, registry_secret="given")) == "given"
    file.chmod(0o644)
    with pytest.raises(SettingsWrong, match="chmod 600"):
        secret_of(Settings(**here))
    with pytest.raises(SettingsWrong, match="REGISTRY_SECRET"):
        secret_of(Settings(database_url="sqlite://"))


def test_secrets_and_passwords_are_not_shown():
    settings = Settings(database_url="postgresql://who:geheim@host/name", registry_secret="geheim")
    shown = [shown_value(name, settings) for name in Settings.model_fields]
    assert "geheim" not in " ".join(shown)
    assert "geheim" not in repr(settings.registry_secret)


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings(database_url="sqlite://").language = "en"
