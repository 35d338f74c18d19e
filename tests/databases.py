"""Fresh databases of both kinds, for tests that hold on each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.db import POSTGRESQL, SQLITE, Database
from app.schema import upgrade
from tests.postgresql import PostgresqlServer

DIALECTS = (SQLITE, POSTGRESQL)

on_both_databases = pytest.mark.parametrize("database_url", DIALECTS, indirect=True)
"""For tests of the service: everything that stands on `database_url` is there once for each database."""


@contextmanager
def new_url(
    dialect: str, folder: Path, server: PostgresqlServer | None, *, migrated: bool = True
) -> Iterator[str]:
    """Give the URL of a database for one test; on PostgreSQL it may have been migrated already."""
    if dialect == SQLITE:
        yield f"sqlite:///{folder / 'visavis.db'}"
        return
    assert server is not None
    template = server.migrated_template() if migrated else server.empty_template()
    with server.database(template) as url:
        yield url


@contextmanager
def new_database(
    dialect: str, folder: Path, server: PostgresqlServer | None, *, migrated: bool = True
) -> Iterator[Database]:
    """Make a database for one test, with all tables or with none."""
    with new_url(dialect, folder, server, migrated=migrated) as url:
        database = Database(url)
        if migrated and dialect == SQLITE:
            upgrade(database)
        yield database
        database.engine.dispose()
