"""What time alone does to a session; called on every touch and by the worker."""

from sqlalchemy.orm import Session

from app.capture import attempts
from app.models import CaptureAttempt, VerificationSession
from app.runtime import Runtime
from app.sessions import conclusion
from app.sessions.steps import load
from app.vocabulary import Reason, SessionState


def enforce_clock(runtime: Runtime, session_id: str, now: float) -> None:
    """End the session if its time, or that of its attempt, is over."""
    with runtime.database.reading() as db:
        visit = db.get(VerificationSession, session_id)
        if visit is None or overdue(visit, attempts.current_attempt(db, session_id), now) is None:
            return
    with runtime.database.transaction() as db:
        expire_if_overdue(db, session_id, now)


def expire_if_overdue(db: Session, session_id: str, now: float) -> bool:
    """Move an overdue session to `expired` in the caller's transaction; tell whether it was."""
    visit, configuration = load(db, session_id)
    reason = overdue(visit, attempts.current_attempt(db, session_id), now)
    if reason is None:
        return False
    conclusion.conclude_early(db, visit, configuration, SessionState.EXPIRED, reason, actor="clock", now=now)
    return True


def overdue(visit: VerificationSession, attempt: CaptureAttempt | None, now: float) -> Reason | None:
    """Return why a session must end now, or None.

    A complete capture is not taken away from anybody: `processing` is decided however late it is. A review
    waits for its operator until the deadline that it was given when it began.
    """
    state = SessionState(visit.state)
    if not state.is_open or state is SessionState.PROCESSING:
        return None
    if now >= visit.expires_at:
        return Reason.SESSION_EXPIRED
    if attempt is not None and now >= attempt.deadline_at:
        return Reason.TIMEOUT
    return None
