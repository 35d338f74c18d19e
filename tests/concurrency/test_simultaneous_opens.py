"""Many real processes open one link at the same moment."""

import multiprocessing
from multiprocessing.synchronize import Barrier as BarrierType
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from visavis_client import VerificationLink

from app import projects
from app.db import Database
from app.models import SessionTransition, SpentNonce, VerificationSession
from app.schema import upgrade
from app.sealing import Sealer
from app.verifications.store import publish
from tests.concurrency.opening import open_once
from tests.service import MASTER_KEY, NOON, PUBLIC_URL, TARGET

PROCESSES = 100


def prepare(database: Database) -> str:
    """Publish a verification and return the query of one signed link to it, id first."""
    sealer = Sealer(MASTER_KEY)
    upgrade(database)
    with database.transaction() as db:
        project = projects.get_or_create_project(db, sealer, "shop", NOON)
        document = {
            "name": "Face check",
            "verifierConfigs": {"liveness": {"type": "Verification"}},
            "redirectConfig": {"passedUrl": TARGET, "failedUrl": TARGET},
        }
        verification = publish(db, project.id, document, NOON).configuration.id
        secret = projects.load_keyring(db, sealer, project.id).newest.value
    return VerificationLink(PUBLIC_URL, verification, secret).sign(now=NOON).rpartition("/")[2]


def open_from_processes(url: str, link: str) -> list[str]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.concurrency.opening"])
    barrier: BarrierType = context.Barrier(PROCESSES)
    answers: Any = context.Queue()
    crowd = [
        context.Process(target=open_once, args=(url, link, MASTER_KEY, NOON, barrier, answers))
        for _ in range(PROCESSES)
    ]
    for process in crowd:
        process.start()
    opened = [answers.get(timeout=120) for _ in crowd]
    for process in crowd:
        process.join()
    return opened


def test_a_hundred_processes_opening_one_link_make_one_session(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'visavis.db'}"
    database = Database(url)
    opened = open_from_processes(url, prepare(database))
    assert len(opened) == PROCESSES
    assert len(set(opened)) == 1
    with database.reading() as db:
        counts = [
            db.scalar(select(func.count()).select_from(table))
            for table in (VerificationSession, SpentNonce, SessionTransition)
        ]
    database.engine.dispose()
    assert counts == [1, 1, 1]
