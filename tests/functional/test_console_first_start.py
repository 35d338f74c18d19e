"""Accounts from the command line, and the link that a service without an owner says once."""

import base64
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.commands import register_commands
from app.commands.demo import _console_address
from app.console.accounts import links
from app.console.first_start import announce_setup, setup_url
from app.console.roles import Role
from app.errors import LinkGoneError
from app.factory import ROOT
from app.runtime import Runtime
from tests.functional.console_desk import register, sit_down
from tests.service import MASTER_KEY, PUBLIC_URL, FakeClock, new_browser

LINK = re.compile(r"http://localhost:5000(/console/setup/[A-Za-z0-9_-]{43,64})")
Run = Callable[..., Result]


@pytest.fixture
def run(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `flask …` beside the service, on its database."""
    key = tmp_path / "master.key"
    key.write_text(base64.b64encode(MASTER_KEY).decode())
    for name, value in {
        "VISAVIS_MASTER_KEY_FILE": str(key),
        "VISAVIS_DATABASE_URL": str(runtime.database.engine.url),
        "VISAVIS_MODELS_DIR": str(ROOT / "models"),
        "VISAVIS_CONFIG_DIR": str(ROOT / "config"),
    }.items():
        monkeypatch.setenv(name, value)
    app = Flask("app")
    register_commands(app)
    return lambda *arguments: app.test_cli_runner().invoke(args=list(arguments))


def test_a_created_operator_gets_a_link_that_leads_in(run: Run, runtime: Runtime, clock: FakeClock) -> None:
    register(runtime)
    said = run("operators", "create", "Ben@Shop.example", "--role", "editor")
    path = LINK.search(said.output)[1]
    clock.now = time.time()
    assert "ben@shop.example" in new_browser(runtime).get(path)
    assert "ben@shop.example  editor  invited" in run("operators", "list").output
    again = run("operators", "link", "ben@shop.example")
    new_browser(runtime).get(path, status=410)  # the older link ended
    new_browser(runtime).get(LINK.search(again.output)[1], status=200)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "nobody", "--role", "viewer"), "e-mail address"),
        (("create", "anna@shop.example", "--role", "viewer"), "already"),
        (("link", "nobody@shop.example"), "no operator"),
        (("disable", "anna@shop.example"), "last owner"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    run: Run, runtime: Runtime, arguments: tuple[str, ...], says: str
) -> None:
    register(runtime)
    refused = run("operators", *arguments)
    assert refused.exit_code == 1
    assert says in refused.output
    assert len(refused.output.splitlines()) == 1


def test_a_disabled_operator_is_signed_out(run: Run, runtime: Runtime) -> None:
    desk = sit_down(runtime, Role.EDITOR)
    assert run("operators", "disable", desk.email).exit_code == 0
    desk.open("/console/account", status=303)


def test_a_service_without_an_owner_says_one_link_in_its_log(
    runtime: Runtime, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "app.console.first_start"):
        for _ in range(3):  # as many workers start
            announce_setup(runtime.database, runtime.sealer, PUBLIC_URL, clock())
    said = LINK.findall(caplog.text)
    assert len(said) == 1
    assert "You are the first" in new_browser(runtime).get(said[0])


def test_with_an_owner_nothing_is_said(
    runtime: Runtime, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    register(runtime)
    announce_setup(runtime.database, runtime.sealer, PUBLIC_URL, clock())
    assert "console/setup" not in caplog.text
    assert _console_address(runtime.settings) == f"{PUBLIC_URL}/console"


def test_an_owner_who_came_first_by_command_makes_the_first_link_worthless(
    runtime: Runtime, clock: FakeClock
) -> None:
    url = setup_url(runtime.database, runtime.sealer, PUBLIC_URL, clock())
    assert url
    register(runtime)
    with runtime.database.reading() as db, pytest.raises(LinkGoneError):
        links.peek_link(db, url.rpartition("/")[2], clock())


def test_after_a_day_there_is_another_first_link(runtime: Runtime, clock: FakeClock) -> None:
    first = setup_url(runtime.database, runtime.sealer, PUBLIC_URL, clock())
    clock.pass_seconds(links.LIFETIME_SECONDS)
    second = setup_url(runtime.database, runtime.sealer, PUBLIC_URL, clock())
    assert first
    assert second
    assert first != second
