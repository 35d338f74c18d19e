"""The database: declarative base, engine, the one way to write, and the locks that make it right.

SQLite (WAL) and PostgreSQL run the same code. Every write happens inside `transaction()`. On SQLite that
takes the write lock at BEGIN: whoever reads first and writes later is alone from the beginning. PostgreSQL
lets writers run side by side at READ COMMITTED, so whatever reads first and writes later says there what
it must be alone with: `hold(session, name)` for what may not exist yet, `SELECT … FOR UPDATE` for a row.
SERIALIZABLE would need every transaction to be repeatable from outside; locks wait instead of failing.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Engine,
    MetaData,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from app.plain import PlainStatement, on_driver

BUSY_TIMEOUT_MS = 30_000
# A transaction whose process hangs must not hold its locks for ever; none of ours waits for anybody.
IDLE_TIMEOUT_MS = 60_000

# SQLite copies its log into the file within a commit, which then takes ten times as long. After its usual
# 1000 pages that meets one link in forty, after these one in 160; what changed often is copied less often.
# The log takes 16 MB; `erase_traces` empties it no matter how long it is.
LOG_PAGES = 4000

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_WRITES = "visavis.writes"
UNSYNCED = "unsynced"
_SYNCHRONOUS = "visavis.synchronous"
# A decided result survives a power cut.
_WAITING, _NOT_WAITING = "FULL", "NORMAL"

_HOLD = PlainStatement(select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger()))))

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
        self._kind_of_session = _SqliteSession if self.dialect == SQLITE else Session
        # made once: a view of the engine with options costs as much as a query
        self._views = {
            mode: self.engine.execution_options(**_options(self.dialect, mode))
            for mode in ("read", "write", UNSYNCED)
        }

    @property
    def dialect(self) -> str:
        """`SQLITE` or `POSTGRESQL`."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self, *, synced: bool = True) -> Iterator[Session]:
        """Give a session whose work is committed whole or not at all.

        `synced=False` does not wait for the disk on SQLite: a power cut may undo the transaction, though
        never without everything that was committed after it, for the log is kept in order and the next
        synced commit waits for all of it. Only for what is worth nothing until something else follows.
        """
        with self._session("write" if synced else UNSYNCED) as session, session.begin():
            yield session

    def reading(self) -> AbstractContextManager[Session]:
        """Give a session for reading a consistent snapshot; whatever it changes is dropped."""
        return self._session("read")

    def _session(self, mode: str) -> Session:
        info = {_WRITES: mode != "read"}
        return self._kind_of_session(self._views[mode], expire_on_commit=False, info=info)


class _SqliteSession(Session):
    """A session that begins its transactions itself, see `_begin_sqlite`."""


def hold(session: Session, name: str) -> None:
    """Be the only transaction that holds `name` until this one ends; wait for whoever holds it now.

    For what a row lock cannot guard because the row may not exist yet. Nothing on SQLite, whose write
    transactions exclude each other anyway.
    """
    if session.get_bind().dialect.name == POSTGRESQL:
        _HOLD.rows(session, {"key": advisory_key(name)})


def advisory_key(name: str) -> int:
    """Return the signed 64-bit number under which PostgreSQL locks `name`; a collision only costs time."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def writes(session: Session) -> bool:
    """Tell whether this session belongs to `transaction()`, where rows are locked before they change."""
    return bool(session.info.get(_WRITES))


def _options(dialect: str, mode: str) -> dict[str, Any]:
    if dialect == SQLITE:
        return {"visavis_mode": mode}
    if mode != "read":
        # Every statement sees what was committed before it began: after waiting for a lock that is what
        # its former holder wrote. A snapshot from before the wait would be a lie.
        return {"isolation_level": "READ COMMITTED"}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _make_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == SQLITE:
        return _make_sqlite_engine(parsed)
    engine = create_engine(parsed, pool_pre_ping=True)
    event.listen(engine, "connect", _configure_postgresql)
    return engine


def _make_sqlite_engine(parsed: URL) -> Engine:
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def _configure_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for setting in (
        f"lock_timeout = {BUSY_TIMEOUT_MS}",
        f"idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}",
        "jit = off",  # compiling a search takes longer than searching
    ):
        cursor.execute(f"SET {setting}")
    cursor.close()
    connection.commit()


def _configure_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling would begin too late; our sessions begin instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        f"wal_autocheckpoint = {LOG_PAGES}",
        f"synchronous = {_WAITING}",
        "foreign_keys = ON",
        "secure_delete = ON",  # deleted templates and evidence are overwritten with zeros
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_alone(connection: Connection) -> None:
    """Begin on a bare connection, before its first statement: on SQLite it would keep no transaction."""
    if connection.dialect.name == SQLITE:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


# For sessions alone: an event of the engine would slow down every statement by half.
@event.listens_for(_SqliteSession, "after_begin")
def _begin_sqlite(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    mode = connection.get_execution_options().get("visavis_mode", "write")
    if mode == "read":
        on_driver(connection, "BEGIN")
        return
    _set_synchronous(connection, _NOT_WAITING if mode == UNSYNCED else _WAITING)
    on_driver(connection, "BEGIN IMMEDIATE")


def _set_synchronous(connection: Connection, level: str) -> None:
    """Say before a transaction how its commit waits for the disk; SQLite remembers it per connection."""
    if connection.info.get(_SYNCHRONOUS, _WAITING) != level:
        on_driver(connection, f"PRAGMA synchronous = {level}")
        connection.info[_SYNCHRONOUS] = level
