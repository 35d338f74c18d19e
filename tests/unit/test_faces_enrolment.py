"""Faces are written once, refined within bounds and forgotten without a trace."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.db import Database
from app.errors import InputError, NotFoundError, StateConflictError
from app.faces.collections import rotation_of
from app.faces.enrolment import (
    LARGEST_SIZE,
    close_similarity,
    enrol,
    forget_expired,
    forget_external_id,
    forget_face,
    refine,
)
from app.faces.enrolment import (
    face_of as stored_face,
)
from app.faces.erasure import erase_traces
from app.faces.protection import protect
from app.faces.vectors import cosine_similarity, stored_template
from app.models import Face, FaceKey
from tests.unit.face_world import (
    NOON,
    OTHER_KIND,
    SEALER,
    collection_of,
    enrol_person,
    face_of,
    make_database,
    template,
    turned,
)

ANNA, BEN = 1, 2
THRESHOLD = 0.95


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = make_database(tmp_path)
    yield made
    made.engine.dispose()


def refined(database: Database, face_id: str, probe: np.ndarray, threshold: float = THRESHOLD) -> bool:
    with database.transaction() as db:
        return refine(db, SEALER, collection_of(db), face_id, template(probe), threshold, NOON + 60)


def load(database: Database, face_id: str) -> Face:
    with database.reading() as db:
        return stored_face(db, collection_of(db), face_id)


def test_an_enrolled_face_says_what_it_was_made_with(database: Database) -> None:
    with database.transaction() as db:
        face_id = enrol(
            db, SEALER, collection_of(db), template(face_of(ANNA), 2.5), "anna", NOON, purge_at=NOON + 9
        )
    face = load(database, face_id)
    assert (len(face_id), face.effective_size, face.purge_at) == (32, 2.5, NOON + 9)
    assert (face.recognition_model, face.landmarker) == ("test-net", "test-mesh")


def test_the_template_itself_is_nowhere_in_the_row(database: Database) -> None:
    with database.transaction() as db:
        face_id = enrol_person(db, ANNA)
    assert abs(cosine_similarity(stored_template(load(database, face_id)), face_of(ANNA))) < 0.9


def test_a_name_is_never_moved_to_another_face(database: Database) -> None:
    with database.transaction() as db:
        anna = enrol_person(db, ANNA, "anna")
        with pytest.raises(StateConflictError):
            enrol_person(db, BEN, "anna")
        assert db.scalars(select(FaceKey.face_id)).all() == [anna]


@pytest.mark.parametrize("external_id", ["", "x" * 257])
def test_an_external_id_has_a_length(database: Database, external_id: str) -> None:
    with database.transaction() as db, pytest.raises(InputError, match="reExternalId"):
        enrol_person(db, ANNA, external_id)


def test_a_close_visit_makes_the_template_worth_more(database: Database) -> None:
    with database.transaction() as db:
        face_id = enrol_person(db, ANNA)
    before = load(database, face_id)
    assert refined(database, face_id, turned(face_of(ANNA), 0.1, face_of(BEN)))
    after = load(database, face_id)
    assert after.effective_size == 2.0
    assert after.revision > before.revision
    assert cosine_similarity(stored_template(before), stored_template(after)) == pytest.approx(
        math.cos(0.05), abs=1e-5
    )


def test_a_visit_that_only_just_matched_changes_nothing_but_the_date(database: Database) -> None:
    with database.transaction() as db:
        face_id = enrol_person(db, ANNA)
    just_matching = turned(face_of(ANNA), math.acos(THRESHOLD) * 0.99, face_of(BEN))
    assert not refined(database, face_id, just_matching)
    face = load(database, face_id)
    assert (face.effective_size, face.last_seen_at) == (1.0, NOON + 60)


def test_a_template_of_five_frames_is_left_as_it_is(database: Database) -> None:
    with database.transaction() as db:
        face_id = enrol(
            db, SEALER, collection_of(db), template(face_of(ANNA), LARGEST_SIZE), None, NOON, purge_at=None
        )
    assert not refined(database, face_id, face_of(ANNA))


def test_a_visit_seen_by_another_model_refines_nothing(database: Database) -> None:
    with database.transaction() as db:
        face_id = enrol_person(db, ANNA)
        probe = template(face_of(ANNA), kind=OTHER_KIND)
        assert not refine(db, SEALER, collection_of(db), face_id, probe, THRESHOLD, NOON)


@example(threshold=THRESHOLD, size=1.0, shares=[1.0] * 6)
@settings(max_examples=10, deadline=None)
@given(
    threshold=st.floats(0.5, 0.995),
    size=st.floats(1.0, 5.0),
    shares=st.lists(st.floats(0.5, 1.0), min_size=6, max_size=6),
)
def test_no_series_of_visits_leads_a_template_away_from_its_person(
    tmp_path_factory: pytest.TempPathFactory, threshold: float, size: float, shares: list[float]
) -> None:
    database = make_database(tmp_path_factory.mktemp("faces"))
    original, impostor = face_of(ANNA), face_of(BEN)
    with database.transaction() as db:
        face_id = enrol(db, SEALER, collection_of(db), template(original, size), "anna", NOON, purge_at=None)
    enrolled = stored_template(load(database, face_id))
    largest_step = math.acos(close_similarity(threshold))
    angle = 0.0
    for share in shares:  # each visit leans as far towards the impostor as is let through, or nearly
        visit = turned(original, angle + share * largest_step * 0.999, impostor)
        refined(database, face_id, visit, threshold)
        now = stored_template(load(database, face_id))
        angle = math.acos(min(1.0, cosine_similarity(enrolled, now)))
    assert cosine_similarity(enrolled, now) >= threshold
    assert load(database, face_id).effective_size <= LARGEST_SIZE
    database.engine.dispose()


def test_a_long_walk_of_visits_towards_another_person_never_gets_there(database: Database) -> None:
    anna, ben = face_of(ANNA), face_of(BEN)
    with database.transaction() as db:
        face_id = enrol(db, SEALER, collection_of(db), template(anna), "anna", NOON, purge_at=None)
    enrolled = stored_template(load(database, face_id))
    distance = math.acos(float(anna @ ben))
    moved = 0
    for step in range(1, 101):  # each visit a hundredth of the way, so that none looks unlike the one before
        moved += refined(database, face_id, turned(anna, distance * step / 100, ben))
    now = stored_template(load(database, face_id))
    with database.reading() as db:
        theirs = protect(rotation_of(SEALER, collection_of(db)), ben)
    assert 0 < moved <= LARGEST_SIZE
    assert cosine_similarity(enrolled, now) >= THRESHOLD
    assert cosine_similarity(theirs, now) < THRESHOLD - 0.3


def test_forgetting_a_face_takes_its_names_along(database: Database) -> None:
    with database.transaction() as db:
        collection, anna = collection_of(db), enrol_person(db, ANNA, "anna")
        assert forget_face(db, collection, anna, NOON)
        assert not forget_face(db, collection, anna, NOON)
        assert db.scalar(select(func.count()).select_from(FaceKey)) == 0


def test_a_person_is_forgotten_by_the_sites_own_id(database: Database) -> None:
    with database.transaction() as db:
        enrol_person(db, ANNA, "anna")
        ben = enrol_person(db, BEN, "ben")
        assert forget_external_id(db, collection_of(db), "anna", NOON)
        assert not forget_external_id(db, collection_of(db), "anna", NOON)
        assert db.scalars(select(Face.id)).all() == [ben]


def test_a_face_of_another_collection_is_out_of_reach(database: Database) -> None:
    with database.transaction() as db:
        anna = enrol_person(db, ANNA, name="others")
        assert not forget_face(db, collection_of(db), anna, NOON)
        with pytest.raises(NotFoundError):
            stored_face(db, collection_of(db), anna)


def test_faces_whose_time_is_over_are_forgotten(database: Database) -> None:
    with database.transaction() as db:
        collection = collection_of(db)
        for person, purge_at in ((1, NOON), (2, NOON + 1), (3, None)):
            enrol(db, SEALER, collection, template(face_of(person)), str(person), NOON, purge_at)
        assert forget_expired(db, NOON) == 1
        assert sorted(db.scalars(select(FaceKey.external_id))) == ["2", "3"]


def test_after_forgetting_no_byte_of_the_template_is_left_on_disk(database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        anna = enrol_person(db, ANNA, "anna-external-id")
        enrol_person(db, BEN, "ben-external-id")
    refined(database, anna, turned(face_of(ANNA), 0.1, face_of(BEN)))
    secret = load(database, anna).protected_template[16:48]
    assert secret in all_bytes(tmp_path)
    with database.transaction() as db:
        forget_external_id(db, collection_of(db), "anna-external-id", NOON)
    assert erase_traces(database)
    left = all_bytes(tmp_path)
    assert secret not in left
    assert b"anna-external-id" not in left
    assert b"ben-external-id" in left


def test_a_busy_log_is_reported_and_not_waited_for(database: Database) -> None:
    with database.transaction() as db:
        enrol_person(db, ANNA)
    with database.reading() as reader:
        reader.scalar(select(func.count()).select_from(Face))
        with database.transaction() as db:
            enrol_person(db, BEN)
        assert not erase_traces(database)
    assert erase_traces(database)


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
