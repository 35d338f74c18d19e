"""`/metrics`: there only with a token, and only for whoever brings it; the worker fills it."""

from dataclasses import replace

import pytest

from app import worker
from app.errors import SettingsError
from app.runtime import Runtime
from app.settings import Settings
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite, new_browser

TOKEN = "a token of 16 characters"


@pytest.fixture
def open_runtime(runtime: Runtime) -> Runtime:
    return replace(runtime, settings=replace(runtime.settings, metrics_token=TOKEN))


def test_without_a_token_in_the_settings_nothing_is_there(runtime: Runtime) -> None:
    new_browser(runtime).get("/metrics", headers={"Authorization": "Bearer "}, status=404)


@pytest.mark.parametrize("given", [None, "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer ", "Bearer \udcff"])
def test_a_wrong_token_opens_nothing(open_runtime: Runtime, given: str | None) -> None:
    headers = (
        {} if given is None else {"Authorization": given.encode("utf-8", "surrogateescape").decode("latin-1")}
    )
    response = new_browser(open_runtime).get("/metrics", headers=headers, status=401)
    assert "visavis_" not in response


def test_the_token_opens_what_the_worker_counted(
    open_runtime: Runtime, site: RelyingSite, clock: FakeClock
) -> None:
    Visit.open(new_browser(open_runtime), clock, site.link(site.publish()))
    clock.pass_seconds(600)
    assert worker.run_once(open_runtime, clock()).counted == 1
    response = new_browser(open_runtime).get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.content_type == "text/plain"
    assert 'state="expired"' in response
    assert "visavis_worker_silence_seconds 0.0" in response


def test_a_short_token_is_refused() -> None:
    environ = {
        "VISAVIS_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "VISAVIS_METRICS_TOKEN": "short",
    }
    with pytest.raises(SettingsError, match="METRICS_TOKEN: must have at least 16"):
        Settings.from_env(environ)
