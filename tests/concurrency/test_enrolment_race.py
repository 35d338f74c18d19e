"""Fifty first visits at the same moment, each in a process of its own: exactly one of them enrols.

Run as a module, this file is the fifty processes: it imports everything once, forks, and lets all of them
start together.
"""

import hashlib
import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import configure_mappers

from app.db import Database
from app.decision.types import RecognitionMode
from app.faces.enrolment import enrol
from app.faces.recognition import compare
from app.faces.search.in_process import FaceIndex
from app.models import Face, FaceKey
from tests.unit.face_world import (
    NOON,
    SEALER,
    collection_of,
    face_of,
    make_database,
    template,
    turned,
)

VISITORS = 50
THRESHOLD = 0.95
ANNA = 1

# What everybody brings: how the faces and the external ids of visitor number n look.
SCENES: dict[str, Any] = {
    "one face, many ids": lambda n: (turned(face_of(ANNA), 0.02, face_of(100 + n)), f"id-{n}"),
    "one face, one id": lambda n: (turned(face_of(ANNA), 0.02, face_of(100 + n)), "id"),
    "many faces, one id": lambda n: (face_of(100 + n), "id"),
}


def visit(url: str, scene: str, number: int, start: Barrier) -> str:
    """Compare and enrol if unknown, as a decision does, and say what came of it."""
    face, external_id = SCENES[scene](number)
    database, index, mode = Database(url), FaceIndex(), RecognitionMode.UNIQUE_MATCH
    start.wait(timeout=60)
    with database.transaction() as db:
        collection = collection_of(db)
        finding = compare(db, index, SEALER, collection, template(face), mode, external_id)
        assert finding.score is not None
        if finding.details["known"]:
            return "matched" if finding.score >= THRESHOLD else "refused: another face"
        if finding.score >= THRESHOLD:
            return "refused: duplicate"
        take_time()
        enrol(db, SEALER, collection, template(face), external_id, NOON, purge_at=None)
    return "enrolled"


def take_time() -> None:
    """Work for about 20 ms, as a decision may: everybody else has the chance to come in between."""
    hashlib.pbkdf2_hmac("sha256", b"", b"", 30_000)


def race(url: str, scene: str) -> None:
    """Let all visitors go at once and print what came of each."""
    configure_mappers()  # once instead of fifty times
    context = multiprocessing.get_context("fork")
    start = context.Barrier(VISITORS)

    def report(number: int) -> None:
        line = visit(url, scene, number, start) + "\n"
        os.write(sys.stdout.fileno(), line.encode())  # one write: lines of fifty processes never mix

    processes = [context.Process(target=report, args=(number,)) for number in range(VISITORS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)


@pytest.mark.parametrize(
    ("scene", "others"),
    [
        ("one face, many ids", "refused: duplicate"),
        ("one face, one id", "matched"),
        ("many faces, one id", "refused: another face"),
    ],
)
def test_of_fifty_simultaneous_first_visits_exactly_one_enrols(
    tmp_path: Path, scene: str, others: str
) -> None:
    database = make_database(tmp_path)
    url = str(database.engine.url)
    database.engine.dispose()
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", __name__, url, scene],
        capture_output=True,
        text=True,
        check=False,
    )
    assert Counter(ran.stdout.splitlines()) == {"enrolled": 1, others: VISITORS - 1}, ran.stderr[-2000:]
    with database.reading() as db:
        rows = [db.scalar(select(func.count()).select_from(table)) for table in (Face, FaceKey)]
    assert rows == [1, 1]
    database.engine.dispose()


if __name__ == "__main__":
    race(*sys.argv[1:])
