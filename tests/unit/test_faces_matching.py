"""Search, index and delete by a face that a caller brings; keys and payloads of faces."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.errors import InputError, NotFoundError, StateConflictError, TooLargeError
from app.faces import collections, enrolment, keys, matching, records
from app.faces.payload import MAX_BYTES, checked_payload
from app.faces.search.in_process import FaceIndex
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
from tests.unit.test_faces_calibration import CALIBRATION

ANNA, BEN, CARL = 1, 2, 3


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    database = make_database(tmp_path)
    with database.transaction() as session:
        yield session
    database.engine.dispose()


@pytest.fixture
def how() -> matching.Search:
    return matching.Search(FaceIndex(), SEALER, CALIBRATION)


def test_a_search_finds_the_same_face_and_says_how_rare_such_likeness_is(
    db: Session, how: matching.Search
) -> None:
    anna = enrol_person(db, ANNA, "anna")
    enrol_person(db, BEN, "ben")
    (match,) = matching.search(db, how, collection_of(db), template(turned(face_of(ANNA), 0.3, face_of(BEN))))
    assert (match.face.face_id, match.face.external_keys) == (anna, ("anna",))
    assert match.similarity == pytest.approx(0.9553, abs=1e-3)
    assert match.false_match_rate == CALIBRATION.tables[0].points[-1].fmr
    assert matching.search(db, how, collection_of(db), template(face_of(CARL))) == []


def test_a_caller_may_bring_a_threshold_of_their_own(db: Session, how: matching.Search) -> None:
    enrol_person(db, ANNA)
    probe = template(turned(face_of(ANNA), 0.7, face_of(BEN)))  # cosine 0.76
    assert matching.search(db, how, collection_of(db), probe) == []
    loose = matching.Search(how.index, SEALER, CALIBRATION, least_similarity=0.7)
    (match,) = matching.search(db, loose, collection_of(db), probe)
    assert match.false_match_rate is None


def test_the_rarity_of_a_likeness_is_read_from_the_table_of_both_sizes() -> None:
    assert CALIBRATION.false_match_rate(1, 1, 0.85) == 1e-5
    assert CALIBRATION.false_match_rate(1, 1, 0.8499) == 1e-4
    assert CALIBRATION.false_match_rate(2, 2, 0.85) == 1e-1
    assert CALIBRATION.false_match_rate(1, 1, 0.80) is None


def test_a_face_is_stored_with_keys_payload_and_dates(db: Session) -> None:
    stored = matching.index_face(
        db, SEALER, collection_of(db), template(face_of(ANNA), 2.0), NOON,
        external_keys=["b", "a"], payload={"email": "a@example.org"}, purge_at=NOON + 9,
    )  # fmt: skip
    db.expire_all()
    assert records.read_face(db, collection_of(db), stored.face_id) == stored
    assert (stored.external_keys, stored.payload) == (("a", "b"), {"email": "a@example.org"})
    assert (stored.created_at, stored.last_seen_at, stored.purge_at) == (NOON, NOON, NOON + 9)
    assert (stored.effective_size, stored.recognition_model) == (2.0, "test-net")


def test_a_face_is_stored_once_and_seen_the_second_time(db: Session, how: matching.Search) -> None:
    first = matching.search_or_index(db, how, collection_of(db), template(face_of(ANNA)), NOON)
    again = matching.search_or_index(db, how, collection_of(db), template(face_of(ANNA)), NOON + 60)
    assert first.match is None
    assert again.match is not None
    assert again.face.face_id == first.face.face_id
    assert again.face.last_seen_at == NOON + 60
    assert collections.count_faces(db, collection_of(db)) == 1


def test_past_faces_of_another_model_nobody_is_called_new(db: Session, how: matching.Search) -> None:
    enrolment.enrol(db, SEALER, collection_of(db), template(face_of(BEN), kind=OTHER_KIND), None, NOON, None)
    with pytest.raises(StateConflictError, match="another model"):
        matching.search_or_index(db, how, collection_of(db), template(face_of(ANNA)), NOON)


def test_the_most_alike_or_all_that_are_alike_are_deleted(db: Session, how: matching.Search) -> None:
    for _ in range(3):
        matching.index_face(db, SEALER, collection_of(db), template(face_of(ANNA)), NOON)
    enrol_person(db, BEN)
    probe = template(face_of(ANNA))
    assert len(matching.forget_matches(db, how, collection_of(db), probe, NOON, every=False)) == 1
    assert len(matching.forget_matches(db, how, collection_of(db), probe, NOON, every=True)) == 2
    assert matching.forget_matches(db, how, collection_of(db), probe, NOON, every=True) == []
    assert collections.count_faces(db, collection_of(db)) == 1


def test_all_faces_of_a_collection_are_deleted_and_the_search_knows_it(
    db: Session, how: matching.Search
) -> None:
    enrol_person(db, ANNA, "anna")
    enrol_person(db, BEN)
    assert enrolment.forget_all(db, collection_of(db), NOON) == 2
    assert matching.search(db, how, collection_of(db), template(face_of(ANNA))) == []


@pytest.mark.parametrize("top", [0, 101])
def test_a_search_returns_a_bounded_number(db: Session, how: matching.Search, top: int) -> None:
    with pytest.raises(InputError, match="maxMatches"):
        matching.search(db, how, collection_of(db), template(face_of(ANNA)), top)


def test_a_key_names_one_face_of_a_collection(db: Session) -> None:
    anna, ben = (enrolment.face_of(db, collection_of(db), enrol_person(db, person)) for person in (ANNA, BEN))
    keys.add_key(db, collection_of(db), anna, "crm-7", NOON)
    keys.add_key(db, collection_of(db), anna, "crm-7", NOON)
    keys.add_key(db, collection_of(db), anna, "shop-1", NOON)
    with pytest.raises(StateConflictError):
        keys.add_key(db, collection_of(db), ben, "crm-7", NOON)
    assert keys.keys_of(db, anna.id) == ("crm-7", "shop-1")
    assert not keys.remove_key(db, ben, "crm-7")
    assert keys.remove_key(db, anna, "crm-7")
    keys.add_key(db, collection_of(db), ben, "crm-7", NOON)
    named = keys.face_named(db, collection_of(db), "crm-7")
    assert named is not None
    assert named.id == ben.id


def test_the_same_key_may_name_a_face_in_another_collection(db: Session) -> None:
    enrol_person(db, ANNA, "anna")
    enrol_person(db, BEN, "anna", name="others")


@pytest.mark.parametrize("key", ["", "k" * 257, "a\x00b"])
def test_a_key_has_a_length_and_no_zero(db: Session, key: str) -> None:
    with pytest.raises(InputError, match=r"externalKeys\[1\]"):
        matching.index_face(
            db, SEALER, collection_of(db), template(face_of(ANNA)), NOON, external_keys=["a", key]
        )


def test_a_face_has_a_bounded_number_of_keys(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_KEYS_OF_FACE", 2)
    with pytest.raises(TooLargeError, match="externalKeys"):
        matching.index_face(
            db, SEALER, collection_of(db), template(face_of(ANNA)), NOON, external_keys=["a", "b", "c"]
        )


def test_faces_are_paged_by_id(db: Session) -> None:
    stored = sorted(enrol_person(db, person) for person in range(5))
    first = records.list_faces(db, collection_of(db), limit=3)
    rest = records.list_faces(db, collection_of(db), limit=3, after=first[-1].face_id)
    assert [face.face_id for face in first + rest] == stored
    with pytest.raises(InputError, match="limit"):
        records.list_faces(db, collection_of(db), limit=0)


def test_a_payload_is_replaced_and_removed(db: Session) -> None:
    anna = enrol_person(db, ANNA)
    assert records.set_payload(db, collection_of(db), anna, [1, "two", None]).payload == [1, "two", None]
    assert records.set_payload(db, collection_of(db), anna, None).payload is None
    with pytest.raises(NotFoundError):
        records.set_payload(db, collection_of(db, "others"), anna, 1)


def nested(depth: int) -> Any:
    return [] if depth == 0 else [nested(depth - 1)]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"user": {"age": float("nan")}}, r"payload\.user\.age: is not a finite number"),
        ({"tags": ["a", b"b"]}, r"payload\.tags\[1\]: is no JSON value \(bytes\)"),
        ({1: "a"}, "payload: has a name that is no text"),
        ({"a": nested(20)}, r"payload\.a.*: is nested deeper than 20 levels"),
        ("x" * (MAX_BYTES - 1), "payload: has 16385 bytes"),
        ("ü" * (MAX_BYTES // 2), "payload: has 16386 bytes"),
    ],
)
def test_what_is_no_small_json_is_refused_by_name(payload: object, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        checked_payload(payload)


@pytest.mark.parametrize(
    "payload", [None, 0, "", "x" * (MAX_BYTES - 2), {"a": [1.5, True, None]}, nested(20)]
)
def test_any_small_json_is_a_payload(payload: object) -> None:
    assert checked_payload(payload) == payload
    assert json.loads(json.dumps(payload)) == payload
