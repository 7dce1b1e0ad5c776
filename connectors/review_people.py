"""Users of the review page and their sessions, in the education database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.database import insert_if_absent, reading, rows_written, writing
from connectors.education_tables import moment
from connectors.review_page_tables import Role, review_failures, review_sessions, review_users

IDLE = timedelta(minutes=30)
"""A session ends when nothing was asked for so long."""
LONGEST = timedelta(hours=10)
"""And in any case after a working day."""
TOUCHED = timedelta(minutes=1)
"""How exactly it is noted when something was last asked."""

COUNTED_FOR = timedelta(minutes=15)
"""How long a failed sign-in counts."""


@dataclass(frozen=True)
class User:
    """Somebody who may sign in to the page."""

    username: str
    name: str
    role: Role
    provinces: frozenset[str] | None
    """Codes; None for all."""
    disabled: bool = False


@dataclass(frozen=True)
class Session:
    """A user who is signed in."""

    user: User
    form_token: str
    began_at: str


@dataclass(frozen=True)
class Failures:
    """Sign-ins that failed lately."""

    of_user: int
    of_address: int
    of_both: int


def add_user(engine: sa.Engine, user: User, password: str, now: datetime) -> bool:
    """Add a user.

    Args:
        engine: The education database, its sync tables made.
        user: Whom.
        password: An argon2 hash.
        now: When.

    Returns:
        Whether they were added; not where somebody has that username or that name.
    """
    row = {
        "username": user.username, "name": user.name, "password": password, "role": str(user.role),
        "provinces": " ".join(sorted(user.provinces or ())), "created_at": moment(now),
    }  # fmt: skip
    with writing(engine) as connection:
        return rows_written(connection, insert_if_absent(connection, review_users).values(row)) == 1


def list_users(engine: sa.Engine) -> list[User]:
    """All users by username."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(review_users).order_by(review_users.c.username)).all()
    return [_user(row) for row in rows]


def disable_user(engine: sa.Engine, username: str, now: datetime) -> bool:
    """Let a user sign in no more, and end their sessions.

    Returns:
        Whether there is such a user who could until now.
    """
    who = review_users.c
    with writing(engine) as connection:
        _end_all(connection, username)
        off = review_users.update().where(who.username == username, who.disabled_at.is_(None))
        return rows_written(connection, off.values(disabled_at=moment(now))) == 1


def set_password(engine: sa.Engine, username: str, password: str) -> bool:
    """Give a user another password (an argon2 hash) and end their sessions.

    Returns:
        Whether there is such a user.
    """
    with writing(engine) as connection:
        _end_all(connection, username)
        new = review_users.update().where(review_users.c.username == username).values(password=password)
        return rows_written(connection, new) == 1


def _end_all(connection: sa.Connection, username: str) -> None:
    connection.execute(review_sessions.delete().where(review_sessions.c.username == username))


def user_with_password(connection: sa.Connection, username: str) -> tuple[User, str] | None:
    """A user who may sign in, and the hash of their password."""
    who = review_users.c
    query = sa.select(review_users).where(who.username == username, who.disabled_at.is_(None))
    row = connection.execute(query).first()
    return None if row is None else (_user(row), row.password)


def failures(connection: sa.Connection, username: str, address: str, now: datetime) -> Failures:
    """How often signing in failed lately."""
    of = review_failures.c
    same_user, same_address = of.username == username, of.address == address
    counts = [
        sa.func.coalesce(sa.func.sum(sa.case((which, 1), else_=0)), 0)
        for which in (same_user, same_address, sa.and_(same_user, same_address))
    ]
    query = sa.select(*counts).where(
        of.failed_at > moment(now - COUNTED_FOR), sa.or_(same_user, same_address)
    )
    return Failures(*[int(count) for count in connection.execute(query).one()])


def note_failure(connection: sa.Connection, username: str, address: str, now: datetime) -> None:
    """Note that signing in failed; those that count no longer are forgotten."""
    of = review_failures.c
    connection.execute(review_failures.delete().where(of.failed_at <= moment(now - COUNTED_FOR)))
    facts = {"username": username, "address": address, "failed_at": moment(now)}
    connection.execute(review_failures.insert().values(facts))


def forget_failures(connection: sa.Connection, username: str, address: str) -> None:
    """What failed before a user signed in counts no longer."""
    of = review_failures.c
    connection.execute(review_failures.delete().where(of.username == username, of.address == address))


def begin_session(
    connection: sa.Connection, token: str, username: str, form_token: str, now: datetime
) -> None:
    """A user is signed in.

    Args:
        connection: A transaction.
        token: A digest of what stands in the cookie.
        username: Who.
        form_token: What every form is to carry.
        now: When.
    """
    over = sa.or_(
        review_sessions.c.seen_at <= moment(now - IDLE), review_sessions.c.began_at <= moment(now - LONGEST)
    )
    connection.execute(review_sessions.delete().where(over))
    facts = {"token": token, "username": username, "form_token": form_token}
    at = moment(now)
    connection.execute(review_sessions.insert().values(**facts, began_at=at, seen_at=at))


def session_of(engine: sa.Engine, token: str, now: datetime) -> Session | None:
    """Who is signed in by a cookie; None where nobody is, or not any more."""
    session, who = review_sessions.c, review_users.c
    joined = review_sessions.join(review_users, who.username == session.username)
    query = sa.select(review_users, session.form_token, session.began_at, session.seen_at).select_from(joined)
    alive = (session.seen_at > moment(now - IDLE), session.began_at > moment(now - LONGEST))
    with reading(engine) as connection:
        row = connection.execute(
            query.where(session.token == token, who.disabled_at.is_(None), *alive)
        ).first()
    if row is None:
        return None
    if row.seen_at <= moment(now - TOUCHED):
        seen = review_sessions.update().where(session.token == token).values(seen_at=moment(now))
        with writing(engine) as connection:
            connection.execute(seen)
    return Session(_user(row), row.form_token, row.began_at)


def end_session(connection: sa.Connection, token: str) -> None:
    """A user signs out."""
    connection.execute(review_sessions.delete().where(review_sessions.c.token == token))


def names_of(connection: sa.Connection) -> Mapping[str, str]:
    """Username → name."""
    return dict(connection.execute(sa.select(review_users.c.username, review_users.c.name)).tuples().all())


def _user(row: sa.Row[tuple[str, ...]]) -> User:
    provinces = frozenset(row.provinces.split()) or None
    return User(row.username, row.name, Role(row.role), provinces, row.disabled_at is not None)
