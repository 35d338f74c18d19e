"""`flask demo`: the service, its worker and the example relying site, ready to click."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click

from app import projects
from app.commands.keys import generate
from app.commands.parts import clear_errors, load_settings
from app.commands.sandbox import HEAD_NAME, install_head
from app.commands.verifications import read_json
from app.console.first_start import setup_url
from app.db import Database
from app.factory import ROOT
from app.schema import upgrade
from app.sealing import Sealer
from app.settings import DEFAULT_MASTER_KEY_FILE, Settings
from app.verifications.store import publish

DEMO_DIR = Path("var/demo")
EXAMPLE = ROOT / "examples" / "relying_site"
START_TIMEOUT = 60.0


@click.command("demo")
@click.option("--port", default=5000, show_default=True, help="Port of the service.")
@click.option("--site-port", default=5001, show_default=True, help="Port of the example relying site.")
@click.pass_context
def demo(context: click.Context, port: int, site_port: int) -> None:
    """Start everything on this machine; Ctrl-C ends it. Data stays in var/demo."""
    context.invoke(generate, target=DEFAULT_MASTER_KEY_FILE, if_missing=True)
    os.environ.update(_demo_environment(port))
    # Flask sets this for its commands and then ignores `app.run()`, also in what they start.
    environment = {name: value for name, value in os.environ.items() if name != "FLASK_RUN_FROM_CLI"}
    settings = load_settings()
    with clear_errors():
        verification_id, secret = _prepare(settings, site_port)
        console = _console_address(settings)
    environment |= {
        "VISAVIS_URL": settings.public_url,
        "VISAVIS_VERIFICATION_ID": verification_id,
        "VISAVIS_SIGNING_SECRET": secret,
        "PORT": str(site_port),
    }
    with _processes(environment, port) as running:
        _wait_until_ready(f"http://localhost:{port}/v1/readyz", running)
        _wait_until_ready(f"http://localhost:{site_port}/", running)
        _say_where(port, site_port, console)
        _watch(running)


def _demo_environment(port: int) -> dict[str, str]:
    return {
        "VISAVIS_PUBLIC_URL": f"http://localhost:{port}",
        "VISAVIS_DATABASE_URL": f"sqlite:///{(DEMO_DIR / 'visavis.db').resolve()}",
        "VISAVIS_SANDBOX": "true",
        "VISAVIS_WEBHOOK_PRIVATE_ADDRESSES": "true",
        "VISAVIS_SANDBOX_DIR": str((DEMO_DIR / "sandbox").resolve()),
    }


def _prepare(settings: Settings, site_port: int) -> tuple[str, str]:
    """Migrate, publish the example's verification and make its head; return id and signing secret."""
    database, sealer, now = Database(settings.database_url), Sealer(settings.master_key), time.time()
    upgrade(database)
    if not (settings.sandbox_dir / f"{HEAD_NAME}.json").exists():
        install_head(settings, None)
    document = read_json(EXAMPLE / "verification.json")
    target = f"http://localhost:{site_port}/callback"
    document["redirectConfig"] = {"passedUrl": target, "failedUrl": target}
    with database.transaction() as db:
        project = projects.get_or_create_project(db, sealer, projects.DEFAULT_PROJECT, now)
        published = publish(db, project.id, document, now)
        secret = projects.load_keyring(db, sealer, project.id).newest.value
    return published.configuration.id, secret


def _console_address(settings: Settings) -> str:
    """Return the console, or on the first start the link that makes its first owner."""
    database, sealer = Database(settings.database_url), Sealer(settings.master_key)
    link = setup_url(database, sealer, settings.public_url, time.time())
    return link or f"{settings.public_url}/console"


@contextlib.contextmanager
def _processes(environment: dict[str, str], port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    flask = [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py")]
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"localhost:{port}"]
    gunicorn += ["--log-level", "warning", "wsgi:app"]
    commands = [gunicorn, [*flask, "worker"], [sys.executable, str(EXAMPLE / "app.py")]]
    running = [subprocess.Popen(command, env=environment, cwd=ROOT) for command in commands]  # noqa: S603 -- our own
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)


def _wait_until_ready(url: str, running: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in running):
            raise click.ClickException("a part of the demo stopped; its message is above")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 -- loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise click.ClickException(f"{url} did not answer within {START_TIMEOUT:.0f} s")


def _say_where(port: int, site_port: int, console: str) -> None:
    click.echo()
    click.echo(f"  Example relying site   http://localhost:{site_port}/   <- begin here")
    click.echo(f"  Operator console       {console}")
    click.echo(f"  Visavis                http://localhost:{port}/v1/healthz")
    click.echo()
    click.echo("  No camera? The page offers a rendered head; it is marked, and proves nothing.")
    click.echo("  Ctrl-C ends the demo.")


def _watch(running: list[subprocess.Popen[bytes]]) -> None:
    """Wait for Ctrl-C, SIGTERM, or a part that stops on its own."""
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with contextlib.suppress(KeyboardInterrupt):
        while all(process.poll() is None for process in running):
            time.sleep(0.5)
        raise click.ClickException("a part of the demo stopped; its message is above")
