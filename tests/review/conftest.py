"""Lists as reviewers send them back, made row by row; the page over a small world, and people with browsers."""

import pytest
from starlette.testclient import TestClient

from benchmarks.review_page.open_world import load_world
from benchmarks.review_page.serving import add_people, page_of
from connectors.database import open_database
from connectors.list_files import ListFile, ListRow, ListSheet, cell_text
from connectors.worklist import COLUMNS, SEALED, record_fingerprint, seal
from pipelines.review_lists import list_labels

from .page_world import Clock, Visitor

KEY = b"k" * 32
RUN = "2026-11-21T01-30-00-ab12"


def pseudonym(number):
    return "N" + "".join("ABCDEFGHIJ"[int(digit)] for digit in number)


def looks(name="Trần Thị Ước"):
    typed = {
        "full_name": name,
        "birth_date": "04/03/2015",
        "gender": "Nữ",
        "birth_place": None,
        "claimed_id": None,
    }
    return record_fingerprint(KEY, typed)


def row(record_id="001", decision="", note="", candidates=(), kind="student", fingerprint="", then=None):
    """A row of a list by column, sealed; `then`: what became of its cells after that."""
    cells = dict.fromkeys(COLUMNS, "")
    cells |= {
        "record_id": record_id,
        "kind": kind,
        "outcome": "unlinked",
        "reason": "name_differs",
        "run": RUN,
    }
    cells |= {"match_key": "name~ birth_date+", "fingerprint": fingerprint or looks()}
    for rank, number in enumerate(candidates, 1):
        cells |= {f"candidate_{rank}_key": pseudonym(number), f"candidate_{rank}_seen": "s"}
    cells["checksum"] = seal(KEY, [cells[column] for column in SEALED])
    return cells | {"decision": decision, "note": note} | (then or {})


def list_file(*rows, columns=COLUMNS, header=None, name="list.xlsx", digest="d1", above=()):
    lines = [*above, header or columns, *[[cells[column] for column in columns] for cells in rows]]
    sheet = [ListRow(number, tuple(map(cell_text, cells))) for number, cells in enumerate(lines, 1)]
    return ListFile(name, digest, (ListSheet("Học sinh", tuple(sheet)),))


@pytest.fixture(scope="session")
def labels():
    return list_labels()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request):
    return request.param


@pytest.fixture
def engine(request, database, tmp_path):
    """Students of two provinces, all of them open, and people who may sign in."""
    if database == "sqlite":
        url = f"sqlite:///{tmp_path / 'education.db'}"
    else:
        url = request.getfixturevalue("postgres_server").empty_database()
    engine = open_database(url, wait=10)
    load_world(engine, 24)
    load_world(engine, 24, "48", seed=8)
    add_people(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def office(engine, clock):
    """Who signs in by name; each has a browser of their own."""
    app = page_of(engine, clock)

    def visitor(username=None, address="10.0.0.1"):
        one = Visitor(TestClient(app, base_url="http://127.0.0.1", client=(address, 1)))
        if username:
            assert one.sign_in(username).status_code == 303
        return one

    return visitor
