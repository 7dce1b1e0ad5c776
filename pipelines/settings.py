"""Settings: one frozen object, read once from the command line, the environment and a TOML file, in this order."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from matching.found import LinkSettings
from pipelines.errors import SettingsWrong

PREFIX = "IDENTITY_SYNC_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
CONFIG_FILES = ("identity-sync.toml", "var/demo/identity-sync.toml")
"""Looked for in this order below the current folder; the second is what the demo leaves."""

SECRETS = ("registry_secret", "smtp_password", "notify_webhook", "prefect_database_url")
"""Never in a file that also holds other settings; each may stand in a file of its own, `NAME_file`."""
_PATHS = ("home", *(f"{name}_file" for name in SECRETS))


class Settings(BaseSettings):
    """Everything that a run may be told from outside."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, env_ignore_empty=True)

    database_url: str = Field(
        description="Education database: sqlite:///PATH or postgresql://USER@HOST/NAME (password from PGPASSFILE)."
    )
    home: Path = Field(
        Path("var/sync"), description="Folder of runs, reports, models and Prefect's own files."
    )
    language: Literal["vi", "en"] = Field("vi", description="Language of messages, lists and reports.")
    synthetic: bool = Field(True, description="Say on every page that no real person is in the figures.")
    as_of: date | None = Field(
        None, description="Day that ages and two-digit years are reckoned to; today if not given."
    )

    registry_url: str | None = Field(None, description="Address of the population registry.")
    registry_command: tuple[str, ...] = Field(
        (),
        description="For demos: command that serves a registry during the run, if no address is given; {ready_file} in it"
        " is where the command writes the address.",
    )
    registry_client_id: str = Field("identity-sync", description="What the registry knows us by.")
    registry_secret: SecretStr | None = Field(
        None, description="Our secret there; from the environment only."
    )
    registry_secret_file: Path | None = Field(
        None, description="File that holds the secret, readable by its owner only."
    )
    registry_purpose: str = Field("link-education", description="Purpose code sent with every question.")
    registry_agency: str = Field("MOET", description="Agency code sent with every question.")
    registry_officer: str = Field("identity-sync", description="Officer code sent with every question.")
    registry_workers: int = Field(4, ge=1, le=64, description="Requests under way at once.")
    registry_patience: float = Field(
        300.0, gt=0, description="Seconds that one request may take with all its retries."
    )

    false_link_target: float = Field(1e-4, gt=0, lt=1, description="Expected false links per link, at most.")
    link_from: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Never link below this probability; if not given, each kind's model says which.",
    )
    review_from: float = Field(
        0.05, gt=0, le=1, description="A candidate at or above it is worth a reviewer's time."
    )
    link_sample: int = Field(
        1_000,
        ge=0,
        description="Verified records searched again without their number, to see how true the figures are.",
    )

    engine: Literal["local", "spark"] = Field(
        "local",
        description="What `identity-sync link` runs on: this machine, or a Spark cluster (docs/scale.md).",
    )
    parts_at_once: int | None = Field(
        None,
        ge=1,
        description="Parts (province=…) that `identity-sync link` links side by side, each in a process of its own; if not given, one per core and 6 GB of memory.",
    )
    spark_master: str | None = Field(
        None,
        description="Address of the cluster: spark://…, yarn, k8s://…, sc://… (Spark Connect) or local[N].",
    )
    spark_options: dict[str, str] = Field(
        {},
        description='Options of Spark, each as spark.executor.memory = "1g"; docs/scale.md names those that matter.',
    )
    spark_records: int = Field(
        200_000,
        ge=1,
        description="Records of a kind that a folder without parts may hold on the cluster: they come together in one process (5 kB each).",
    )

    gate_link_rate_drop: float = Field(
        0.05, gt=0, le=1, description="Gate link_rate: how far below the last run's rate is too far."
    )
    gate_records_drop: float = Field(
        0.2, ge=0, le=1, description="Gate records: which share of the last run's records may be missing."
    )
    gate_changed_ids: float = Field(
        0.002, ge=0, le=1, description="Gate changed_ids: share of held IDs that may become others."
    )
    gate_rejects: float = Field(
        0.25, ge=0, le=1, description="Gate rejects: share of records with values that can't be read."
    )
    gate_false_links: float = Field(
        2e-4, gt=0, lt=1, description="Gate false_links: expected false links per link that may be written."
    )
    gate_registry_age_days: int = Field(
        35, ge=0, description="Gate registry_age: how old the registry's data may be."
    )

    deadline_days: int = Field(
        30, ge=1, description="Days in which whoever is to begin should act on an open record; an assumption."
    )
    deadline_grade_12: date | None = Field(
        None, description="Last day for grade 12, before the exam; open records of grade 12 are due by then."
    )

    review_twice: float = Field(
        0.05, ge=0, le=1, description="Share of open records that two people decide on independently."
    )
    keep_runs_days: int = Field(90, ge=1, description="How long the tables of a run are kept.")
    keep_reports_days: int = Field(
        365, ge=1, description="How long reports and lists of a run are kept; `retention` deletes older ones."
    )
    keep_looks_days: int = Field(
        365, ge=1, description="How long it is kept who opened which record on the review page."
    )

    nightly_at: str = Field("30 1 * * *", description="When the night's run begins: cron, hours in Việt Nam.")
    changes_at: str = Field(
        "30 0 * * *", description="When the registry's changes are fetched; well before the night's run."
    )
    monthly_at: str = Field(
        "30 3 20 * *", description="When everything is run: figures are due before the 22nd."
    )
    retention_at: str = Field("30 5 * * 0", description="When what was kept long enough is deleted.")
    runs_at_once: int = Field(
        2, ge=1, le=16, description="Scheduled runs under way at once; provinces keep them apart."
    )
    retry_times: int = Field(
        2, ge=0, le=20, description="How often a scheduled run tries again what failed or was held."
    )
    retry_wait: float = Field(600.0, ge=0, description="Seconds before it does.")
    prefect_port: int = Field(
        4200, ge=1024, le=65535, description="Where the page of `schedule` answers, on this machine alone."
    )
    prefect_database_url: SecretStr | None = Field(
        None, description="Prefect's own database, postgresql://…; SQLite in the home folder if not given."
    )
    prefect_database_url_file: Path | None = Field(
        None, description="File that holds it, readable by its owner only."
    )

    notify: Literal["always", "problems"] = Field(
        "always", description="Which scheduled runs are told of: all, or those that did not end well."
    )
    notify_webhook: SecretStr | None = Field(
        None, description="Address that is sent a JSON of counts; from the environment only."
    )
    notify_webhook_file: Path | None = Field(
        None, description="File that holds it, readable by its owner only."
    )
    notify_email: tuple[str, ...] = Field((), description="Who gets the counts by e-mail.")
    notify_email_from: str = Field("identity-sync@localhost", description="Sender of these e-mails.")
    smtp_host: str = Field("127.0.0.1", description="Mail server.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "none", description="How the line to it is kept: none (this machine only), starttls (587), tls (465)."
    )
    smtp_user: str = Field("", description="Who signs in there; nobody if empty.")
    smtp_password: SecretStr | None = Field(None, description="With what; from the environment only.")
    smtp_password_file: Path | None = Field(
        None, description="File that holds it, readable by its owner only."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is handed in, and nothing else: `read_settings` puts the sources in order and remembers them."""
        return (init_settings,)

    def link_settings(self) -> LinkSettings:
        """Target and thresholds of linkage."""
        return LinkSettings(
            false_link_target=self.false_link_target,
            link_from=self.link_from,
            review_from=self.review_from,
            sample=self.link_sample,
        )


@dataclass(frozen=True)
class Known:
    """Settings, and where each came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Setting → command line, a variable's name, a file, or default."""
    file: Path | None


def read_settings(
    config: Path | None = None,
    given: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Known:
    """Read the settings.

    Args:
        config: The TOML file; without, the one that the environment names, or the first of `CONFIG_FILES`.
        given: From the command line.
        environment: Variables, those of ours beginning with `PREFIX`.

    Raises:
        SettingsWrong: Missing, unknown or unusable settings, all of them.
    """
    file = _config_file(config, environment)
    sources = {
        "command line": {name: value for name, value in (given or {}).items() if value is not None},
        "environment": _from_environment(environment),
        str(file): _from_file(file),
    }
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for origin, found in reversed(sources.items()):
        values |= found
        origins |= {name: PREFIX + name.upper() if origin == "environment" else origin for name in found}
    return Known(_checked(values, origins), origins, file)


def _config_file(config: Path | None, environment: Mapping[str, str]) -> Path | None:
    named = config or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    if named is not None and not named.is_file():
        raise SettingsWrong([f"there is no file {named}"])
    return named or next((Path(name) for name in CONFIG_FILES if Path(name).is_file()), None)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    ours = {name for name in environment if name.startswith(PREFIX) and name != CONFIG_VARIABLE}
    unknown = sorted(name for name in ours if name.removeprefix(PREFIX).lower() not in Settings.model_fields)
    if unknown:
        raise SettingsWrong([f"{name} is no setting" for name in unknown])
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): environment[name] for name in ours}
    return source()


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsWrong([f"{file} can't be read as TOML ({type(error).__name__})"]) from None
    secrets = [
        f"{name} may not stand in {file}; use the environment or a file of its own"
        for name in SECRETS
        if name in found
    ]
    if secrets:
        raise SettingsWrong(secrets)
    beside = {
        name: file.resolve().parent / found[name] for name in _PATHS if isinstance(found.get(name), str)
    }
    return found | beside


