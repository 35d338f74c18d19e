"""A migrated database of each kind."""

from collections.abc import Iterator

import pytest

from app.db import Database
from app.schema import upgrade


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    upgrade(made)
    yield made
    made.engine.dispose()
