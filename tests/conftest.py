"""What every test may ask for: a service on a fresh database, its clock, its models, its people."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from webtest import TestApp

from app.db import POSTGRESQL, SQLITE, Database
from app.factory import ROOT
from app.inference.engine import OpenPackEngine
from app.runtime import Runtime
from app.schema import upgrade
from app.settings import Settings
from app.wiring import build_runtime
from tests.databases import new_url
from tests.postgresql import PostgresqlServer, running_server
from tests.service import FakeClock, RelyingSite, new_browser, settings_for

CHALLENGES = 20_261_130


@pytest.fixture(scope="session")
def engine() -> OpenPackEngine:
    """The real models; one copy for the whole run."""
    return OpenPackEngine.from_manifest(ROOT / "models")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """One PostgreSQL server for the whole run, started when the first test asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, and PostgreSQL as well where a test is marked `on_both_databases`."""
    dialect = getattr(request, "param", SQLITE)
    server = request.getfixturevalue("postgresql") if dialect == POSTGRESQL else None
    with new_url(dialect, tmp_path, server) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database with nothing in it."""
    made = Database(database_url)
    upgrade(made)
    yield made
    made.engine.dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return settings_for(tmp_path, database_url=database_url)


@pytest.fixture
def runtime(settings: Settings, engine: OpenPackEngine, clock: FakeClock) -> Iterator[Runtime]:
    # One or two people in a hundred are refused, see BENCHMARKS.md: every run draws the same challenges.
    parts = build_runtime(settings, engine=engine, clock=clock, rng=random.Random(CHALLENGES))
    upgrade(parts.database)
    yield parts
    parts.database.engine.dispose()


@pytest.fixture
def browser(runtime: Runtime) -> TestApp:
    """A browser without a past."""
    return new_browser(runtime)


@pytest.fixture
def site(runtime: Runtime) -> RelyingSite:
    """The relying site of all tests, with its signing secret."""
    return RelyingSite.register(runtime)
