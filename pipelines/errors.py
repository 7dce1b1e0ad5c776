"""What can go wrong around a run; every error keeps its facts, none a person's name, birth date or number.

PipelineError
├── SettingsWrong           a setting is missing, unknown or can't be what it says
├── ProvinceNotFound        no province is called so
├── ProvinceAmbiguous       several provinces may be meant
├── RunUnknown              no such run, or none that can be resumed
├── MonthUnknown            no such month, or nothing was written by its end
├── RunBusy                 the run is under way in another process
├── DiskFull                there is no room for what a run would keep
├── RecordUnknown           no decision on such a record
├── RecordAmbiguous         records of several kinds have that ID
├── WeightsNotKept          a record's candidates were kept without their weights
├── ListsNotKept            no run is kept that lists for reviewers could be written from
├── CheckpointDamaged       a kept table is not what its manifest says
├── RegistryNotStarted      the registry that should run beside us did not come up
├── ScheduleEnded           a process of the schedules ended by itself
├── EngineMissing           what the engine needs is not installed
├── StageFailed             a stage of a partition broke
└── RunIncomplete           the run ended, and not all of it was done
"""

from collections.abc import Sequence
from enum import StrEnum


class PipelineError(Exception):
    """Root of everything that this package raises."""


class SettingsWrong(PipelineError):
    """Settings that can't be used, all of them at once.

    Attributes:
        faults: One line for each: the setting, where it came from, what is wrong. Never its value.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("settings can't be used: " + "; ".join(self.faults))


class ProvinceNotFound(PipelineError):
    """No province is called so.

    Attributes:
        text: What was asked for.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"no province is called {text!r}; give a code of the 34 (38) or a name (Thanh Hóa)")


class ProvinceAmbiguous(PipelineError):
    """Several provinces may be meant.

    Attributes:
        text: What was asked for.
        codes: Codes of the provinces of 2025 that it can mean.
    """

    def __init__(self, text: str, codes: Sequence[str]) -> None:
        self.text = text
        self.codes = tuple(codes)
        super().__init__(
            f"{text!r} can be province {' or '.join(self.codes)}; give the code or the full name"
        )


class RunUnknown(PipelineError):
    """No such run, or none that can be resumed.

    Attributes:
        run: Its name; empty when any would have done.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(f"there is no run {run}" if run else "there is no run that could be resumed")


class MonthUnknown(PipelineError):
    """No month, or one by whose end nothing had been written.

    Attributes:
        month: As it was asked for.
    """

    def __init__(self, month: str) -> None:
        self.month = month
        super().__init__(
            f"no figures for the month {month}: give YYYY-MM; nothing was written before its 22nd"
        )


class RunBusy(PipelineError):
    """The run is under way in another process.

    Attributes:
        run: Its name.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(f"run {run} is under way in another process; wait until it has ended")


class DiskFull(PipelineError):
    """There is no room for what a run would keep.

    Attributes:
        where: Module and line that wrote.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(
            f"there is no room on the disk ({where}). No file was left half-written; make room, then run again (sync --resume)"
        )


class RecordUnknown(PipelineError):
    """No decision on such a record.

    Attributes:
        record: Its ID as asked for.
        where: The folder or run that was looked into.
    """

    def __init__(self, record: str, where: str) -> None:
        self.record = record
        self.where = where
        super().__init__(f"no record {record} in {where}; give its ID with all zeros, and its kind (--kind)")


class RecordAmbiguous(PipelineError):
    """Records of several kinds have that ID.

    Attributes:
        record: The ID.
        kinds: Whose it is.
    """

    def __init__(self, record: str, kinds: Sequence[str]) -> None:
        self.record = record
        self.kinds = tuple(kinds)
        super().__init__(f"record {record} can be {' or '.join(kinds)}; give its kind (--kind)")


class WeightsNotKept(PipelineError):
    """A record's candidates were kept without their weights, or it has none: there is nothing to draw.

    Attributes:
        record: Its ID.
    """

    def __init__(self, record: str) -> None:
        self.record = record
        super().__init__(
            f"record {record}: no weights were kept (weights.parquet), so there is no picture; link again"
        )


class CheckpointDamaged(PipelineError):
    """A kept table is not what its manifest says.

    Attributes:
        path: The file, relative to the runs folder.
        what: What is wrong with it.
    """

    def __init__(self, path: str, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(f"checkpoint {path}: {what}. Delete the run's folder and run again")


class RegistryNotStarted(PipelineError):
    """The registry that should run beside us did not come up.

    Attributes:
        what: What happened.
        log: Where its own words are.
    """

    def __init__(self, what: str, log: str) -> None:
        self.what = what
        self.log = log
        super().__init__(f"the registry named by registry_command did not start: {what}; see {log}")


class ScheduleEnded(PipelineError):
    """A process of the schedules ended by itself, and the others were ended.

    Attributes:
        part: server or runs.
        code: What it ended with; None where it didn't answer in time.
    """

    def __init__(self, part: str, code: int | None) -> None:
        self.part = part
        self.code = code
        super().__init__(f"the process of {part} ended ({code}); see what it said, then start again")


class EngineMissing(PipelineError):
    """What the engine asked for needs is not installed.

    Attributes:
        package: What is missing.
        extra: What to install.
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(f"{package} is not installed; install {extra}, or use the engine local")


class StageFailed(PipelineError):
    """A stage of a partition broke on something that nobody foresaw; what it said may hold values and is left behind.

    Attributes:
        stage: Which.
        kind: Of the partition; empty for a stage of the whole province.
        province: Its code.
        cause: Class of the exception.
        place: Module and line where it was raised.
    """

    def __init__(self, stage: str, kind: str, province: str, cause: str, place: str) -> None:
        self.stage = stage
        self.kind = kind
        self.province = province
        self.cause = cause
        self.place = place
        where = f"{province} {kind}".strip()
        super().__init__(
            f"stage {stage} of {where} broke: {cause} at {place}. Report it; the other provinces go on"
        )


class Ending(StrEnum):
    """Why a run is not done; the first that applies, worst first."""

    INTERRUPTED = "interrupted"
    REGISTRY = "registry"
    """The registry is out of reach; can be resumed."""
    FAILED = "failed"
    """Some provinces failed."""
    HELD = "held"
    """Another run holds a province."""
    GATE = "gate"
    """A gate failed; nothing was written for its partition."""


class RunIncomplete(PipelineError):
    """The run ended, and not all of it was done.

    Attributes:
        run: Its name.
        ending: Why.
        problems: Province (or province and kind) → what happened there and what to do.
        written: What was written all the same: counts.
    """

    def __init__(self, run: str, ending: Ending, problems: dict[str, str], written: dict[str, int]) -> None:
        self.run = run
        self.ending = ending
        self.problems = problems
        self.written = written
        lines = "; ".join(f"{where}: {what}" for where, what in problems.items())
        super().__init__(f"run {run} is not complete ({ending}): {lines}")


class ListsNotKept(PipelineError):
    """No run is kept that lists for reviewers could be written from.

    Attributes:
        province: Its code.
    """

    def __init__(self, province: str) -> None:
        self.province = province
        super().__init__(f"province {province}: no run is kept; run `sync --province {province}` first")
