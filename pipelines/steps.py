"""A stage as a Prefect task (where a flow is under way): run unless it was done before, timed, counted, told without people."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from pipelines.errors import Ending
from pipelines.failures import told_without_people
from pipelines.means import ProvinceRun
from pipelines.stages import Counts

Stage = Callable[[ProvinceRun, str], Counts]


@dataclass(frozen=True)
class Tally:
    """What a run has done so far: counts, seconds and what went wrong."""

    seconds: dict[str, float] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)
    problems: dict[str, str] = field(default_factory=dict)
    endings: set[Ending] = field(default_factory=set)

    def worst(self) -> Ending | None:
        """How the run ends; None when all is done."""
        return min(self.endings, key=list(Ending).index, default=None)


@dataclass(frozen=True)
class Steps:
    """The steps of one province."""

    work: ProvinceRun
    tally: Tally

    def __call__(self, stage: Stage, kind: str = "") -> Counts:
        """Run a stage and return its counts; of a stage that was done before the run was resumed there are none."""
        name, told = stage.__name__, self.work.means.told
        told.stage(self.work.province, kind, name)
        began = time.monotonic()
        counts = {} if self.work.checkpoint(kind).done(name) else self._run(stage, kind)
        seconds = time.monotonic() - began
        self.tally.seconds[name] = self.tally.seconds.get(name, 0.0) + seconds
        told.ended(seconds)
        return counts

    def _run(self, stage: Stage, kind: str) -> Counts:
        """As a task of the flow that is under way; as a plain function where there is none."""
        if FlowRunContext.get() is not None:
            return self._task(stage, kind)
        return told_without_people(lambda: stage(self.work, kind), stage.__name__, kind, self.work.province)

    def _task(self, stage: Stage, kind: str) -> Counts:
        # province and kind are its only parameters: Prefect looks into everything that it is handed
        @task(
            name=stage.__name__,
            task_run_name="{province} {kind}",
            cache_policy=NO_CACHE,
            persist_result=False,
            retries=0,
            log_prints=False,
        )
        def run(province: str, kind: str) -> Counts:
            return told_without_people(lambda: stage(self.work, kind), stage.__name__, kind, province)

        return run(self.work.province, kind)
