"""The process that serves the schedules: started by `identity-sync schedule`, and ended by it."""

import asyncio
import signal
import sys
from typing import cast
from uuid import UUID

from prefect.runner import Runner

from connectors.database import open_database
from pipelines.catching_up import close_left_over, make_up, missed_turns
from pipelines.deployments import deployments
from pipelines.logs import guard_process
from pipelines.means import utc_now
from pipelines.settings import Settings, read_settings

_POLL_SECONDS = 0.1


def serve(settings: Settings) -> None:
    """Serve all schedules, until stopped by a signal; each run is a process of its own."""
    # paused schedules would have to be found and started again by somebody
    runner = Runner(name="identity-sync", limit=settings.runs_at_once, pause_on_shutdown=False)
    served = {
        f"{one.flow_name}/{one.name}": cast(UUID, runner.add_deployment(one)) for one in deployments(settings)
    }
    close_left_over(served.values())
    engine = open_database(settings.database_url)
    try:
        make_up(served, missed_turns(settings, engine, utc_now()))
    finally:
        engine.dispose()
    asyncio.run(_until_stopped(runner))


async def _until_stopped(runner: Runner) -> None:
    """Serve until the first signal; runs that are under way are stopped, and write down that they were interrupted."""
    told = asyncio.Event()
    serving = asyncio.create_task(runner.start())
    while not runner.started and not serving.done():
        await asyncio.sleep(_POLL_SECONDS)
    # in place of the runner's own answer, which leaves the runs to themselves
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    stopped = asyncio.create_task(told.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        await runner.astop()
    stopped.cancel()
    await serving


if __name__ == "__main__":
    guard_process()
    serve(read_settings().settings)
    sys.exit(0)
