"""What each of a crowd does: make a first visit, or open a link."""

from collections.abc import Callable, Mapping
from typing import Any

from app import flow
from app.db import Database
from app.decision.types import RecognitionMode
from app.faces.enrolment import enrol
from app.faces.recognition import compare
from app.faces.search.engines import search_engine_for
from app.inference.types import Embedding
from app.runtime import Runtime
from tests.unit.face_world import NOON, SEALER, collection_of, face_of, template, turned

THRESHOLD = 0.95
ANNA = 1


def one_face_under_many_ids(database: Database, number: int) -> str:
    return first_visit(database, turned(face_of(ANNA), 0.02, face_of(100 + number)), f"id-{number}")


def one_face_under_one_id(database: Database, number: int) -> str:
    return first_visit(database, turned(face_of(ANNA), 0.02, face_of(100 + number)), "id")


def many_faces_under_one_id(database: Database, number: int) -> str:
    return first_visit(database, face_of(100 + number), "id")


def first_visit(database: Database, face: Embedding, external_id: str) -> str:
    """Compare and enrol if unknown, as a decision does, and say what came of it."""
    index, mode = search_engine_for(database), RecognitionMode.UNIQUE_MATCH
    with database.transaction() as db:
        collection = collection_of(db)
        finding = compare(db, index, SEALER, collection, template(face), mode, external_id)
        assert finding.score is not None
        if finding.details["known"]:
            return "matched" if finding.score >= THRESHOLD else "refused: another face"
        if finding.score >= THRESHOLD:
            return "refused: duplicate"
        enrol(db, SEALER, collection, template(face), external_id, NOON, purge_at=None)
    return "enrolled"


def open_link(database: Database, _: int, link: str) -> str:
    """Open the link as a browser without cookies, and tell the session's id."""
    verification_id, _, query = link.partition("?")
    # Opening touches neither models nor policy, so these processes have none.
    nothing: Any = None
    runtime = Runtime(
        settings=nothing,
        database=database,
        sealer=SEALER,
        engine=nothing,
        policy=nothing,
        calibration=nothing,
        index=nothing,
    )
    checked = flow.check_link(runtime, verification_id, query.encode(), None, NOON)
    return flow.open_link(runtime, checked, lambda _: None, NOON).session_id


SCENES: Mapping[str, Callable[..., str]] = {
    each.__name__: each
    for each in (one_face_under_many_ids, one_face_under_one_id, many_faces_under_one_id, open_link)
}
