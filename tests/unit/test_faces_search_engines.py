"""Both search engines give the same answers, to the last digit, and see what their transaction sees."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import POSTGRESQL, SQLITE, Database
from app.faces.collections import next_revision, rotation_of
from app.faces.enrolment import forget_face
from app.faces.protection import protect
from app.faces.search.engines import search_engine_for
from app.faces.types import Hit
from app.faces.vectors import template_bytes
from app.inference.types import Embedding
from app.models import Collection, Face, FaceKey, Project
from tests.databases import new_database
from tests.postgresql import PostgresqlServer
from tests.unit.face_world import (
    KIND,
    NOON,
    OTHER_KIND,
    PROJECT,
    SEALER,
    collection_of,
    enrol_person,
    face_of,
    turned,
)


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer
) -> Iterator[tuple[Database, ...]]:
    folder = tmp_path_factory.mktemp("engines")
    with (
        new_database(SQLITE, folder, None) as sqlite,
        new_database(POSTGRESQL, folder, postgresql) as other,
    ):
        for database in (sqlite, other):
            with database.transaction() as db:
                db.add(Project(id=PROJECT, name="shop", created_at=NOON))
        yield sqlite, other


@pytest.fixture
def database(tmp_path: Path, postgresql: PostgresqlServer) -> Iterator[Database]:
    """PostgreSQL alone."""
    with new_database(POSTGRESQL, tmp_path, postgresql) as made:
        with made.transaction() as db:
            db.add(Project(id=PROJECT, name="shop", created_at=NOON))
        yield made


# Whom a face is like, how much it is turned away from him (0: the very same numbers), and its kind.
FACES = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([0.0, 1e-7, 1e-5, 1e-3, 0.3]), st.booleans()), max_size=40
)


def face(number: int, person: int, angle: float) -> Embedding:
    return face_of(person) if angle == 0.0 else turned(face_of(person), angle, face_of(100 + number % 3))


def fill(db: Session, name: str, faces: list[tuple[int, float, bool]]) -> Collection:
    """Store faces as they are, without the rotation, so that both databases hold the same."""
    collection = collection_of(db, name)
    revision = next_revision(db, collection, NOON)
    for number, (person, angle, same_kind) in enumerate(faces):
        kind = KIND if same_kind else OTHER_KIND
        # The ids are not in the order of insertion, and unique over all collections.
        face_id = f"{(number * 37) % 101:03d}{name:>029}"
        db.add(
            Face(
                id=face_id, collection_id=collection.id, effective_size=1.0, revision=revision,
                protected_template=template_bytes(face(number, person, angle)),
                recognition_model=kind.recognition_model, landmarker=kind.landmarker,
                created_at=NOON, last_seen_at=NOON,
            )
        )  # fmt: skip
        db.flush()
        db.add(
            FaceKey(collection_id=collection.id, external_id=f"id-{number}", face_id=face_id, created_at=NOON)
        )
    db.flush()
    return collection


@settings(max_examples=40, deadline=None)
@given(
    faces=FACES,
    person=st.integers(0, 5),
    angle=st.sampled_from([0.0, 1e-4, 0.2]),
    top=st.integers(1, 12),
    threshold=st.sampled_from([-1.0, 0.3, 0.98]),
    excluded=st.one_of(st.none(), st.integers(0, 9)),
    example=st.uuids(),
)
def test_both_engines_find_the_same_faces_with_the_same_similarities(
    databases: tuple[Database, ...],
    faces: list[tuple[int, float, bool]],
    person: int,
    angle: float,
    top: int,
    threshold: float,
    excluded: int | None,
    example: object,
) -> None:
    probe, name = face(7, person, angle), str(example)[:18].replace("-", "")
    leave_out = None if excluded is None else f"id-{excluded}"
    answers: list[object] = []
    for database in databases:
        engine = search_engine_for(database)
        with database.transaction() as db:
            collection = fill(db, name, faces)
            hits = engine.search(
                db, collection, probe, KIND, top, threshold=threshold, exclude_external_id=leave_out
            )
            counts = (engine.count(db, collection, KIND), engine.count_incomparable(db, collection, KIND))
            answers.append((hits, counts))
            db.rollback()
    assert answers[0] == answers[1]


def found(database: Database, db: Session, person: int) -> list[Hit]:
    collection = collection_of(db)
    probe = protect(rotation_of(SEALER, collection), face_of(person))
    return search_engine_for(database).search(db, collection, probe, KIND, top=1)


def test_a_transaction_sees_its_own_faces_and_nobody_sees_what_was_rolled_back(database: Database) -> None:
    with database.transaction() as db:
        collection_of(db)
    with database.transaction() as db:
        enrol_person(db, 1, "anna")
        assert found(database, db, 1)[0].external_ids == ("anna",)
        db.rollback()
    with database.transaction() as db:
        assert found(database, db, 1) == []


def test_what_is_deleted_is_found_no_more(database: Database) -> None:
    with database.transaction() as db:
        anna, ben = enrol_person(db, 1, "anna"), enrol_person(db, 2, "ben")
    with database.transaction() as db:
        forget_face(db, collection_of(db), anna, NOON)
        assert [hit.face_id for hit in found(database, db, 1)] == [ben]


def test_a_stored_template_comes_back_bit_for_bit(database: Database) -> None:
    numbers = np.random.default_rng(5).standard_normal(512).astype("<f4")
    numbers[:4] = (1e-42, -0.0, 1.17549435e-38, -3.4028235e38)
    with database.transaction() as db:
        anna = enrol_person(db, 1)
        db.get_one(Face, anna).protected_template = numbers.tobytes()
    with database.reading() as db:
        assert db.scalars(select(Face.protected_template)).one() == numbers.tobytes()
