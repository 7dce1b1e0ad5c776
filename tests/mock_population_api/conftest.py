"""A registry of ten hand-made people, written as Parquet, and a service over it."""

import shutil
import socket
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn
from fastapi.testclient import TestClient

from mock_population_api.app import create_app
from mock_population_api.building import build_store
from mock_population_api.jobs import JobLimits
from mock_population_api.rates import Rate
from mock_population_api.schemas import ENTRY
from mock_population_api.security import SCOPES, client_of
from mock_population_api.service import Policy, open_service
from mock_population_api.store import Store

SECRET = "a secret of the tests only"


def person(personal_id, full_name, born, **known):
    """One entry; gender, birth province and year stand in the number, the rest may be given."""
    return {
        "personal_id": personal_id,
        "full_name": full_name,
        "birth_date": born,
        "birth_precision": "day",
        "gender": "FM"[int(personal_id[3]) % 2 == 0],
        "birth_province": personal_id[:3],
        "residence_province": "01",
        "residence_commune": "00004",
        "father_id": None,
        "mother_id": None,
        "former_ids": [],
        "superseded_ids": [],
        "status": "alive",
    } | known


LAN, BINH, MINH, AN = "001311000013", "001078000021", "001180000034", "001209000042"
EBAN, YEARLY, SHARED_A, SHARED_B, DEAD, MOVED = (
    "066195000055", "001160000068", "077075000071", "075075000085", "034050000099", "079211000104",
)  # fmt: skip

PEOPLE = [
    person(LAN, "Nguyễn Thị Lan", date(2011, 9, 5), father_id=BINH, mother_id="001180999999"),
    person(AN, "Nguyễn Văn An", date(2009, 3, 14), father_id=BINH, mother_id=MINH),
    person(BINH, "Nguyễn Văn Bình", date(1978, 1, 2), former_ids=["012345678"]),
    person(MINH, "Trần Thị Minh", date(1980, 12, 30), superseded_ids=["001180999999"]),
    person(EBAN, "H’Nghia Êban", date(1995, 6, 7), residence_province="66", residence_commune="24169"),
    person(YEARLY, "Lê Thị Tư", date(1960, 1, 1), birth_precision="year"),
    person(SHARED_A, "Đặng Văn Hòa", date(1975, 4, 5), former_ids=["271450009"], residence_province="77"),
    person(SHARED_B, "Phạm Văn Sáu", date(1975, 8, 9), former_ids=["271450009"], residence_province="75"),
    person(DEAD, "Vũ Văn Nở", date(1950, 2, 3), status="deceased"),
    person(MOVED, "Huỳnh Minh Khôi", date(2011, 9, 5), residence_province="79", residence_commune="26734"),
]


def write_registry(folder, people, name="entries.parquet", schema=ENTRY):
    """A registry folder of `people`."""
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(people, schema=schema), folder / name)
    return folder


@pytest.fixture(scope="session")
def hand_made():
    """The people by name, and what it takes to write registries of one's own."""
    return SimpleNamespace(
        LAN=LAN,
        BINH=BINH,
        MINH=MINH,
        AN=AN,
        EBAN=EBAN,
        YEARLY=YEARLY,
        SHARED_A=SHARED_A,
        SHARED_B=SHARED_B,
        DEAD=DEAD,
        MOVED=MOVED,
        people=PEOPLE,
        person=person,
        write=write_registry,
        secret=SECRET,
        sign_in=sign_in,
        stated=stated,
        open_client=open_client,
        listening=listening,
        watch=Watch,
    )


class Watch:
    """A clock that is set by hand."""

    def __init__(self):
        self.moment = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

    def __call__(self):
        return self.moment

    def forward(self, **time):
        self.moment += timedelta(**time)


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    return write_registry(tmp_path_factory.mktemp("registry") / "entries", PEOPLE)


@pytest.fixture(scope="session")
def built_store(registry, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    build_store(registry, folder)
    return folder


@pytest.fixture(scope="session")
def store(built_store):
    opened = Store(built_store)
    yield opened
    opened.close()


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def service_folder(built_store, tmp_path):
    """A store of a test's own, for what keeps state."""
    return shutil.copytree(built_store, tmp_path / "store")


def open_client(folder, watch, limits=None, changes=None, **policy):
    """A client of a service over `folder`; entered as a context, it starts and stops the service."""
    known = [client_of("sync", SECRET, SCOPES), client_of("other", SECRET)]
    # the watch stands still, so nothing is refilled
    settled = {"jobs": limits or JobLimits(most_rows=50, most_bytes=20_000), "rate": Rate(burst=100_000)}
    service = open_service(folder, known, policy=Policy(**settled | policy), clock=watch, changes=changes)
    client = TestClient(create_app(service), raise_server_exceptions=False)
    client.event_hooks = {"request": [lambda request: with_new_id(client, request)]}
    return client


def with_new_id(client, request):
    """Give a request an ID of its own, unless the test has named one or taken it away."""
    if request.headers.get("X-Request-ID") == client.headers.get("X-Request-ID", ""):
        request.headers["X-Request-ID"] = str(uuid.uuid4())


@pytest.fixture
def make_client(service_folder, watch):
    """Clients over the same folder, one after the other, as a service that is started again."""
    return lambda limits=None, **more: open_client(service_folder, watch, limits, **more)


@pytest.fixture
def client(make_client):
    with make_client() as opened:
        sign_in(opened)
        yield opened


def sign_in(client, name="sync", **form):
    """Fetch a token and send it, with the required headers, from now on."""
    form = {"grant_type": "client_credentials", "client_id": name, "client_secret": SECRET} | form
    answer = client.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    client.headers.update({"Authorization": f"Bearer {answer.json()['access_token']}", **stated()})
    return answer.json()


def stated():
    """The headers every request must have."""
    return {
        "X-Request-ID": str(uuid.uuid4()),
        "X-Purpose": "link-education",
        "X-Agency": "MOET",
        "X-Officer": "officer-7",
    }


@contextmanager
def listening(app):
    """The app on a port of loopback: its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
