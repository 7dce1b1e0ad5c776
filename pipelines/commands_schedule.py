"""identity-sync schedule: server, schedules and runs, until stopped."""

import os

import click

from pipelines.cli import Asked, Exit
from pipelines.page_password import password_file
from pipelines.prefect_environment import prepare_prefect


@click.command()
@click.option("--try-notice", is_flag=True)
@click.pass_obj
def schedule(asked: Asked, try_notice: bool) -> int:
    """Serve the schedules: nightly, monthly, one province on demand."""
    settings, text = asked.settings(), asked.text()
    if try_notice:
        return _try_notice(asked)
    prepare_prefect(settings.home, served=True)
    # each run is a process of its own, which reads its settings from the environment
    environment = os.environ | asked.as_environment()
    from pipelines.schedule import run_schedule

    if address := environment.get("PREFECT_API_URL"):
        click.echo(text("schedule.begins_elsewhere", address=address.removesuffix("/api")), err=True)
    else:
        address, file = f"http://127.0.0.1:{settings.prefect_port}", password_file(settings.home)
        click.echo(text("schedule.begins", address=address, password=file), err=True)
    try:
        run_schedule(settings, environment)
    except KeyboardInterrupt:
        click.echo(text("schedule.stopped"), err=True)
    return Exit.DONE


def _try_notice(asked: Asked) -> int:
    """Send a notice of nothing, to see that it arrives."""
    from connectors.writeback import DONE
    from pipelines.notification import notify
    from pipelines.outcomes import Outcome

    settings, text = asked.settings(), asked.text()
    if not settings.notify_email and not settings.notify_webhook and not settings.notify_webhook_file:
        click.echo(text("notice.nobody"), err=True)
        return Exit.SETTINGS
    everything = settings.model_copy(update={"notify": "always"})
    failed = notify(everything, Outcome("try", "–", DONE))
    for line in failed:
        click.echo(line, err=True)
    if not failed:
        click.echo(text("notice.sent"), err=True)
    return Exit.SETTINGS if failed else Exit.DONE
