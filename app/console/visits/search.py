"""Finds sessions among a million: one index for whatever is asked, and pages that begin where one ended."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Select, String, UnaryExpression, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.operators import custom_op

from app.db import SQLITE
from app.errors import InputError
from app.models import Verification, VerificationSession
from app.vocabulary import Reason, SessionState

PAGE = 50
Column: TypeAlias = InstrumentedAttribute[str | None] | InstrumentedAttribute[str]
# Conditions that one index answers together.
_DRIVERS: dict[frozenset[str], tuple[Column, ...]] = {
    frozenset({"verification_id", "state"}): (VerificationSession.verification_id, VerificationSession.state),
}
_UUID = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """What to look for; None does not matter."""

    external_id: str | None = None
    """The whole id: parts of it would read every row."""
    state: SessionState | None = None
    reason: Reason | None = None
    verification_id: str | None = None
    since: float | None = None
    until: float | None = None
    """Unix seconds; until is exclusive."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins or ends: moment and id of one session."""

    created_at: float
    session_id: str

    def __str__(self) -> str:
        return f"{self.created_at!r}_{self.session_id}"


@dataclass(frozen=True, slots=True)
class SessionPage:
    """One page of the list, newest first."""

    sessions: Sequence[VerificationSession]
    older: Place | None
    newer: Place | None


def find_sessions(
    db: Session, wanted: SessionFilter, *, before: Place | None = None, after: Place | None = None
) -> SessionPage:
    """Return up to `PAGE` sessions older than `before`, or newer than `after`, or the newest."""
    place = (VerificationSession.created_at, VerificationSession.id)
    query = _matching(db, wanted)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(after.created_at, after.session_id))
        rows = list(db.scalars(query.order_by(*place).limit(PAGE + 1)))
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        return SessionPage(rows, _place(rows, -1), _place(rows, 0) if more else None)
    if before is not None:
        query = query.where(tuple_(*place) < tuple_(before.created_at, before.session_id))
    newest_first = (VerificationSession.created_at.desc(), VerificationSession.id.desc())
    rows = list(db.scalars(query.order_by(*newest_first).limit(PAGE + 1)))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return SessionPage(rows, _place(rows, -1) if more else None, _place(rows, 0) if before else None)


def find_by_id(db: Session, text: str) -> str | None:
    """Return the id of a session that somebody pasted; None when there is none."""
    text = text.strip().lower()
    return text if _UUID.fullmatch(text) and db.get(VerificationSession, text) is not None else None


def names_of_verifications(db: Session) -> dict[str, str]:
    """Return id → name of all verifications, deleted ones too: their sessions are still there."""
    rows = db.execute(select(Verification.id, Verification.name).order_by(Verification.name, Verification.id))
    return {row.id: row.name for row in rows}


def read_place(text: str | None) -> Place | None:
    """Return the place that a page's address names; a garbled one begins at the top."""
    moment, _, session_id = (text or "").partition("_")
    try:
        return Place(float(moment), session_id) if _UUID.fullmatch(session_id) else None
    except ValueError:
        return None


def read_day(field: str, text: str, *, is_end: bool = False) -> float | None:
    """Return the beginning of a UTC day, or of the day after it, in unix seconds; None for an empty text."""
    if not text.strip():
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
        return (day + timedelta(days=1) if is_end else day).timestamp()
    except (ValueError, OverflowError):
        raise InputError(field, "must be a day such as 2026-11-21") from None


def _matching(db: Session, wanted: SessionFilter) -> Select[VerificationSession]:
    """Ask for everything, with the most telling condition left to the index.

    Each condition has an index that is in the order of the list, and so have verification and state
    together. SQLite, without statistics, takes the first that fits: where a rare value is asked for together
    with a frequent one it would read half the table. A `+` before the others takes their indexes out of its
    choice; PostgreSQL has statistics.
    """
    table = VerificationSession
    asked: dict[Column, str | None] = {
        table.external_id: wanted.external_id,
        table.reason: wanted.reason,
        table.verification_id: wanted.verification_id,
        table.state: wanted.state,
    }
    given = {column: value for column, value in asked.items() if value is not None}
    driving = _DRIVERS.get(frozenset(column.key for column in given), tuple(given)[:1])
    hinted = db.get_bind().dialect.name == SQLITE
    query = select(table)
    for column, value in given.items():
        plain = not hinted or column in driving
        query = query.where((column if plain else _without_index(column)) == str(value))
    if wanted.since is not None:
        query = query.where(table.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.created_at < wanted.until)
    return query


def _without_index(column: Column) -> ColumnElement[str]:
    return UnaryExpression(column.expression, operator=custom_op("+"), type_=String())


def _place(rows: Sequence[VerificationSession], at: int) -> Place | None:
    return Place(rows[at].created_at, rows[at].id) if rows else None
