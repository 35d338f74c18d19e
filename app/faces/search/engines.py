"""The one place that picks the search engine, by the kind of database."""

from collections.abc import Callable

from app.db import Database
from app.errors import SettingsError
from app.faces.search.in_process import FaceIndex
from app.faces.search.interface import FaceSearch
from app.faces.search.postgresql import PostgresqlSearch

# SQLAlchemy's name of the dialect -> makes the engine for that database.
ENGINES: dict[str, Callable[[], FaceSearch]] = {"sqlite": FaceIndex, "postgresql": PostgresqlSearch}


def search_engine_for(database: Database) -> FaceSearch:
    """Return the engine for this database; `SettingsError` when there is none."""
    dialect = database.engine.dialect.name
    if dialect not in ENGINES:
        raise SettingsError(f"VISAVIS_DATABASE_URL: faces cannot be searched on {dialect}")
    return ENGINES[dialect]()
