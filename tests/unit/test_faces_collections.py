"""Collections come into being on first use and end key first."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db import Database, advisory_key, hold
from app.errors import InputError, NotFoundError, SettingsError, StateConflictError
from app.faces import collections
from app.models import Collection, Face, FaceKey
from app.sealing import SealBrokenError, Sealer
from app.verifications import store
from tests.postgresql import PostgresqlServer
from tests.unit.face_world import (
    DIMENSIONS,
    NOON,
    PROJECT,
    SEALER,
    collection_of,
    enrol_person,
    make_database,
)


def test_a_collection_is_made_once(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    with database.transaction() as db:
        first = collection_of(db)
    with database.transaction() as db:
        assert collection_of(db).id == first.id
        assert collection_of(db, "others").id != first.id


def test_a_collection_that_exists_cannot_be_created_again(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        collection_of(db)
        with pytest.raises(StateConflictError):
            collections.create(db, SEALER, PROJECT, "customers", DIMENSIONS, NOON)


def test_a_collection_nobody_made_is_not_found(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db, pytest.raises(NotFoundError):
        collections.get(db, PROJECT, "customers")


def test_embeddings_of_another_length_do_not_fit_into_a_collection(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        collection_of(db)
        with pytest.raises(SettingsError, match="new collection"):
            collections.get_or_create(db, SEALER, PROJECT, "customers", DIMENSIONS + 1, NOON)


@pytest.mark.parametrize(("name", "description"), [("", ""), ("n" * 201, ""), ("n", "d" * 1001)])
def test_names_and_descriptions_have_limits(tmp_path: Path, name: str, description: str) -> None:
    with make_database(tmp_path).transaction() as db, pytest.raises(InputError, match="characters"):
        collections.create(db, SEALER, PROJECT, name, DIMENSIONS, NOON, description=description)


def test_every_change_raises_the_revision(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        collection = collection_of(db)
        seen = [collection.revision]
        enrol_person(db, 1)
        seen.append(collection.revision)
        collections.update(db, collection, NOON + 1, description="people who bought something")
        seen.append(collection.revision)
        collections.reset(db, SEALER, collection, NOON + 2)
        seen.append(collection.revision)
        assert seen == sorted(set(seen))
        assert collection.updated_at == NOON + 2


def test_a_reset_empties_the_collection_and_changes_its_key(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        collection = collection_of(db)
        enrol_person(db, 1, "anna")
        before = collections.rotation_of(SEALER, collection)
        collections.reset(db, SEALER, collection, NOON)
        assert (collections.rotation_of(SEALER, collection) != before).any()
        assert db.scalar(select(func.count()).select_from(FaceKey)) == 0


def test_deleting_a_collection_leaves_neither_key_nor_faces_nor_names(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        collection = collection_of(db)
        enrol_person(db, 1, "anna")
        enrol_person(db, 2, "ben", name="others")
        collections.delete(db, collection, NOON)
        left = [db.scalar(select(func.count()).select_from(table)) for table in (Collection, Face, FaceKey)]
        assert left == [1, 1, 1]


def test_another_master_key_opens_no_collection(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db, pytest.raises(SealBrokenError):
        collections.rotation_of(Sealer(bytes(32)), collection_of(db))


class Watched:
    """Just enough of a session to see in which order things happen to it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def refresh(self, _collection: Collection) -> None:
        self.seen.append("refresh")


def test_the_lock_is_taken_before_the_collection_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Watched()
    monkeypatch.setattr(collections, "hold", lambda held, name: held.seen.append(name))
    collections.lock_collection(session, Collection(id="c"))  # type: ignore[arg-type]
    lock, *others = session.seen
    assert "c" in lock
    assert others == ["refresh"]


def test_on_postgresql_two_that_hold_one_name_wait_for_each_other(postgresql: PostgresqlServer) -> None:
    with postgresql.database(postgresql.empty_template()) as url:
        database = Database(url)
        with database.transaction() as first:
            hold(first, "customers")
            with database.transaction() as second:
                second.execute(text("SET LOCAL lock_timeout = 50"))
                hold(second, "others")
                with pytest.raises(DBAPIError):
                    hold(second, "customers")
        database.engine.dispose()


def test_a_lock_number_fits_into_a_signed_bigint_and_never_changes() -> None:
    assert advisory_key("customers") == advisory_key("customers")
    keys = [advisory_key(str(number)) for number in range(100)]
    assert len(set(keys)) == 100
    assert all(-(2**63) <= key < 2**63 for key in keys)


def publish(db: Session, name: str, **recognition: object) -> str:
    others = {"liveness": {"type": "Verification"}}
    document = {"name": name, "verifierConfigs": {"faceRecognition": recognition, **others}}
    return store.publish(db, PROJECT, document, NOON).configuration.id


def test_collections_are_listed_with_their_faces(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        enrol_person(db, 1)
        enrol_person(db, 2)
        collection_of(db, "another")
        listed = collections.list_collections(db, PROJECT)
        assert [(each.collection.name, each.faces) for each in listed] == [("another", 0), ("customers", 2)]


def test_a_collection_is_renamed_and_keeps_its_faces(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        enrol_person(db, 1, "anna")
        collections.update(db, collection_of(db), NOON, name="members")
        assert collections.find(db, PROJECT, "customers") is None
        assert collections.count_faces(db, collections.get(db, PROJECT, "members")) == 1


def test_a_collection_that_a_verification_uses_keeps_its_name(tmp_path: Path) -> None:
    with make_database(tmp_path).transaction() as db:
        own = publish(db, "Its own", type="DuplicateVerification")
        publish(db, "Shop", type="MatchVerification", collectionId="customers")
        publish(db, "Off", type="Disabled", collectionId="others")
        for name, user in (("customers", "Shop"), (own, "Its own")):
            with pytest.raises(StateConflictError, match=user):
                collections.update(db, collection_of(db, name), NOON, name="members")
        collections.update(db, collection_of(db, "others"), NOON, name="members")


@pytest.mark.parametrize(("name", "error"), [("others", StateConflictError), ("~mine", InputError)])
def test_a_new_name_must_be_free(tmp_path: Path, name: str, error: type[Exception]) -> None:
    with make_database(tmp_path).transaction() as db:
        collection_of(db, "others")
        with pytest.raises(error):
            collections.update(db, collection_of(db), NOON, name=name)
