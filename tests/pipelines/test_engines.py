"""Which engine a command runs on, and what is said where it can't."""

import pytest

from matching.engines.processes import Processes, most_at_once
from matching.errors import ClusterUnreachable, TooManyHere, UnitsFailed
from pipelines.engines import engine_of
from pipelines.errors import EngineMissing
from pipelines.settings import Settings, read_settings, shown_value
from pipelines.telling import error_in_words
from pipelines.texts import texts


def settings(**given):
    return Settings(database_url="sqlite://", **given)


def test_this_machine_unless_told_otherwise(tmp_path):
    with engine_of(settings(parts_at_once=3), tmp_path) as engine:
        assert engine == Processes(at_once=3)
    with engine_of(settings(), tmp_path) as engine:
        assert engine == Processes(at_once=most_at_once())
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_on_a_cluster_left_is_gone_once_this_machine_has_ended_it(tmp_path):
    left = tmp_path / ".units" / "units" / "search-0-600.parquet"
    left.parent.mkdir(parents=True)
    left.touch()
    with pytest.raises(UnitsFailed), engine_of(settings(), tmp_path):
        raise UnitsFailed(1, 2, 4, "OSError")
    assert left.exists()
    with engine_of(settings(), tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("lacks", "package"), [("find_spec", "pyspark"), ("shutil.which", "Java")])
def test_what_spark_needs_is_named(tmp_path, monkeypatch, lacks, package):
    monkeypatch.setattr("pipelines.engines.find_spec", lambda _: "there")
    monkeypatch.setattr(f"pipelines.engines.{lacks}", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineMissing, match=package), engine_of(settings(engine="spark"), tmp_path):
        pass


def test_options_of_spark_stand_in_a_table_and_their_values_are_never_shown(tmp_path):
    file = tmp_path / "identity-sync.toml"
    file.write_text(
        'database_url = "sqlite://"\nengine = "spark"\n[spark_options]\n"spark.authenticate.secret" = "abc"\n'
    )
    known = read_settings(file, {}, {}).settings
    assert known.spark_options == {"spark.authenticate.secret": "abc"}
    assert shown_value("spark_options", known) == "spark.authenticate.secret"


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (EngineMissing("pyspark", "identity-sync[spark]"), ("pyspark", "identity-sync[spark]")),
        (ClusterUnreachable("spark://m:7077", "Py4JError"), ("spark://m:7077", "Py4JError")),
        (TooManyHere(300_000, 200_000), ("300000", "200000", "province=")),
        (UnitsFailed(2, 40, 4, "OSError at files.py:7"), ("2", "40", "4", "OSError at files.py:7")),
    ],
)
def test_errors_say_what_and_what_to_do(language, error, facts):
    said = error_in_words(error, texts(language))
    assert all(fact in said for fact in facts)
