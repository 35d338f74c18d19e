"""Migrations: numbered, reversible, and equal to the models."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import app.models  # noqa: F401 -- completes the metadata
from app.db import Base, Database
from app.errors import SettingsError
from app.schema import MIGRATIONS, downgrade, require_current, upgrade


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'visavis.db'}")


def test_migration_files_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert [int(re.match(r"(\d{4})_", name)[1]) for name in names] == list(range(1, len(names) + 1))


def test_the_migrated_database_equals_the_models(database: Database) -> None:
    upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_migration_goes_up_and_down_again(database: Database) -> None:
    upgrade(database)
    downgrade(database)
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    upgrade(database)
    require_current(database)


def test_the_service_refuses_a_database_of_another_release(database: Database) -> None:
    with pytest.raises(SettingsError, match="flask migrate"):
        require_current(database)


def test_sqlite_runs_with_the_promised_pragmas(database: Database) -> None:
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "secure_delete", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1, "synchronous": 2}
