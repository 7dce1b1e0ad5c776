"""identity-sync review serve and user: the page, and who may sign in to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click
import sqlalchemy as sa

from pipelines.cli import Asked
from pipelines.commands_sync import codes
from pipelines.means import utc_now
from pipelines.province_names import province_name
from pipelines.settings import Settings, owners_secret
from pipelines.texts import Texts
from pipelines.weak_settings import loopback

_LOOK_AGAIN = 60.0
"""Seconds between looks at whether a run has left other records open."""
_ROLES = ("reviewer", "supervisor", "auditor")


@contextmanager
def open_sync_database(settings: Settings) -> Iterator[sa.Engine]:
    """The education database, its sync tables made."""
    from connectors.database import open_database
    from connectors.education import create_sync_tables

    engine = open_database(settings.database_url)
    try:
        create_sync_tables(engine)
        yield engine
    finally:
        engine.dispose()


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
@click.option("--address", default="")
@click.pass_obj
def serve(asked: Asked, host: str, port: int, address: str) -> None:
    """Serve the page."""
    import uvicorn

    from pipelines.review_layout import lay_out_new
    from pipelines.review_page import make_page

    settings, text = asked.settings(), asked.text()
    shown = address or f"http://{host}:{port}/"
    if not loopback(host) and urlsplit(shown).scheme != "https":
        click.echo(text("review.open_to_all", host=host), err=True)
    with open_sync_database(settings) as engine:
        click.echo(
            text("review.laid_out", count=text.number(lay_out_new(settings, engine, utc_now()))), err=True
        )
        app = make_page(settings, engine, asked.as_environment(), address=shown, host=host)
        with _laid_out_from_now_on(settings, engine):
            click.echo(text("review.serving", address=shown), err=True)
            uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


@contextmanager
def _laid_out_from_now_on(settings: Settings, engine: sa.Engine) -> Iterator[None]:
    """What runs leave open while the page is served is laid out soon after."""
    from pipelines.review_layout import keep_laid_out

    ended = threading.Event()
    thread = threading.Thread(
        target=keep_laid_out, args=(settings, engine, ended, _LOOK_AGAIN), name="layout", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@click.group("user")
def user() -> None:
    """Users of the page."""


@user.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(_ROLES), default="reviewer", show_default=True)
@click.option("--province", "--tinh", "provinces", multiple=True)
@click.option("--everywhere", is_flag=True)
@click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def add(
    asked: Asked,
    username: str,
    name: str,
    role: str,
    provinces: tuple[str, ...],
    everywhere: bool,
    password_file: Path | None,
) -> None:
    """Add a user."""
    from connectors.review_page_tables import Role
    from connectors.review_people import User
    from review.users import new_user

    text = asked.text()
    if bool(provinces) == everywhere:
        raise click.UsageError("--province | --everywhere")
    chosen = frozenset(codes(provinces, text)) if provinces else None
    who = User(username, " ".join(name.split()), Role(role), chosen)
    with open_sync_database(asked.settings()) as engine:
        new_user(engine, who, _password(password_file, text), utc_now())
    click.echo(
        text(
            "review.user.added", username=username, role=text(f"role.{role}"), provinces=_where(chosen, text)
        ),
        err=True,
    )


@user.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_them(asked: Asked, as_json: bool) -> None:
    """List the users."""
    from connectors.review_people import list_users

    text = asked.text()
    with open_sync_database(asked.settings()) as engine:
        found = list_users(engine)
    if as_json:
        facts = [
            {"username": one.username, "name": one.name, "role": one.role, "disabled": one.disabled,
             "provinces": None if one.provinces is None else sorted(one.provinces)}
            for one in found
        ]  # fmt: skip
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for one in found:
        off = f" – {text('review.user.off')}" if one.disabled else ""
        click.echo(
            f"{one.username}: {one.name}, {text(f'role.{one.role}')}, {_where(one.provinces, text)}{off}"
        )
    if not found:
        click.echo(text("review.user.none"), err=True)


@user.command("disable")
@click.argument("username")
@click.pass_obj
def disable(asked: Asked, username: str) -> None:
    """Shut a user out."""
    from review.users import shut_out

    with open_sync_database(asked.settings()) as engine:
        shut_out(engine, username, utc_now())
    click.echo(asked.text()("review.user.disabled", username=username), err=True)


@user.command("password")
@click.argument("username")
@click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def password(asked: Asked, username: str, password_file: Path | None) -> None:
    """Set a new password."""
    from review.users import new_password

    text = asked.text()
    with open_sync_database(asked.settings()) as engine:
        new_password(engine, username, _password(password_file, text))
    click.echo(text("review.user.password", username=username), err=True)


def _password(file: Path | None, text: Texts) -> str:
    """From a file that nobody else may read, else asked for twice; never from the command line, which others see."""
    if file is None:
        asked: str = click.prompt(
            text("review.user.prompt"), hide_input=True, confirmation_prompt=True, err=True
        )
        return asked
    return owners_secret(file)


def _where(provinces: frozenset[str] | None, text: Texts) -> str:
    if provinces is None:
        return text("review.user.all")
    return ", ".join(province_name(code) for code in sorted(provinces))
