"""Deleted faces leave no trace in any file of the database, while visits go on."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select, text

from app.db import POSTGRESQL, SQLITE, Database
from app.faces import collections
from app.faces.enrolment import forget_face, refine
from app.faces.erasure import erase_traces
from app.faces.erasure_postgresql import missing_rights
from app.faces.rotating import renew_rotation
from app.models import Collection, Face, PendingErasure, Project
from tests.databases import DIALECTS, new_database
from tests.postgresql import ROLE, PostgresqlServer
from tests.unit.face_world import (
    NOON,
    PROJECT,
    SEALER,
    collection_of,
    enrol_person,
    face_of,
    template,
    turned,
)

CROWD = 300
Files = Callable[[], Iterator[bytes]]


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    server = request.getfixturevalue("postgresql") if dialect == POSTGRESQL else None
    with new_database(dialect, tmp_path, server) as made:
        with made.transaction() as db:
            db.add(Project(id=PROJECT, name="shop", created_at=NOON))
        yield made


@pytest.fixture
def files(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Files:
    """Everything that the database keeps on disk, file by file."""
    server = request.getfixturevalue("postgresql") if dialect == POSTGRESQL else None
    folder = tmp_path if server is None else server.data

    def read() -> Iterator[bytes]:
        yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())

    return read


def traces(files: Files, *secrets: bytes) -> int:
    """Count pieces of the secrets; a piece may be cut by the edge of a page, not all of them."""
    pieces = [secret[at : at + 24] for secret in secrets for at in (0, len(secret) // 2)]
    return sum(content.count(piece) for content in files() for piece in pieces)


def stored(database: Database, face_id: str) -> bytes:
    with database.reading() as db:
        return bytes(db.get_one(Face, face_id).protected_template)


def settle(database: Database) -> None:
    """Let the database do what it does in the course of a day: statistics, and the log moved into files."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
        if database.dialect == POSTGRESQL:
            connection.execute(text("CHECKPOINT"))


def change(database: Database, face_id: str) -> None:
    """Refine the face, so that an older version of its template lies about."""
    with database.transaction() as db:
        probe = template(turned(face_of(7), 0.05, face_of(8)))
        assert refine(db, SEALER, collection_of(db), face_id, probe, 0.9, NOON)


def enrol_crowd(database: Database) -> list[str]:
    with database.transaction() as db:
        return [enrol_person(db, person, f"id {person}") for person in range(CROWD)]


def forget(database: Database, *face_ids: str) -> None:
    with database.transaction() as db:
        for face_id in face_ids:
            assert forget_face(db, collection_of(db), face_id, NOON)


def test_a_deleted_face_leaves_no_trace_in_any_file(database: Database, files: Files) -> None:
    anna = enrol_crowd(database)[7]
    first = stored(database, anna)
    settle(database)
    change(database, anna)
    last = stored(database, anna)
    assert first != last
    forget(database, anna)
    assert traces(files, first, last) > 0  # or else the search looks in the wrong place
    assert erase_traces(database)
    assert traces(files, first, last) == 0
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Face)) == CROWD - 1


def test_faces_deleted_in_any_order_leave_no_trace(database: Database, files: Files) -> None:
    faces = enrol_crowd(database)
    secrets = {face_id: stored(database, face_id) for face_id in faces}
    order = [str(face_id) for face_id in np.random.default_rng(3).permutation(faces)]
    for first in range(0, 120, 40):
        forget(database, *order[first : first + 40])
        settle(database)
    assert erase_traces(database)
    assert traces(files, *(secrets[face_id] for face_id in order[:120:8])) == 0
    assert traces(files, secrets[order[120]]) > 0


def test_a_deleted_collection_takes_its_key_along(database: Database, files: Files) -> None:
    enrol_crowd(database)
    with database.reading() as db:
        sealed = db.scalars(select(Collection.sealed_rotation)).one()
    settle(database)
    with database.transaction() as db:
        collections.delete(db, collection_of(db), NOON)
    assert erase_traces(database)
    assert traces(files, sealed) == 0


def test_a_renewed_rotation_takes_the_old_templates_along(database: Database, files: Files) -> None:
    faces = enrol_crowd(database)
    secrets = [stored(database, face_id) for face_id in faces[:8]]
    settle(database)
    with database.transaction() as db:
        renew_rotation(db, SEALER, collection_of(db), NOON)
    assert erase_traces(database)
    assert traces(files, *secrets) == 0


@contextmanager
def visits(database: Database) -> Iterator[None]:
    """Let people come and go all the time: some are read, some are enrolled."""
    over, failures = threading.Event(), list[BaseException]()

    def come_and_go(person: int) -> None:
        try:
            while not over.is_set():
                person += 10
                with database.transaction() as db:
                    enrol_person(db, person)
                with database.reading() as db:
                    db.scalars(select(Face.protected_template).limit(50)).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(1000 + number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_face_is_erased_while_visits_go_on(database: Database, files: Files) -> None:
    faces = enrol_crowd(database)
    secrets = [stored(database, face_id) for face_id in faces[:3]]
    with visits(database):
        for face_id in faces[:3]:
            forget(database, face_id)
            assert erase_traces(database)
    assert traces(files, *secrets) == 0


def test_an_old_reader_delays_the_erasure_and_the_next_call_completes_it(
    database: Database, files: Files
) -> None:
    anna = enrol_crowd(database)[7]
    secret = stored(database, anna)
    with database.reading() as old:
        old.scalars(select(Collection.id)).all()
        forget(database, anna)
        assert not erase_traces(database)
    assert erase_traces(database)
    assert traces(files, secret) == 0


@pytest.mark.parametrize("dialect", [POSTGRESQL])
def test_a_role_without_the_rights_says_which_ones_it_needs(
    database: Database, postgresql: PostgresqlServer, caplog: pytest.LogCaptureFixture
) -> None:
    anna = enrol_crowd(database)[7]
    assert missing_rights(database) is None
    postgresql.administer(f"REVOKE pg_checkpoint FROM {ROLE}")
    try:
        forget(database, anna)
        assert f"GRANT pg_checkpoint, pg_monitor TO {ROLE}" in str(missing_rights(database))
        with caplog.at_level(logging.ERROR):
            assert not erase_traces(database)
        assert "GRANT pg_checkpoint" in caplog.text
    finally:
        postgresql.administer(f"GRANT pg_checkpoint TO {ROLE}")
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(PendingErasure)) == 1
    assert erase_traces(database)


@pytest.mark.parametrize("dialect", [POSTGRESQL])
def test_a_standby_that_lags_behind_delays_the_erasure(
    database: Database, files: Files, postgresql: PostgresqlServer, caplog: pytest.LogCaptureFixture
) -> None:
    anna = enrol_crowd(database)[7]
    secret = stored(database, anna)
    postgresql.administer("SELECT pg_create_physical_replication_slot('standby', true)")
    try:
        forget(database, anna)
        assert [erase_traces(database), erase_traces(database)] == [False, False]
        assert caplog.text.count("a standby or a setting keeps it") == 1
        assert traces(files, secret) > 0
    finally:
        postgresql.administer("SELECT pg_drop_replication_slot('standby')")
    settle(database)  # the next checkpoint finds nothing that keeps the log any more
    assert erase_traces(database)
    assert traces(files, secret) == 0


@pytest.mark.parametrize("dialect", [SQLITE])
def test_sqlite_needs_no_notes_of_what_to_erase(database: Database) -> None:
    forget(database, enrol_crowd(database)[7])
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(PendingErasure)) == 0
