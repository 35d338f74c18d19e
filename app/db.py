"""The database: declarative base, engine and the one way to write.

SQLite (WAL) and PostgreSQL run the same code. Every write happens inside `transaction()`, which on
SQLite takes the write lock at BEGIN: a transaction that reads first and writes later can then never
fail half-way because another process wrote in between.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 30_000

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table; the naming convention lets Alembic name constraints on both databases."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Database:
    """One engine and the two ways to use it."""

    def __init__(self, url: str) -> None:
        self.engine = _make_engine(url)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session whose work is committed whole or not at all."""
        with self._session("write") as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for reading a consistent snapshot; whatever it changes is dropped."""
        with self._session("read") as session:
            yield session

    @contextmanager
    def _session(self, mode: str) -> Iterator[Session]:
        engine = self.engine.execution_options(visavis_mode=mode)
        with Session(engine, expire_on_commit=False) as session:
            yield session


def _make_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling would begin too late; `_begin_sqlite` begins instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # a decided result survives a power cut
        "foreign_keys = ON",
        "secure_delete = ON",  # deleted templates and evidence are overwritten with zeros
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("visavis_mode", "write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if mode == "write" else "BEGIN")
