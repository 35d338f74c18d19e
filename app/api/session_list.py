"""The list of sessions."""

from datetime import datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import Select, select, tuple_

from app.api.guards import caller
from app.api.pages import Page, PageRequest, read_cursor, write_cursor
from app.api.result_document import overall_of
from app.api.scopes import Scope
from app.api.shapes import Answer, ExternalId, Guid, UnixSeconds, moment, moment_or_none
from app.api.verifications import section
from app.hosted.guards import runtime
from app.models import Redaction, Verification, VerificationSession
from app.vocabulary import Reason, SessionState


class SessionQuery(PageRequest):
    """Which sessions."""

    verification_id: Guid | None = None
    state: SessionState | None = None
    reason: Reason | None = None
    external_id: ExternalId | None = None
    created_from: UnixSeconds | None = None
    """Unix seconds, from this moment on."""
    created_to: UnixSeconds | None = None
    """Unix seconds, before this moment."""


class ListedSession(Answer):
    """One line of the list."""

    verification_session_id: str
    verification_id: str
    state: SessionState
    verification_result: Literal["passed", "failed"] | None
    """None while a decision is still to come."""
    failed_reason: Reason | None
    external_id: str | None
    correlation_id: str | None
    created_at: datetime
    concluded_at: datetime | None
    redacted_at: datetime | None


class SessionPage(Page):
    """Sessions, newest first."""

    sessions: list[ListedSession] = Field(max_length=200)


@section.operation(
    "sessions", methods=("GET",), need=Scope.SESSIONS_READ, request=SessionQuery, answer=SessionPage
)
def list_sessions(wish: SessionQuery) -> SessionPage:
    """List sessions, newest first."""
    with runtime().database.reading() as db:
        rows = db.execute(_query(wish).limit(wish.limit + 1)).all()
    more, rows = len(rows) > wish.limit, rows[: wish.limit]
    last = rows[-1][0] if rows else None
    return SessionPage(
        sessions=[_listed(visit, redacted_at) for visit, redacted_at in rows],
        next_cursor=write_cursor((last.created_at, last.id)) if more and last else None,
    )


def _query(wish: SessionQuery) -> Select[VerificationSession, float]:
    table = VerificationSession
    query = (
        select(table, Redaction.at)
        .join(Verification, Verification.id == table.verification_id)
        .outerjoin(Redaction, Redaction.session_id == table.id)
        .where(Verification.project_id == caller().project_id)
        .order_by(table.created_at.desc(), table.id.desc())
    )
    filters = {
        table.verification_id: wish.verification_id,
        table.state: wish.state,
        table.reason: wish.reason,
        table.external_id: wish.external_id,
    }
    for column, value in filters.items():
        query = query if value is None else query.where(column == value)
    if wish.created_from is not None:
        query = query.where(table.created_at >= wish.created_from)
    if wish.created_to is not None:
        query = query.where(table.created_at < wish.created_to)
    after = read_cursor(wish.cursor, float)
    return query if after is None else query.where(tuple_(table.created_at, table.id) < after)


def _listed(visit: VerificationSession, redacted_at: float | None) -> ListedSession:
    return ListedSession(
        verification_session_id=visit.id,
        verification_id=visit.verification_id,
        state=SessionState(visit.state),
        verification_result=overall_of(visit),
        failed_reason=Reason(visit.reason) if visit.reason else None,
        external_id=visit.external_id,
        correlation_id=visit.correlation_id,
        created_at=moment(visit.created_at),
        concluded_at=moment_or_none(visit.concluded_at),
        redacted_at=moment_or_none(redacted_at),
    )
