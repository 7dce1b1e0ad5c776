"""Templates put together with what every page needs."""

from functools import cache
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from connectors.review_page_tables import Role
from reporting.places import province_names
from review.page.gate import Visit
from review.page.views import hour_in_words, moment_in_words

STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.svg": "image/svg+xml",
}


@cache
def static_file(name: str) -> bytes:
    """A file that pages load."""
    return (resources.files("review") / "static" / name).read_bytes()


@cache
def static_address(name: str) -> str:
    """Where it lies; another content, another address."""
    return f"/static/{sha256(static_file(name)).hexdigest()[:12]}/{name}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = province_names()
    environment.globals.update(
        static=static_address, province=names.of_2025, moment=moment_in_words, hour=hour_in_words, Role=Role
    )
    return environment


def rendered(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page."""
    return HTMLResponse(_environment().get_template(template).render(values), status)


def page(template: str, visit: Visit, status: int = 200, **values: object) -> HTMLResponse:
    """A page for somebody who is signed in."""
    return rendered(
        template,
        status,
        t=visit.text,
        user=visit.user,
        token=visit.session.form_token,
        synthetic=visit.desk.synthetic,
        has_runs=visit.desk.office is not None,
        **values,
    )
