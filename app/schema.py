"""The database's schema: brought up to date and checked through Alembic."""

import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from app.db import POSTGRESQL, Database
from app.errors import SettingsError

# The first in which an administrator may let a role make checkpoints, which erasing needs.
OLDEST_POSTGRESQL = 15
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

# How migrations name the partitions of a table.
_PARTITION = re.compile(r"_\d\d(\.|$)")


def alembic_config(database: Database) -> Config:
    """Return Alembic's configuration bound to this database; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database"] = database
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that are still missing; `SettingsError` when the database cannot have them."""
    if database.dialect == POSTGRESQL:
        _require_vectors(database)
    command.upgrade(alembic_config(database), revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Undo migrations down to `revision`."""
    command.downgrade(alembic_config(database), revision)


def require_current(database: Database) -> None:
    """Raise `SettingsError` unless the schema is the one that this code expects."""
    head = ScriptDirectory.from_config(alembic_config(database)).get_current_head()
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        raise SettingsError(
            f"the database is at schema {current}, this release needs {head}: run `flask migrate`"
        )


def is_compared(item: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:  # noqa: ANN401 -- Alembic's
    """Tell Alembic to compare whole tables with the models and to leave their partitions alone."""
    if not reflected:
        return True
    if kind == "foreign_key_constraint":
        return not any(_PARTITION.search(element.target_fullname) for element in item.elements)
    return kind != "table" or not _PARTITION.search(name or "")


def _require_version(connection: Connection) -> None:
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if version < OLDEST_POSTGRESQL * 10_000:
        raise SettingsError(f"VISAVIS_DATABASE_URL: PostgreSQL {OLDEST_POSTGRESQL} or newer is needed")


def _require_vectors(database: Database) -> None:
    """Make the extension that searches faces, if it is not there; only a superuser may."""
    try:
        with database.engine.begin() as connection:
            _require_version(connection)
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except ProgrammingError:
        raise SettingsError(
            "VISAVIS_DATABASE_URL: this role may not install pgvector;"
            " let an administrator run CREATE EXTENSION vector in this database first"
        ) from None
    except SQLAlchemyError as error:
        raise SettingsError(f"VISAVIS_DATABASE_URL: pgvector cannot be installed: {error.orig}") from None  # type: ignore[attr-defined]
