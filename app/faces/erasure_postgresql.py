"""Erasing on PostgreSQL, where a deleted row lives on in three places.

In its table: a deleted row is only marked, and not even VACUUM overwrites it. Triggers note which tables
and partitions lost secrets (`PendingErasure`); VACUUM FULL writes them anew without the dead rows, indexes
included, and cuts the old files to nothing.

In the write-ahead log: a checkpoint makes what was logged before it superfluous. PostgreSQL deletes such
segments or, unless `wal_recycle` is off, renames them for later use with all that is in them. Switching to
the next segment fills the rest of the present one with zeros, so switching through the renamed ones
overwrites them.

In its statistics: samples of column values. The migrations switch them off for templates.

Out of reach are copies that somebody makes on purpose: backups, archived log segments, standby servers
that lag behind, snapshots of the disk.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.errors import Diagnostic, InsufficientPrivilege, LockNotAvailable
from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.db import BUSY_TIMEOUT_MS, Database, advisory_key
from app.models import PendingErasure

log = logging.getLogger(__name__)

# Rewriting needs the table for itself and keeps everybody waiting while it waits: better to try again.
_TABLE_TIMEOUT_MS = 250
# Another process that erases needs about a second.
_TURN_TIMEOUT_MS = 5_000
_FIRST_NUMBER = re.compile(r"\d+")
_ATTEMPTS = 8
_PAUSE_SECONDS = 0.05

GRANTS = "GRANT pg_checkpoint, pg_monitor TO {role}; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {role};"
_RIGHTS = text(
    "SELECT pg_has_role('pg_checkpoint', 'USAGE') AND pg_has_role('pg_monitor', 'USAGE')"
    " AND has_function_privilege('pg_switch_wal()', 'EXECUTE')"
)
# A message in the log that says nothing; where it ended names the segment that is written now.
_SEGMENT = text("SELECT pg_walfile_name(pg_logical_emit_message(false, 'visavis', ''))")
# The first eight digits of a name are the timeline, the others are the order in which segments are written.
_SEGMENTS = text("SELECT substr(name, 9) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'")

# From the last checkpoint on, recovery needs the log.
_NEEDED = text("SELECT substr(redo_wal_file, 9) FROM pg_control_checkpoint()")
# What is noted of a table that was written anew, while the log still has to go.
_LOG_ALONE = ""


def erase(database: Database) -> bool:
    """Erase what triggers noted; False, with the reason in the log, when it could not be done whole."""
    with database.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        if not connection.scalar(select(PendingErasure.id).limit(1)):
            return True
        try:
            with _turn(connection):
                return _erase(connection)
        except DBAPIError as error:
            if isinstance(error.orig, LockNotAvailable):
                log.warning("deleted faces are not erased yet: somebody uses the tables for long")
            elif isinstance(error.orig, InsufficientPrivilege):
                log.error("deleted faces stay in PostgreSQL's files: %s", missing_rights(database))
            else:
                raise
            return False


def missing_rights(database: Database) -> str | None:
    """Return what an administrator has to grant before anything can be erased; None when all is well."""
    with database.engine.connect() as connection:
        role = connection.scalar(select(func.current_user()))
        return None if connection.scalar(_RIGHTS) else GRANTS.format(role=role)


@contextmanager
def _turn(connection: Connection) -> Iterator[None]:
    """Let one process erase at a time, and nobody wait long for it."""
    key = advisory_key("visavis/erasure")
    _set_timeout(connection, _TURN_TIMEOUT_MS)
    try:
        connection.execute(select(func.pg_advisory_lock(key)))
        try:
            _set_timeout(connection, _TABLE_TIMEOUT_MS)
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(key)))
    finally:
        _set_timeout(connection, BUSY_TIMEOUT_MS)


def _set_timeout(connection: Connection, milliseconds: int) -> None:
    connection.exec_driver_sql(f"SET lock_timeout = {milliseconds}")


def _erase(connection: Connection) -> bool:
    due = connection.execute(select(PendingErasure.id, PendingErasure.relation)).all()
    these = PendingErasure.id.in_([row.id for row in due])
    for relation in sorted({row.relation for row in due} - {_LOG_ALONE}):
        if not _rewrite_patiently(connection, relation):
            log.warning("deleted faces are not erased yet: an old transaction may still read them")
            return False
    connection.execute(update(PendingErasure).where(these).values(relation=_LOG_ALONE))
    # While something keeps the log, another checkpoint would only cost and change nothing.
    if _is_log_kept(connection) or not _drop_log(connection):
        if any(row.relation != _LOG_ALONE for row in due):  # said once for each deletion
            log.warning("deleted faces stay in PostgreSQL's log: an archive, a standby or a setting keeps it")
        return False
    connection.execute(delete(PendingErasure).where(these))
    return True


def _rewrite_patiently(connection: Connection, relation: str) -> bool:
    for _ in range(_ATTEMPTS):
        try:
            if _rewrite(connection, relation):
                return True
        except DBAPIError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
        connection.execute(select(func.pg_sleep(_PAUSE_SECONDS)))
    return False


def _rewrite(connection: Connection, relation: str) -> bool:
    """Write the table anew; False when it had to keep rows that an older snapshot may see."""
    before = _file_of(connection, relation)
    with _details(connection) as details:
        name = connection.dialect.identifier_preparer.quote(relation)
        connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE) {name}")
    # "0 dead row versions cannot be removed yet.", in whatever language the server speaks.
    kept = [int(found[0]) for found in map(_FIRST_NUMBER.match, details) if found]
    return before != _file_of(connection, relation) and bool(kept) and not any(kept)


@contextmanager
def _details(connection: Connection) -> Iterator[list[str]]:
    """Collect what the server tells besides results."""
    details: list[str] = []
    driver: Any = connection.connection.driver_connection

    def note(notice: Diagnostic) -> None:
        details.append(notice.message_detail or "")

    driver.add_notice_handler(note)
    try:
        yield details
    finally:
        driver.remove_notice_handler(note)


def _file_of(connection: Connection, relation: str) -> int | None:
    return connection.scalar(select(func.pg_relation_filenode(relation)))


def _is_log_kept(connection: Connection) -> bool:
    """Tell whether segments lie there that the last checkpoint would have removed, had it been free to."""
    needed = str(connection.execute(_NEEDED).scalar_one())
    return any(str(segment) < needed for segment in connection.scalars(_SEGMENTS))


def _drop_log(connection: Connection) -> bool:
    """Have nothing left of the log as it was until now; False when something holds on to it."""
    connection.execute(text("SELECT pg_switch_wal()"))
    first = _segment(connection)
    connection.execute(text("CHECKPOINT"))
    segments = connection.scalars(_SEGMENTS).all()
    if min(segments) < first:
        return False
    while _segment(connection) <= max(segments):
        connection.execute(text("SELECT pg_switch_wal()"))
    return True


def _segment(connection: Connection) -> str:
    name: str = connection.execute(_SEGMENT).scalar_one()
    return name[8:]
