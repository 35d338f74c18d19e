"""What every test may ask for: a service on a fresh database, its clock, its models, its people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from webtest import TestApp

from app.factory import ROOT
from app.inference.engine import OpenPackEngine
from app.runtime import Runtime
from app.schema import upgrade
from app.settings import Settings
from app.wiring import build_runtime
from tests.service import FakeClock, RelyingSite, new_browser, settings_for


@pytest.fixture(scope="session")
def engine() -> OpenPackEngine:
    """The real models; one copy for the whole run."""
    return OpenPackEngine.from_manifest(ROOT / "models")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def runtime(settings: Settings, engine: OpenPackEngine, clock: FakeClock) -> Iterator[Runtime]:
    parts = build_runtime(settings, engine=engine, clock=clock)
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
