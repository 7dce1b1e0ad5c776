"""The page served from a thread of this process, with some people who may sign in."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache

import sqlalchemy as sa
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI

from benchmarks.review_page.open_world import KEY
from connectors.people_read import PeopleNow
from connectors.review_page_tables import Role
from connectors.review_people import User, add_user
from pipelines.means import utc_now
from pipelines.review_layout import reviewed_twice
from review.page.app import make_app
from review.page.desk import Desk
from review.run_office import RunOffice
from review.trail import Trail

PASSWORD = "mật khẩu để thử"
PEOPLE = (
    User("hoa", "Lê Thị Hoa", Role.REVIEWER, frozenset({"38"})),
    User("binh", "Trần Văn Bình", Role.REVIEWER, frozenset({"38"})),
    User("nga", "Phạm Thị Nga", Role.REVIEWER, frozenset({"48"})),
    User("son", "Vũ Thái Sơn", Role.SUPERVISOR, None),
    User("audit", "Ngô Thị Kiểm", Role.AUDITOR, None),
)


def add_people(engine: sa.Engine, people: tuple[User, ...] = PEOPLE) -> None:
    """Let people sign in by `PASSWORD`."""
    for user in people:
        add_user(engine, user, _kept(), utc_now())


@cache
def _kept() -> str:
    # cheap on purpose: it is not the hashing that is tried here
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def page_of(
    engine: sa.Engine,
    clock: Callable[[], datetime] = utc_now,
    *,
    secure: bool = False,
    office: RunOffice | None = None,
) -> FastAPI:
    """The application on a database of `open_world`."""
    return make_app(
        Desk(
            engine=engine,
            people=PeopleNow(engine, KEY),
            drawn=lambda record: reviewed_twice(KEY, *record, 0.05),
            clock=clock,
            language="vi",
            synthetic=True,
            secure=secure,
            trail=Trail(KEY),
            hosts=frozenset({"127.0.0.1", "localhost"}),
            office=office,
        )
    )


@contextmanager
def served(engine: sa.Engine, office: RunOffice | None = None) -> Iterator[str]:
    """The page over a real connection: its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = uvicorn.Config(
        page_of(engine, office=office), host="127.0.0.1", port=port, log_level="error", access_log=False
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
