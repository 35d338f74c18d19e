"""Erasing what was deleted: afterwards no file of the database holds a trace of it.

Call it after the transaction that deleted. Deleting alone is not enough on either database: both keep
older copies of what a transaction changed, in their logs and PostgreSQL in its tables as well.
"""

from app.db import BUSY_TIMEOUT_MS, SQLITE, Database
from app.faces import erasure_postgresql

# Emptying the log keeps writers out while it waits for readers: better to let them pass and try again.
ERASE_TIMEOUT_MS = 250
_ATTEMPTS = 3


def erase_traces(database: Database) -> bool:
    """Erase what is left of deleted faces and keys; False when something kept that from being complete.

    It is complete as soon as a later call returns True; the worker calls in every round.
    """
    if database.dialect == SQLITE:
        return any(_empty_log(database) for _ in range(_ATTEMPTS))
    return erasure_postgresql.erase(database)


def _empty_log(database: Database) -> bool:
    """Move SQLite's write-ahead log into the file, whose deleted rows are zeros (`secure_delete`)."""
    connection = database.engine.raw_connection()
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {ERASE_TIMEOUT_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        answer = cursor.fetchone()  # (busy, pages in the log, pages moved)
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.close()
    return answer is not None and not answer[0]
