"""Statements that every link runs, without what SQLAlchemy does around each of them.

SQLAlchemy adds some forty microseconds to a statement, even to one that it has compiled before, and SQLite
needs five for it: at eight statements that would be a third of what a link costs. A `PlainStatement` is
written like any other, compiled once for each kind of database, and from then on handed to the driver as it
is, in the transaction of the session.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Row: TypeAlias = tuple[Any, ...]
Plain: TypeAlias = Select[*Row] | Insert | Update

_CONNECTION = "visavis.connection"


class PlainStatement:
    """A statement with named parameters, run without mapper and engine events; its rows are plain tuples.

    It reads columns whose values the drivers return as they are, so neither JSON nor booleans, and writes
    rows of tables whose columns have no default values in Python.
    """

    def __init__(self, statement: Plain) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def rows(self, session: Session, parameters: Mapping[str, Any]) -> list[Row]:
        """Read, after all that is pending."""
        return list(self._run(session, parameters).fetchall())

    def first(self, session: Session, parameters: Mapping[str, Any]) -> Row | None:
        """Read the first row, None when there is none."""
        rows = self.rows(session, parameters)
        return rows[0] if rows else None

    def write(self, session: Session, parameters: Mapping[str, Any]) -> int:
        """Insert a row of these columns, or change rows, after all that is pending; return how many."""
        return self._run(session, parameters).rowcount

    def _run(self, session: Session, parameters: Mapping[str, Any]) -> DBAPICursor:
        session.flush()
        connection = _connection_of(session)
        kind = (connection.dialect.name, *parameters)
        compiled = self._compiled.get(kind)
        if compiled is None:
            compiled = self._compiled[kind] = _compile(self._statement, connection.dialect, parameters)
        return on_driver(connection, compiled.sql, compiled.arguments(parameters))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as the driver wants it."""

    sql: str
    order: tuple[str, ...] | None
    """Names of the parameters by their places; None when the driver takes them by name."""
    fixed: Mapping[str, Any]
    """Parameters that the statement itself holds."""
    writers: Mapping[str, Callable[[Any], Any]]
    """What turns a value into what the driver takes."""

    def arguments(self, parameters: Mapping[str, Any]) -> Row | dict[str, Any]:
        """Return the parameters as the driver wants them."""
        values = {**self.fixed, **parameters}
        for name, write in self.writers.items():
            values[name] = write(values[name])
        return values if self.order is None else tuple(map(values.__getitem__, self.order))


def on_driver(
    connection: Connection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> DBAPICursor:
    """Run text on the driver's own cursor; errors are SQLAlchemy's all the same, without the parameters."""
    dialect, cursor = connection.dialect, connection.connection.cursor()
    failure = dialect.loaded_dbapi.Error
    try:
        cursor.execute(sql, parameters)
    except failure as error:
        raise DBAPIError.instance(
            sql, parameters, error, failure, hide_parameters=True, dialect=dialect
        ) from error
    return cursor


def _connection_of(session: Session) -> Connection:
    """Return the connection of the session's transaction; asking the session each time is dear."""
    held: Connection | None = session.info.get(_CONNECTION)
    if held is None or held.closed:
        held = session.info[_CONNECTION] = session.connection()
    return held


def _compile(statement: Plain, dialect: Dialect, parameters: Mapping[str, Any]) -> _Compiled:
    columns = list(parameters) if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    if prefetch := [*compiled.insert_prefetch, *compiled.update_prefetch]:
        raise TypeError(f"a default value of {prefetch[0]} would be left out")
    wanted = {name for name, bind in compiled.binds.items() if bind.required}
    if wanted != parameters.keys():
        raise TypeError(f"takes {sorted(wanted)}, not {sorted(parameters)}")
    writers = {
        name: write
        for name, bind in compiled.binds.items()
        if (write := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
    return _Compiled(str(compiled), order, fixed, writers)
