"""identity-sync exam: the hand-over as files, and the exam system's read API."""

import click

from pipelines.cli import Asked
from pipelines.commands_registry import hand_over_files
from pipelines.commands_review_page import open_sync_database
from pipelines.commands_sync import codes
from pipelines.means import utc_now
from pipelines.weak_settings import loopback

_PROVINCES = click.option("--province", "--tinh", "provinces", multiple=True)
_GRADES = click.option("--grade", "--lop", "grades", multiple=True, default=("12",), show_default=True)


@click.group(invoke_without_command=True)
@_PROVINCES
@_GRADES
@click.option("--dry-run", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def exam(
    ctx: click.Context, /, provinces: tuple[str, ...], grades: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Write a cohort with its numbers, and who is still missing."""
    if ctx.invoked_subcommand is None:
        hand_over_files(ctx.obj, provinces, grades, dry_run=dry_run, as_json=as_json)


@exam.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8766, show_default=True, type=click.IntRange(1, 65535))
@_GRADES
@click.option("--rate", default=20.0, show_default=True, type=click.FloatRange(0.01))
@click.option("--burst", default=100, show_default=True, type=click.IntRange(1))
@click.pass_obj
def serve(asked: Asked, host: str, port: int, grades: tuple[str, ...], rate: float, burst: int) -> None:
    """Serve the read API."""
    import uvicorn

    from connectors.linked_students import LinkedStudents
    from pipelines.auditing import auditor
    from pipelines.exam_clients import ExamClients
    from pipelines.exam_service import ExamDesk, Rate, make_exam_app

    settings, text = asked.settings(), asked.text()
    if not loopback(host):
        click.echo(text("exam.open_to_all", host=host), err=True)
    with open_sync_database(settings) as engine:
        clients = ExamClients(settings)
        if not clients.names():
            click.echo(text("exam.nobody"), err=True)
        desk = ExamDesk(
            engine, LinkedStudents(engine), clients, auditor(settings), utc_now, grades, Rate(rate, burst)
        )
        click.echo(text("exam.serving", address=f"http://{host}:{port}"), err=True)
        uvicorn.run(
            make_exam_app(desk),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
        )


@exam.command("key")
@click.argument("name")
@_PROVINCES
@click.option("--remove", is_flag=True)
@click.pass_obj
def key(asked: Asked, name: str, provinces: tuple[str, ...], remove: bool) -> None:
    """Give a system a key, or take it away."""
    from pipelines.exam_clients import ExamClients

    text, clients = asked.text(), ExamClients(asked.settings())
    if remove:
        gone = clients.remove(name)
        click.echo(text("exam.key.removed" if gone else "exam.key.unknown", name=name), err=True)
        return
    made = clients.add(name, codes(provinces, text) if provinces else ())
    click.echo(text("exam.key.made", name=name), err=True)
    click.echo(made)
