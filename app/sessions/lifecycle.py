"""The only writer of `session.state`: compare-and-set, transition row and event in one transaction."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.errors import StateConflictError
from app.models import OutboxEvent, SessionTransition, VerificationSession
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


def begin(db: Session, visit: VerificationSession, *, actor: str, now: float) -> None:
    """Insert a new session in state `created` with its first transition row and event."""
    visit.state = SessionState.CREATED
    db.add(visit)
    db.flush()
    _record(db, visit, None, SessionState.CREATED, None, actor, now)


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
    _record(db, visit, old, new, reason, actor, now)


def _record(
    db: Session,
    visit: VerificationSession,
    old: SessionState | None,
    new: SessionState,
    reason: Reason | None,
    actor: str,
    now: float,
) -> None:
    db.add(
        SessionTransition(
            session_id=visit.id, old_state=old, new_state=new, reason=reason, actor=actor, at=now
        )
    )
    event = EVENT_OF_STATE.get(new)
    if event and (old, new) not in _SILENT_MOVES:
        db.add(
            OutboxEvent(
                event=event, verification_id=visit.verification_id, session_id=visit.id, created_at=now
            )
        )