def _checked(values: dict[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        # the text of the error repeats the value, which may be a secret
        faults = [(str(fault["loc"][0]), fault["msg"]) for fault in error.errors(include_input=False)]
    raise SettingsWrong([f"{name} ({origins.get(name, 'not given')}): {what}" for name, what in faults])


def secret_of(settings: Settings) -> str:
    """The registry's secret, from the environment or its file.

    Raises:
        SettingsWrong: There is none, or others may read the file.
    """
    secret = secret_named(settings, "registry_secret")
    if secret is None:
        raise SettingsWrong([f"neither {PREFIX}REGISTRY_SECRET nor registry_secret_file is given"])
    return secret


def secret_named(settings: Settings, name: str) -> str | None:
    """One of `SECRETS`, from the environment or its file; None where neither is given.

    Raises:
        SettingsWrong: Its file can't be read, or others may read it.
    """
    given: SecretStr | None = getattr(settings, name)
    if given is not None:
        return given.get_secret_value()
    file: Path | None = getattr(settings, f"{name}_file")
    return None if file is None else owners_secret(file, f"{name}_file")


def owners_secret(file: Path, setting: str = "password file") -> str:
    """The secret in a file that nobody else may read.

    Raises:
        SettingsWrong: It can't be read, or others may read it.
    """
    try:
        open_to_others = file.stat().st_mode & 0o077
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsWrong([f"{setting} {file} can't be read ({type(error).__name__})"]) from None
    if open_to_others:
        raise SettingsWrong([f"{setting} {file} can be read by others; chmod 600 it"])
    return secret


def shown_value(name: str, settings: Settings) -> str:
    """A setting as people may see it: secrets and passwords hidden."""
    value = getattr(settings, name)
    if value is None:
        return ""
    if name in SECRETS:
        return "********"
    if name == "spark_options":
        # a value may be a key of the cluster
        return " ".join(sorted(value))
    if name == "database_url":
        return _without_password(value)
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _without_password(url: str) -> str:
    try:
        return sa.make_url(url).set(query={}).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "(can't be read)"
