"""`serve`: build the store if need be, listen, say where, stop cleanly."""

import ipaddress
import os
import secrets
import signal
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import uvicorn

from mock_population_api.app import create_app
from mock_population_api.building import build_store
from mock_population_api.errors import ClientFileError, MockRegistryError
from mock_population_api.jobs import JobLimits
from mock_population_api.rates import Rate
from mock_population_api.restrictions import read_restricted
from mock_population_api.scenarios import RESTRICTED, scenario_entries
from mock_population_api.schemas import ENTRY
from mock_population_api.search import warm_up
from mock_population_api.security import Client, client_of, read_client, read_clients
from mock_population_api.service import Policy, open_service
from mock_population_api.store import locked

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()


@click.command()
@click.option("--registry", type=_FOLDER, required=True, help="Folder of entries (*.parquet).")
@click.option(
    "--store", type=_FOLDER, required=True, help="Folder for the store; built when the entries changed."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--ready-file", type=_FILE, help="Written with the address once the service answers.")
@click.option(
    "--client",
    "named",
    multiple=True,
    envvar="MOCK_REGISTRY_CLIENTS",
    metavar="NAME:FILE",
    help="A client with all scopes but faults; FILE holds its secret or an argon2 hash. Environment: several, parted by spaces.",
)
@click.option("--clients", type=_FILE, help="TOML file: [clients.NAME] with secret_file and scopes.")
@click.option(
    "--demo-client", is_flag=True, help="Client `demo` with a new secret in STORE/demo-client.secret."
)
@click.option("--restricted", type=_FILE, help="Current numbers of people to withhold, one a line.")
@click.option("--changes", type=_FOLDER, help="Folder of changes, as `evolve-registry` writes them.")
@click.option(
    "--scenarios",
    is_flag=True,
    help="Magic numbers make faults, and made-up people stand in every situation.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.01),
    default=Rate.per_second,
    show_default=True,
    help="Requests per second and client.",
)
@click.option(
    "--burst",
    type=click.IntRange(1),
    default=Rate.burst,
    show_default=True,
    help="Requests that may come at once.",
)
@click.option(
    "--daily-quota",
    type=click.IntRange(1),
    default=Rate.per_day,
    show_default=True,
    help="Requests a day and client.",
)
@click.option("--beyond-loopback", is_flag=True, help="Allow an address that other machines can reach.")
@click.option("--memory-limit", default="3GB", show_default=True, help="Memory for DuckDB.")
@click.option("--keep-results-hours", type=click.FloatRange(0.01), default=24, show_default=True)
def serve(  # noqa: PLR0913, PLR0917 - one parameter for each option
    registry: Path,
    store: Path,
    host: str,
    port: int,
    ready_file: Path | None,
    named: tuple[str, ...],
    clients: Path | None,
    demo_client: bool,
    restricted: Path | None,
    changes: Path | None,
    scenarios: bool,
    rate: float,
    burst: int,
    daily_quota: int,
    beyond_loopback: bool,
    memory_limit: str,
    keep_results_hours: float,
) -> None:
    """Serve a folder of synthetic entries as the mock population registry."""
    if not beyond_loopback and not _is_loopback(host):
        raise click.UsageError(
            f"{host} can be reached by other machines; say --beyond-loopback if that is meant"
        )
    try:
        with locked(store):
            known = _clients(named, clients, store if demo_client else None)
            build_store(registry, store, memory_limit, more=_scenario_file(store) if scenarios else ())
            policy = Policy(
                jobs=JobLimits(kept=timedelta(hours=keep_results_hours)),
                rate=Rate(rate, burst, daily_quota),
                restricted=_withheld(restricted, scenarios),
                scenarios=scenarios,
            )
            service = open_service(store, known, policy=policy, changes=changes, memory_limit=memory_limit)
            warm_up(service.store)
            _listen(create_app(service), host, port, ready_file)
    except (MockRegistryError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _scenario_file(store: Path) -> tuple[Path, ...]:
    """The made-up people as a file of entries; written only where it isn't there, so that the store stays as it is."""
    file = store / "scenario-people.parquet"
    table = pa.Table.from_pylist(scenario_entries(), schema=ENTRY)
    if not file.exists() or not pq.read_table(file).equals(table):
        pq.write_table(table, file)
    return (file,)


def _withheld(file: Path | None, scenarios: bool) -> frozenset[str]:
    listed = read_restricted(file) if file else frozenset()
    return listed | frozenset(RESTRICTED) if scenarios else listed


def _clients(named: tuple[str, ...], file: Path | None, demo_store: Path | None) -> list[Client]:
    known = [read_client(text) for text in named]
    if file is not None:
        known += read_clients(file)
    if demo_store is not None:
        known.append(_demo_client(demo_store))
    if not known:
        raise ClientFileError(
            "?", "nobody could ask; name a client with --client, --clients or --demo-client"
        )
    if len({client.name for client in known}) < len(known):
        raise ClientFileError("?", "one client is named twice")
    return known


def _demo_client(store: Path) -> Client:
    """A client whose secret is new at every start, so that none is ever known beforehand."""
    file = store / "demo-client.secret"
    secret = secrets.token_urlsafe(32)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as sink:
        sink.write(secret)
    return client_of("demo", secret)


def _listen(app: object, host: str, port: int, ready_file: Path | None) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named as TCP: else asyncio leaves the delay of small packets on, and every answer is 40 ms late
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        # addresses of requests can hold a subject's number: no access log
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        server = _Server(config, lambda: _announce(address, ready_file))
        # uvicorn raises the signal again once it has shut down; that second one shall not kill the process
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listener])


def _announce(address: str, ready_file: Path | None) -> None:
    if ready_file is not None:
        half = ready_file.with_name(f"{ready_file.name}.new")
        half.write_text(address, encoding="utf-8")
        half.replace(ready_file)
    click.echo(f"mock population registry: {address}")
