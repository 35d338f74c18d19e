"""The server dies by `kill -9` at random moments of visits; nothing is ever half done."""

import os
import random
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from app.inference.engine import OpenPackEngine
from app.models import CaptureAttempt, Face, FaceKey, SessionTransition, VerificationSession
from app.sandbox.assets import encode_jpeg
from app.sandbox.pose import HeadMotion, IdleLife
from tests.browser.live_service import LiveService, free_port, prepare, start_server
from tests.concurrency.http_visit import HttpVisit, ServerLostError
from tests.databases import on_both_databases
from tests.simulator.camera import Webcam
from tests.simulator.faces import head

KILLS = 25
# A visit takes about this long here; deaths are spread over all of it and a little beyond.
VISIT_SECONDS = 1.4
MAX_STEPS = 60


@pytest.fixture(scope="module")
def pictures(engine: OpenPackEngine) -> list[bytes]:
    """Forty frames of somebody who looks into the camera."""
    alice, camera, motion = head("astronaut", engine), Webcam(), HeadMotion(IdleLife(1))
    return [encode_jpeg(alice.render(motion.pose(n / 10), (480, 360), camera), 85) for n in range(40)]


def die(server: subprocess.Popen[bytes]) -> None:
    os.killpg(server.pid, signal.SIGKILL)


def visit_until_death(visit: HttpVisit) -> bool:
    """Go on until the outcome (True) or until the server is gone (False)."""
    try:
        for _ in range(MAX_STEPS):
            if not visit.step():
                return True
    except ServerLostError:
        return False
    raise AssertionError(f"no outcome after {MAX_STEPS} steps: {visit.status}")


def finish(visit: HttpVisit, link: str) -> str:
    """Come back after the restart and go on to the outcome."""
    if not visit.page:
        visit.open(link)
    visit.look()
    assert visit_until_death(visit)
    return str(visit.status["outcome"]["result"])


def check_invariants(service: LiveService, external_id: str, result: str) -> None:
    database = service.database()
    with database.reading() as db:
        visit = db.scalars(select(VerificationSession).filter_by(external_id=external_id)).one()
        moves = list(db.scalars(select(SessionTransition.new_state).filter_by(session_id=visit.id)))
        keys = list(db.scalars(select(FaceKey.face_id).filter_by(external_id=external_id)))
        faces = set(db.scalars(select(Face.id)))
        left_over = db.scalars(select(CaptureAttempt.id).filter_by(session_id=visit.id)).all()
    database.engine.dispose()
    assert visit.state == result == "passed"
    assert moves.count("passed") == 1
    assert moves[-2:] == ["processing", "passed"]
    assert keys == [visit.face_id]
    assert set(keys) <= faces
    assert left_over == []


@on_both_databases
def test_twenty_five_deaths_leave_every_session_whole(
    tmp_path: Path, pictures: list[bytes], database_url: str
) -> None:
    service = prepare(tmp_path, free_port(), database_url)
    verification = service.publish(
        verifierConfigs={"faceRecognition": {"type": "MatchVerification"}, "age": {"type": "CalculationOnly"}}
    )
    rng, server, lost = random.Random(9), start_server(service, workers=1), 0
    for number in range(KILLS):
        visit, link = HttpVisit(service, pictures), service.link(verification, external_id=f"person {number}")
        killer = threading.Timer(rng.uniform(0, VISIT_SECONDS), die, [server])
        killer.start()
        try:
            visit.open(link)
            completed = visit_until_death(visit)
        except ServerLostError:
            completed = False
        killer.join()
        server.wait()
        lost += not completed
        server = start_server(service, workers=1)
        check_invariants(service, f"person {number}", finish(visit, link))
    die(server)
    server.wait()
    assert lost >= KILLS // 4  # or else the deaths came too late to prove anything
