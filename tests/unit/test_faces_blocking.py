"""The block list: a collection of its own that every visit is searched in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import InputError, NotFoundError, StateConflictError
from app.faces import blocking, collections
from app.faces.recognition import NOBODY_ALIKE
from app.faces.search.in_process import FaceIndex
from app.faces.types import Template
from app.models import Collection, Face
from app.pipeline.types import Finding
from app.sealing import Sealer
from app.vocabulary import Evidence
from tests.unit.face_world import (
    DIMENSIONS,
    NOON,
    OTHER_KIND,
    PROJECT,
    SEALER,
    collection_of,
    enrol_person,
    face_of,
    make_database,
    template,
    turned,
)
from tests.unit.test_faces_calibration import CALIBRATION

ANNA, BEN = 1, 2


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    database = make_database(tmp_path)
    with database.transaction() as session:
        yield session
    database.engine.dispose()


def look_up(db: Session, probe: Template, sealer: Sealer = SEALER) -> Finding:
    blocked = blocking.block_list(db, PROJECT)
    assert blocked is not None
    return blocking.look_up(db, FaceIndex(), sealer, blocked, probe)


def test_a_project_has_no_block_list_until_somebody_is_blocked(db: Session) -> None:
    assert blocking.block_list(db, PROJECT) is None
    assert blocking.blocked_faces(db, PROJECT) == []
    with pytest.raises(NotFoundError):
        blocking.unblock(db, PROJECT, "0" * 32, NOON)


def test_a_blocked_face_is_found_again_and_stays_enrolled(db: Session) -> None:
    anna = enrol_person(db, ANNA, "anna")
    blocked = blocking.block_face(db, SEALER, PROJECT, anna, "charge-back", NOON)
    finding = look_up(db, template(turned(face_of(ANNA), 0.1, face_of(BEN))))
    assert finding.score == pytest.approx(0.995, abs=1e-3)
    assert (finding.details["size"], finding.details["blocked_face_id"]) == (1, blocked)
    assert collections.count_faces(db, collection_of(db)) == 1


def test_the_list_says_who_is_blocked_and_why(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    face_id = blocking.block_face(db, SEALER, PROJECT, anna, "charge-back", NOON)
    picture = blocking.block_template(db, SEALER, PROJECT, template(face_of(BEN)), "seen", NOON + 1)
    assert blocking.blocked_faces(db, PROJECT) == [
        blocking.BlockedFace(face_id, (anna,), "charge-back", NOON),
        blocking.BlockedFace(picture, (), "seen", NOON + 1),
    ]


def test_nobody_is_blocked_twice(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    blocking.block_face(db, SEALER, PROJECT, anna, "", NOON)
    with pytest.raises(StateConflictError, match="already"):
        blocking.block_face(db, SEALER, PROJECT, anna, "", NOON)


def test_a_face_is_unblocked_by_either_of_its_ids(db: Session) -> None:
    anna, ben = enrol_person(db, ANNA), enrol_person(db, BEN)
    blocking.block_face(db, SEALER, PROJECT, anna, "", NOON)
    of_ben = blocking.block_face(db, SEALER, PROJECT, ben, "", NOON)
    blocking.unblock(db, PROJECT, anna, NOON)
    blocking.unblock(db, PROJECT, of_ben, NOON)
    assert blocking.blocked_faces(db, PROJECT) == []
    assert look_up(db, template(face_of(ANNA))).score == NOBODY_ALIKE
    with pytest.raises(NotFoundError):
        blocking.unblock(db, PROJECT, anna, NOON)


def test_a_block_list_is_no_collection_that_a_configuration_could_name(db: Session) -> None:
    blocking.block_face(db, SEALER, PROJECT, enrol_person(db, ANNA), "", NOON)
    assert [each.collection.name for each in collections.list_collections(db, PROJECT)] == ["customers"]
    assert collections.find(db, PROJECT, blocking.NAME) is None
    with pytest.raises(InputError, match="collectionId"):
        collections.create(db, SEALER, PROJECT, blocking.NAME, DIMENSIONS, NOON)
    assert db.scalar(select(func.count()).select_from(Collection)) == 2


def test_a_face_of_another_project_or_of_the_list_itself_is_not_found(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    blocked = blocking.block_face(db, SEALER, PROJECT, anna, "", NOON)
    for project, face_id in (("another", anna), (PROJECT, blocked), (PROJECT, "0" * 32)):
        with pytest.raises(NotFoundError):
            blocking.block_face(db, SEALER, project, face_id, "", NOON)


def test_a_list_that_cannot_be_read_measures_nothing(db: Session) -> None:
    blocking.block_face(db, SEALER, PROJECT, enrol_person(db, ANNA), "", NOON)
    other_key = look_up(db, template(face_of(BEN)), Sealer(bytes(32)))
    assert (other_key.score, other_key.details["size"]) == (None, 1)
    short = look_up(db, Template(face_of(BEN)[:16], 1.0, template(face_of(BEN)).kind))
    assert short.score is None


def test_a_list_with_faces_of_another_model_measures_nothing(db: Session) -> None:
    blocking.block_template(db, SEALER, PROJECT, template(face_of(ANNA), kind=OTHER_KIND), "", NOON)
    assert look_up(db, template(face_of(BEN))).score is None


def test_the_threshold_grows_with_the_list(db: Session) -> None:
    few, many = (
        blocking.requirement_for(
            CALIBRATION, Finding(Evidence.BLOCK_LIST, 0.9, "", "", {"size": size}), 1.0, 1e-2, review
        )
        for size, review in ((1, False), (1000, True))
    )
    assert few.block_threshold < many.block_threshold
    assert few.review_threshold == few.block_threshold
    assert many.review_threshold < many.block_threshold


def test_blocking_changes_no_enrolled_template(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    before = db.get_one(Face, anna).protected_template
    blocking.block_face(db, SEALER, PROJECT, anna, "", NOON)
    assert db.get_one(Face, anna).protected_template == before
