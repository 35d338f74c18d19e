"""Migrations: numbered, reversible, and equal to the models, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import app.models  # noqa: F401 -- completes the metadata
from app.db import Base, Database
from app.errors import SettingsError
from app.schema import MIGRATIONS, downgrade, is_compared, require_current, upgrade
from tests.databases import DIALECTS, new_database
from tests.postgresql import PostgresqlServer

LAST_WITH_PLAIN_TEMPLATES = "0004"
PROMISED_PRAGMAS = {
    "journal_mode": "wal",
    "wal_autocheckpoint": 4000,
    "foreign_keys": 1,
    "secure_delete": 1,
    "synchronous": 2,
}


@pytest.fixture(params=DIALECTS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgresqlServer
) -> Iterator[Database]:
    """A database without any table."""
    with new_database(request.param, tmp_path, postgresql, migrated=False) as made:
        yield made


def test_migration_files_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert [int(re.match(r"(\d{4})_", name)[1]) for name in names] == list(range(1, len(names) + 1))


def test_the_migrated_database_equals_the_models(database: Database) -> None:
    upgrade(database)
    options = {"compare_type": True, "include_object": is_compared}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_a_session_that_only_began_is_left_out_of_the_indexes_of_those_that_ended(database: Database) -> None:
    upgrade(database)
    option = f"{database.dialect}_where"
    partial = {
        index["name"].removeprefix("ix_verification_session_")
        for index in inspect(database.engine).get_indexes("verification_session")
        if option in index["dialect_options"]
    }
    assert partial == {"reason", "purge_at", "uncounted"}


def test_every_migration_goes_up_and_down_again(database: Database) -> None:
    upgrade(database)
    downgrade(database)
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    upgrade(database)
    require_current(database)


def test_templates_survive_their_change_of_type_bit_for_bit(database: Database) -> None:
    template = np.random.default_rng(1).standard_normal(128).astype("<f4")
    template[:6] = (0.0, -0.0, 1e-42, -1.0, 3.4e38, -1.2e-38)
    stored = template.tobytes()
    upgrade(database, LAST_WITH_PLAIN_TEMPLATES)
    with database.engine.begin() as connection:
        for statement in ONE_FACE:
            connection.execute(text(statement), {"template": stored} if ":template" in statement else {})
    for move in (upgrade, lambda each: downgrade(each, LAST_WITH_PLAIN_TEMPLATES), upgrade):
        move(database)
        with database.engine.connect() as connection:
            found = connection.execute(text("SELECT protected_template, payload FROM face")).one()
            named = connection.execute(text("SELECT face_id FROM face_key")).scalar_one()
        assert as_bytes(found.protected_template) == stored
        assert "12" in str(found.payload)
        assert named == "anna"


ONE_FACE = (
    "INSERT INTO project VALUES ('shop', 'shop', 1)",
    "INSERT INTO collection (id, project_id, name, description, sealed_rotation, dimensions, revision,"
    " created_at, updated_at) VALUES ('customers', 'shop', 'customers', '', '', 128, 1, 1, 1)",
    "INSERT INTO face (id, collection_id, protected_template, effective_size, recognition_model, landmarker,"
    " revision, created_at, last_seen_at, payload)"
    " VALUES ('anna', 'customers', :template, 1, 'net', 'mesh', 1, 1, 1, '[12]')",
    "INSERT INTO face_key (collection_id, external_id, face_id, created_at)"
    " VALUES ('customers', 'a', 'anna', 1)",
)


def as_bytes(stored: bytes | str) -> bytes:
    """Return a template as bytes; `vector` without its Python type arrives as text."""
    if isinstance(stored, bytes):
        return stored
    return np.array([float(number) for number in stored.strip("[]").split(",")], "<f4").tobytes()


def test_the_service_refuses_a_database_of_another_release(database: Database) -> None:
    with pytest.raises(SettingsError, match="flask migrate"):
        require_current(database)


def test_sqlite_runs_with_the_promised_pragmas(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'visavis.db'}")
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PROMISED_PRAGMAS
        }
    database.engine.dispose()
    assert pragmas == PROMISED_PRAGMAS


def test_a_role_that_may_not_install_pgvector_is_told_what_to_do(postgresql: PostgresqlServer) -> None:
    with postgresql.database() as url:
        database = Database(url)
        with pytest.raises(SettingsError, match="CREATE EXTENSION vector"):
            upgrade(database)
        database.engine.dispose()
