"""What is measured of a probe in each mode, and when nothing can be said."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.decision.types import RecognitionMode
from app.errors import SettingsError
from app.faces.enrolment import enrol
from app.faces.keys import keys_of
from app.faces.recognition import NOBODY_ALIKE, compare
from app.faces.search.in_process import FaceIndex
from app.faces.types import Template
from app.pipeline.types import Finding
from app.vocabulary import Evidence
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
MODES = list(RecognitionMode)
UNIQUE_MODES = [RecognitionMode.DUPLICATE, RecognitionMode.UNIQUE_MATCH]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    database = make_database(tmp_path)
    with database.transaction() as session:
        yield session
    database.engine.dispose()


def measure(db: Session, probe: Template, mode: RecognitionMode, external_id: str | None = None) -> Finding:
    collection = collection_of(db)
    return compare(db, FaceIndex(), SEALER, collection, probe, mode, external_id)


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_collection_is_measured_as_nobody_alike(db: Session, mode: RecognitionMode) -> None:
    finding = measure(db, template(face_of(ANNA)), mode, "anna")
    assert finding.evidence is Evidence.FACE_COMPARISON
    assert finding.score == NOBODY_ALIKE
    assert finding.details == {
        "mode": mode.value,
        "known": False,
        "match_similarity": None,
        "search_similarity": None,
        "collection_size": 0,
        "match_face_id": None,
        "search_face_id": None,
    }


@pytest.mark.parametrize("mode", [RecognitionMode.MATCH, RecognitionMode.UNIQUE_MATCH])
def test_a_known_id_is_compared_with_its_own_face(db: Session, mode: RecognitionMode) -> None:
    anna = enrol_person(db, ANNA, "anna")
    finding = measure(db, template(turned(face_of(ANNA), 0.1, face_of(BEN))), mode, "anna")
    assert finding.score == pytest.approx(np.cos(0.1), abs=1e-5)
    assert finding.details["match_similarity"] == finding.score
    assert finding.details["match_face_id"] == anna
    assert finding.details["search_similarity"] is None


def test_under_a_known_id_another_persons_face_is_found_as_well(db: Session) -> None:
    enrol_person(db, ANNA, "anna")
    ben = enrol_person(db, BEN, "ben")
    finding = measure(db, template(face_of(BEN)), RecognitionMode.UNIQUE_MATCH, "anna")
    assert finding.score == finding.details["match_similarity"] < 0.9
    assert finding.details["search_similarity"] == pytest.approx(1.0, abs=1e-5)
    assert finding.details["search_face_id"] == ben


def test_a_face_under_a_new_id_is_found(db: Session) -> None:
    anna = enrol_person(db, ANNA, "anna")
    finding = measure(db, template(face_of(ANNA)), RecognitionMode.UNIQUE_MATCH, "second account")
    assert finding.details["known"] is False
    assert finding.details["search_face_id"] == anna
    assert finding.score == pytest.approx(1.0, abs=1e-5)


def test_a_duplicate_is_one_even_under_its_own_id(db: Session) -> None:
    anna = enrol_person(db, ANNA, "anna")
    finding = measure(db, template(face_of(ANNA)), RecognitionMode.DUPLICATE, "anna")
    assert finding.details["search_face_id"] == anna
    assert finding.score == pytest.approx(1.0, abs=1e-5)


def test_identification_says_who_it_is(db: Session) -> None:
    anna = enrol_person(db, ANNA, "anna")
    enrol_person(db, BEN, "ben")
    finding = measure(db, template(face_of(ANNA)), RecognitionMode.IDENTIFICATION)
    assert finding.details["search_face_id"] == anna
    assert finding.details["collection_size"] == 2
    assert keys_of(db, anna) == ("anna",)


@pytest.mark.parametrize("mode", [RecognitionMode.MATCH, RecognitionMode.CALCULATION_ONLY])
def test_modes_that_need_no_search_do_not_search(db: Session, mode: RecognitionMode) -> None:
    enrol_person(db, ANNA, "anna")
    finding = measure(db, template(face_of(ANNA)), mode, "second account")
    assert finding.details["search_similarity"] is None
    assert finding.score == NOBODY_ALIKE


def test_a_known_face_of_another_model_cannot_be_measured(db: Session) -> None:
    old = template(face_of(ANNA), kind=OTHER_KIND)
    enrol(db, SEALER, collection_of(db), old, "anna", NOON, purge_at=None)
    finding = measure(db, template(face_of(ANNA)), RecognitionMode.MATCH, "anna")
    assert finding.details["known"] is True
    assert finding.details["match_similarity"] is None
    assert not finding.measurable


@pytest.mark.parametrize("mode", UNIQUE_MODES)
def test_uniqueness_cannot_be_measured_past_faces_of_another_model(
    db: Session, mode: RecognitionMode
) -> None:
    old = template(face_of(ANNA), kind=OTHER_KIND)
    enrol(db, SEALER, collection_of(db), old, None, NOON, purge_at=None)
    assert not measure(db, template(face_of(ANNA)), mode, "anna").measurable


def test_an_embedding_of_another_length_is_refused(db: Session) -> None:
    short = Template(face_of(ANNA)[:16], 1.0, template(face_of(ANNA)).kind)
    with pytest.raises(SettingsError, match="16"):
        measure(db, short, RecognitionMode.MATCH, "anna")
