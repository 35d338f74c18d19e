"""Admission of links: parse, check the signature, claim the nonce, write the session, all of it durable."""

import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from visavis_client import VerificationLink

from app import flow, projects
from app.db import Database
from app.runtime import Runtime
from app.schema import upgrade
from app.sealing import Sealer
from app.verifications.store import publish
from tests.benchmark.figures import percentile

PUBLIC_URL = "https://verify.example"
MASTER_KEY = bytes(range(32))
NOON = 1_790_000_000
WARM_UP = 200


@dataclass(frozen=True, slots=True)
class AdmissionFigures:
    """What admitting links costs, one after another, in one process."""

    links: int
    wall_ms: float
    """Mean time of one link by the wall clock: how many a second one process admits."""
    cpu_ms: float
    """Mean processor time of one link, user and system: other work on the machine changes it little."""
    p50_ms: float
    p99_ms: float
    repeated_p50_ms: float
    """Opening a link again that has its session already."""


def measure_admission(scratch: Path, links: int) -> AdmissionFigures:
    """Open `links` different links, each signed, expiring, with a nonce and an external id."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        database = Database(f"sqlite:///{folder}/visavis.db")
        upgrade(database)
        service = service_on(database)
        verification_id, sign = relying_site(service)
        queries = [sign(number) for number in range(WARM_UP + links)]
        admit_all(service, verification_id, queries[:WARM_UP])
        cpu, began = _cpu_seconds(), time.perf_counter()
        walls = admit_all(service, verification_id, queries[WARM_UP:])
        cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - began
        again = admit_all(service, verification_id, queries[:WARM_UP])
        database.engine.dispose()
    return AdmissionFigures(
        links=links,
        wall_ms=wall / links * 1000,
        cpu_ms=cpu / links * 1000,
        p50_ms=percentile(walls, 0.5) * 1000,
        p99_ms=percentile(walls, 0.99) * 1000,
        repeated_p50_ms=percentile(again, 0.5) * 1000,
    )


def service_on(database: Database) -> Runtime:
    """Return a service that can open links, and nothing else."""
    # Opening touches neither models nor policy, so this service has none.
    none: Any = None
    return Runtime(
        settings=none,
        database=database,
        sealer=Sealer(MASTER_KEY),
        engine=none,
        policy=none,
        calibration=none,
        index=none,
    )


def relying_site(service: Runtime) -> tuple[str, Callable[[int], str]]:
    """Publish a verification; return its id and who signs the query of link number n."""
    document = {
        "name": "Face check",
        "verifierConfigs": {
            "liveness": {"type": "Verification"},
            "faceRecognition": {"type": "UniqueMatchVerification"},
        },
        "redirectConfig": {"passedUrl": "https://shop.example/back", "failedUrl": "https://shop.example/no"},
    }
    with service.database.transaction() as db:
        project = projects.get_or_create_project(db, service.sealer, "shop", NOON)
        verification_id = publish(db, project.id, document, NOON).configuration.id
        secret = projects.load_keyring(db, service.sealer, project.id).newest.value
    link = VerificationLink(PUBLIC_URL, verification_id, secret)

    def sign(number: int) -> str:
        signed = link.sign(external_id=f"person {number}", nonce=uuid4().hex, now=NOON, order=str(number))
        return signed.partition("?")[2]

    return verification_id, sign


def admit_all(service: Runtime, verification_id: str, queries: Iterable[str]) -> list[float]:
    """Open each as a browser without cookies does; return the seconds that each took."""
    walls: list[float] = []
    for query in queries:
        began = time.perf_counter()
        checked = flow.check_link(service, verification_id, query.encode(), None, NOON)
        flow.open_link(service, checked, lambda _: None, NOON)
        walls.append(time.perf_counter() - began)
    return walls


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
