"""The only writer of `session.state`: compare-and-set, transition row and event in one transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.errors import StateConflictError
from app.models import OutboxEvent, SessionTransition, VerificationSession
from app.plain import PlainStatement
from app.sessions.transitions import can_move
from app.vocabulary import Reason, SessionState

EVENT_OF_STATE: Mapping[SessionState, str] = {
    SessionState.CREATED: "VerificationCreated",
    SessionState.CAPTURING: "VerificationStarted",
    SessionState.REVIEW: "VerificationReview",
    SessionState.PASSED: "VerificationCompleted",
    SessionState.FAILED: "VerificationCompleted",
    SessionState.CANCELLED: "VerificationCompleted",
    SessionState.ERRORED: "VerificationCompleted",
    SessionState.EXPIRED: "VerificationExpired",
}
# A retry goes back to capturing; that is no second start.
_SILENT_MOVES = {(SessionState.PROCESSING, SessionState.CAPTURING)}

_NEW_VISIT = PlainStatement(insert(VerificationSession))
_NEW_MOVE = PlainStatement(insert(SessionTransition))
_NEW_EVENT = PlainStatement(insert(OutboxEvent))


def begin(db: Session, visit: Mapping[str, Any], *, actor: str, now: float) -> None:
    """Insert a new session, given by its columns, in state `created`, with transition row and event."""
    _NEW_VISIT.write(db, {**visit, "state": SessionState.CREATED})
    _record(db, visit["id"], visit["verification_id"], None, SessionState.CREATED, None, actor, now)


def advance(
    db: Session,
    visit: VerificationSession,
    new: SessionState,
    *,
    reason: Reason | None = None,
    actor: str,
    now: float,
) -> None:
    """Move `visit` from the state it was read in to `new`.

    Raises `StateConflictError` when the table has no such move or when somebody moved it first; the
    caller's transaction then rolls back whole.
    """
    old = SessionState(visit.state)
    if not can_move(old, new):
        raise StateConflictError(f"a session cannot move from {old} to {new}")
    moved = db.execute(
        update(VerificationSession)
        .where(VerificationSession.id == visit.id, VerificationSession.state == old)
        .values(state=new)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise StateConflictError("somebody else moved this session first")
    db.refresh(visit, ["state"])
    _record(db, visit.id, visit.verification_id, old, new, reason, actor, now)


def _record(
    db: Session,
    session_id: str,
    verification_id: str,
    old: SessionState | None,
    new: SessionState,
    reason: Reason | None,
    actor: str,
    now: float,
) -> None:
    move = {"old_state": old, "new_state": new, "reason": reason, "actor": actor, "at": now}
    _NEW_MOVE.write(db, {"session_id": session_id, **move})
    event = EVENT_OF_STATE.get(new)
    if event and (old, new) not in _SILENT_MOVES:
        subject = {"verification_id": verification_id, "session_id": session_id}
        _NEW_EVENT.write(db, {"event": event, **subject, "created_at": now})
