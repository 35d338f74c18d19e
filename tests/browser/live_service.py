"""The whole product in real processes: gunicorn, the worker, the example relying site, one database."""

import base64
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visavis_client import VerificationLink, VerifiedResult, verify_result

from app import projects
from app.db import Database
from app.factory import ROOT
from app.schema import upgrade
from app.sealing import Sealer
from app.verifications.store import publish
from tests.service import MASTER_KEY

START_TIMEOUT = 60.0


@dataclass
class LiveService:
    """A running service and the site that signs links to it."""

    url: str
    database_url: str
    environment: dict[str, str]
    secret: str
    project_id: str
    log: Path

    def publish(self, **document: Any) -> str:
        """Publish a verification whose results go to an address where nobody answers."""
        target = f"{self.url}/v1/healthz"
        whole = {"name": "Face check", "redirectConfig": {"passedUrl": target, "failedUrl": target}}
        database = self.database()
        with database.transaction() as db:
            published = publish(db, self.project_id, whole | document, time.time())
        database.engine.dispose()
        return published.configuration.id

    def link(self, verification_id: str, **parameters: Any) -> str:
        return VerificationLink(self.url, verification_id, self.secret).sign(**parameters)

    def check(self, verification_id: str, url: str) -> VerifiedResult:
        return verify_result(url, verification_id=verification_id, secrets=self.secret)

    def database(self) -> Database:
        return Database(self.database_url)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(folder: Path, port: int, database_url: str | None = None) -> LiveService:
    """Make database, key and project; nothing runs yet."""
    database_url = database_url or f"sqlite:///{folder / 'visavis.db'}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VISAVIS_")} | {
        "VISAVIS_MASTER_KEY": base64.b64encode(MASTER_KEY).decode(),
        "VISAVIS_PUBLIC_URL": f"http://localhost:{port}",
        "VISAVIS_DATABASE_URL": database_url,
        "VISAVIS_RATE_LIMIT_OPEN": "",
        "VISAVIS_RATE_LIMIT_CAPTURE": "",
    }
    database, sealer = Database(database_url), Sealer(MASTER_KEY)
    upgrade(database)
    with database.transaction() as db:
        project = projects.get_or_create_project(db, sealer, "shop", time.time())
        secret = projects.load_keyring(db, sealer, project.id).newest.value
    database.engine.dispose()
    url = f"http://localhost:{port}"
    return LiveService(url, database_url, environment, secret, project.id, folder / "service.log")


def start_server(service: LiveService, workers: int = 2) -> subprocess.Popen[bytes]:
    """Start gunicorn and return once it answers."""
    port = service.url.rpartition(":")[2]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    command += ["-c", "config/gunicorn.py", "--graceful-timeout", "2", "wsgi:app"]
    with service.log.open("ab") as log:
        server = subprocess.Popen(
            command, env=service.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
    wait_until_ready(service, server)
    return server


def wait_until_ready(service: LiveService, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        assert server.poll() is None, service.log.read_text()
        try:
            with urllib.request.urlopen(f"{service.url}/v1/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the service did not start: {service.log.read_text()}")


@contextmanager
def running_service(folder: Path) -> Iterator[LiveService]:
    service = prepare(folder, free_port())
    server = start_server(service)
    try:
        yield service
    finally:
        server.terminate()
        server.wait(20)
