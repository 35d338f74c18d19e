"""A collection gets a new secret rotation and keeps its faces."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Database
from app.faces import rotating
from app.faces.collections import rotation_of
from app.faces.protection import protect, unprotect
from app.faces.rotating import renew_rotation
from app.faces.search.in_process import FaceIndex
from app.faces.vectors import cosine_similarity, stored_template
from app.models import Face
from tests.unit.face_world import KIND, NOON, SEALER, collection_of, enrol_person, face_of, make_database

PEOPLE = 25
# A float32 of length 1 carries 24 bits: one turn may move a similarity by a few units of 2⁻²⁴.
DRIFT_OF_A_TURN = 1e-6


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(rotating, "_BATCH", 10)
    made = make_database(tmp_path)
    with made.transaction() as db:
        for person in range(PEOPLE):
            enrol_person(db, person, str(person))
    yield made
    made.engine.dispose()


def stored(db: Session) -> dict[str, np.ndarray]:
    return {face.id: stored_template(face) for face in db.scalars(select(Face))}


def renew(database: Database, **options: Any) -> None:
    with database.transaction() as db:
        assert renew_rotation(db, SEALER, collection_of(db), NOON, **options) == PEOPLE


def similarities(database: Database) -> np.ndarray:
    """Of everybody to one probe, as a visit would measure them."""
    with database.reading() as db:
        probe = protect(rotation_of(SEALER, collection_of(db)), face_of(0))
        return np.array([cosine_similarity(template, probe) for _, template in sorted(stored(db).items())])


def test_every_similarity_stays_and_every_template_changes(database: Database) -> None:
    before = similarities(database)
    with database.reading() as db:
        old = stored(db)
    renew(database)
    np.testing.assert_allclose(similarities(database), before, atol=DRIFT_OF_A_TURN)
    with database.reading() as db:
        assert all(abs(float(old[face_id] @ new)) < 0.9 for face_id, new in stored(db).items())


def test_fifty_turns_drift_no_further_than_fifty_roundings(database: Database) -> None:
    before = similarities(database)
    for _ in range(50):
        renew(database)
    np.testing.assert_allclose(similarities(database), before, atol=50 * DRIFT_OF_A_TURN)


def test_a_running_index_sees_the_turned_templates(database: Database) -> None:
    index = FaceIndex()

    def nearest() -> tuple[str, ...]:
        with database.transaction() as db:
            collection = collection_of(db)
            probe = protect(rotation_of(SEALER, collection), face_of(7))
            return index.search(db, collection, probe, KIND, top=1)[0].external_ids

    assert nearest() == ("7",)
    renew(database)
    assert nearest() == ("7",)


def test_a_template_stolen_before_the_turn_opens_with_the_new_rotation_to_nobody(database: Database) -> None:
    with database.reading() as db:
        stolen = next(iter(stored(db).values()))
    renew(database)
    with database.reading() as db:
        opened = unprotect(rotation_of(SEALER, collection_of(db)), stolen)
    assert max(float(opened @ face_of(person)) for person in range(PEOPLE)) < 0.9


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_crash_in_the_middle_changes_nothing(database: Database, batches: int) -> None:
    def crash(items: Sequence[Any], _caption: str) -> Iterable[Any]:
        yield from items[:batches]
        raise KeyboardInterrupt

    before = similarities(database)
    with pytest.raises(KeyboardInterrupt):
        renew(database, progress=crash)
    np.testing.assert_array_equal(similarities(database), before)
