"""Errors and failed gates in the officer's language: what, where, what to do."""

from collections.abc import Mapping, Sequence

from connectors import errors as connector_errors
from matching import errors as matching_errors
from pipelines import errors
from pipelines.gates import GATES, Failed, in_words
from pipelines.province_names import province_name
from pipelines.texts import Texts, texts
from review import errors as review_errors

TOLD_BY_FACTS: tuple[type[Exception], ...] = (
    errors.ProvinceNotFound,
    errors.ProvinceAmbiguous,
    errors.RunUnknown,
    errors.MonthUnknown,
    errors.RunBusy,
    errors.DiskFull,
    errors.RecordUnknown,
    errors.RecordAmbiguous,
    errors.WeightsNotKept,
    errors.ListsNotKept,
    errors.SettingsWrong,
    errors.ScheduleEnded,
    errors.EngineMissing,
    matching_errors.ClusterUnreachable,
    matching_errors.TooManyHere,
    matching_errors.UnitsFailed,
    connector_errors.ProvinceLocked,
    connector_errors.RegistryUnreachable,
    connector_errors.RegistryRefused,
    connector_errors.DatabaseReadOnly,
    connector_errors.DatabaseLost,
    connector_errors.DatabaseUnreachable,
    connector_errors.RunRolledBack,
    connector_errors.NoticeNotSent,
    connector_errors.SealedFileShut,
    connector_errors.SchemaOlder,
    connector_errors.SchemaNewer,
    review_errors.ReviewerUnnamed,
    review_errors.ReviewerMayNot,
    review_errors.SealKeyDiffers,
    review_errors.UsernameUnusable,
    review_errors.UsernameTaken,
    review_errors.UserUnknown,
    review_errors.PasswordTooShort,
)
"""Errors with a text of their own in the catalogue; the others say what they say in English."""


def gates_in_words(failed: Mapping[str, Sequence[float]], language: str) -> str:
    """What doesn't hold and what to do, gate by gate.

    Args:
        failed: Gate → its value and its limit.
        language: vi or en.
    """
    text = texts(language)
    known = {gate.name: gate for gate in GATES}
    return " ".join(
        in_words(Failed(known[name], value, limit), text) for name, (value, limit) in failed.items()
    )


def error_in_words(error: Exception, text: Texts) -> str:
    """An error for people."""
    if isinstance(error, TOLD_BY_FACTS):
        facts = {name: _shown(value) for name, value in vars(error).items()}
        if isinstance(error, errors.ProvinceAmbiguous):
            facts["codes"] = ", ".join(f"{code} {province_name(code)}" for code in error.codes)
        return text(f"error.{type(error).__name__}", **facts)
    if isinstance(error, connector_errors.RollbackRefused):
        told = "later" if error.records else "nothing"
        facts = {"run": error.run, "records": text.number(error.records), "later": ", ".join(error.later)}
        return text(f"error.RollbackRefused.{told}", **facts)
    if isinstance(error, connector_errors.ListUnreadable):
        return text(f"error.ListUnreadable.{error.cause}", where=error.where)
    return str(error)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(str(part) for part in value)
    return str(value)
