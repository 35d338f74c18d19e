"""From one model to another: both templates meanwhile, and never a comparison across."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import StateConflictError
from app.faces import blocking, collections, model_change
from app.faces.enrolment import forget_face
from app.faces.protection import protect
from app.faces.rotating import renew_rotation
from app.faces.search.in_process import FaceIndex
from app.faces.types import Template, TemplateKind
from app.models import Collection, Face, NextTemplate
from tests.unit.face_world import (
    KIND,
    NOON,
    OTHER_KIND,
    PROJECT,
    SEALER,
    collection_of,
    enrol_person,
    face_of,
    make_database,
    unit,
)

ANNA, BEN, CARL = 1, 2, 3
NEW = TemplateKind("better-net", "test-mesh")
NEW_DIMENSIONS = 48


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    database = make_database(tmp_path)
    with database.transaction() as session:
        yield session
    database.engine.dispose()


def seen_anew(person: int, size: float = 2.0) -> Template:
    """The same person as the new model sees them."""
    vector = np.random.default_rng(1000 + person).standard_normal(NEW_DIMENSIONS)
    return Template(unit(vector), size, NEW)


def keep(db: Session, face_id: str, template: Template) -> bool:
    return model_change.keep_next(db, SEALER, collection_of(db), face_id, template, NOON + 1)


def nearest(db: Session, template: Template) -> list[str]:
    collection = collection_of(db)
    probe = protect(collections.rotation_of(SEALER, collection), template.embedding)
    return [hit.face_id for hit in FaceIndex().search(db, collection, probe, template.kind, top=5)]


def test_nothing_gathers_before_the_change_begins_or_for_another_model(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    assert not keep(db, anna, seen_anew(ANNA))
    model_change.begin(db, collection_of(db), NEW, NOON)
    assert not keep(db, anna, Template(face_of(ANNA), 1.0, OTHER_KIND))
    assert keep(db, anna, seen_anew(ANNA))


def test_meanwhile_the_old_model_decides_alone(db: Session) -> None:
    anna, ben = enrol_person(db, ANNA, "anna"), enrol_person(db, BEN, "ben")
    model_change.begin(db, collection_of(db), NEW, NOON)
    keep(db, anna, seen_anew(ANNA))
    found = nearest(db, Template(face_of(ANNA), 1.0, KIND))
    assert (found[0], set(found)) == (anna, {anna, ben})
    assert FaceIndex().count(db, collection_of(db), NEW) == 0
    (status,) = model_change.status(db, PROJECT)
    assert (status.target, status.faces, status.migrated) == (NEW, 2, 1)


def test_of_several_visits_the_one_worth_most_frames_is_kept(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    model_change.begin(db, collection_of(db), NEW, NOON)
    assert [keep(db, anna, seen_anew(ANNA, size)) for size in (2.0, 1.0, 3.0)] == [True, False, True]
    assert db.get_one(NextTemplate, anna).effective_size == 3.0


def test_finishing_puts_the_new_templates_in_place_and_drops_who_never_came(db: Session) -> None:
    anna, ben = enrol_person(db, ANNA, "anna"), enrol_person(db, BEN, "ben")
    model_change.begin(db, collection_of(db), NEW, NOON)
    keep(db, anna, seen_anew(ANNA))
    done = model_change.finish(db, SEALER, collection_of(db), NOON + 2)
    assert (done.moved, done.dropped) == (1, 1)
    collection = db.scalars(select(Collection)).one()
    assert (collection.dimensions, model_change.target_of(collection)) == (NEW_DIMENSIONS, None)
    assert db.scalars(select(NextTemplate)).all() == []
    face = db.scalars(select(Face)).one()
    assert (face.id, face.recognition_model, face.effective_size) == (anna, "better-net", 2.0)
    probe = protect(collections.rotation_of(SEALER, collection), seen_anew(ANNA).embedding)
    (hit,) = FaceIndex().search(db, collection, probe, NEW)
    assert (hit.face_id, hit.external_ids) == (anna, ("anna",))
    assert hit.similarity == pytest.approx(1.0, abs=1e-5)
    assert ben not in db.scalars(select(Face.id)).all()


def test_a_running_index_never_mixes_the_models(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    index, collection = FaceIndex(), collection_of(db)
    model_change.begin(db, collection, NEW, NOON)
    keep(db, anna, seen_anew(ANNA))
    assert (index.count(db, collection, KIND), index.count_incomparable(db, collection, NEW)) == (1, 1)
    model_change.finish(db, SEALER, collection, NOON)
    assert (index.count(db, collection, NEW), index.count_incomparable(db, collection, KIND)) == (1, 1)


def test_the_new_templates_are_protected_by_a_key_of_their_own(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    model_change.begin(db, collection_of(db), NEW, NOON)
    keep(db, anna, seen_anew(ANNA))
    stored = np.frombuffer(db.get_one(NextTemplate, anna).protected_template, "<f4")
    assert abs(float(stored @ seen_anew(ANNA).embedding)) < 0.9
    assert collection_of(db).sealed_next_rotation not in (None, collection_of(db).sealed_rotation)


def test_an_abandoned_change_leaves_everything_as_it_was(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    before = db.get_one(Face, anna).protected_template
    model_change.begin(db, collection_of(db), NEW, NOON)
    keep(db, anna, seen_anew(ANNA))
    model_change.abandon(db, collection_of(db))
    assert db.scalars(select(NextTemplate)).all() == []
    assert collection_of(db).sealed_next_rotation is None
    assert db.get_one(Face, anna).protected_template == before
    assert model_change.status(db, PROJECT) == []


def test_one_change_at_a_time(db: Session) -> None:
    model_change.begin(db, collection_of(db), NEW, NOON)
    model_change.begin(db, collection_of(db), NEW, NOON)
    with pytest.raises(StateConflictError, match="better-net"):
        model_change.begin(db, collection_of(db), OTHER_KIND, NOON)
    with pytest.raises(StateConflictError, match="model"):
        renew_rotation(db, SEALER, collection_of(db), NOON, randomness=os.urandom)


def test_without_any_new_template_nothing_is_dropped(db: Session) -> None:
    enrol_person(db, ANNA)
    model_change.begin(db, collection_of(db), NEW, NOON)
    with pytest.raises(StateConflictError, match="no template"):
        model_change.finish(db, SEALER, collection_of(db), NOON)
    assert collections.count_faces(db, collection_of(db)) == 1


def test_a_forgotten_face_takes_its_new_template_along(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    model_change.begin(db, collection_of(db), NEW, NOON)
    keep(db, anna, seen_anew(ANNA))
    forget_face(db, collection_of(db), anna, NOON)
    assert db.scalars(select(NextTemplate.face_id)).all() == []


def test_nobody_gets_off_the_block_list_by_a_change_of_model(db: Session) -> None:
    for person in (ANNA, BEN):
        blocking.block_face(db, SEALER, PROJECT, enrol_person(db, person), "", NOON)
    blocked = blocking.block_list(db, PROJECT)
    assert blocked is not None
    model_change.begin(db, blocked, NEW, NOON)
    first, second = (face.face_id for face in blocking.blocked_faces(db, PROJECT))
    model_change.keep_next(db, SEALER, blocked, first, seen_anew(ANNA), NOON)
    with pytest.raises(StateConflictError, match="1 blocked faces"):
        model_change.finish(db, SEALER, blocked, NOON)
    model_change.keep_next(db, SEALER, blocked, second, seen_anew(BEN), NOON)
    assert model_change.finish(db, SEALER, blocked, NOON) == model_change.Finished(2, 0)
