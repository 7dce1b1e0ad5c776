"""The review page with the means of this installation."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import FastAPI

from connectors.people_read import PeopleNow
from connectors.review_store import Key
from pipelines.means import utc_now
from pipelines.own_keys import own_key
from pipelines.review_layout import reviewed_twice
from pipelines.run_office import run_office
from pipelines.seals import seal_key
from pipelines.settings import Settings
from review.page.app import make_app
from review.page.desk import Desk
from review.trail import Trail


def make_page(
    settings: Settings, engine: sa.Engine, environment: Mapping[str, str], *, address: str, host: str
) -> FastAPI:
    """The application.

    Args:
        settings: The installation's.
        engine: The education database, its sync tables made.
        environment: Where runs that are started from the page find the same settings.
        address: What users type; https where TLS stands in front, and only then are cookies kept from plain HTTP.
        host: What is listened at.

    Raises:
        ColumnsMissing: The education database lacks a table.
    """
    key = seal_key(settings)

    def drawn(record: Key) -> bool:
        return reviewed_twice(key, *record, settings.review_twice)

    typed = urlsplit(address)
    names = {name for name in (typed.hostname, host) if name} | {"127.0.0.1", "localhost", "::1"}
    return make_app(
        Desk(
            engine=engine,
            people=PeopleNow(engine, key),
            drawn=drawn,
            clock=utc_now,
            language=settings.language,
            synthetic=settings.synthetic,
            secure=typed.scheme == "https",
            trail=Trail(own_key(settings.home, "audit")),
            hosts=frozenset(names),
            office=run_office(settings, engine, environment),
        )
    )
