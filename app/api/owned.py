"""What belongs to the caller's project; what belongs to another does not exist."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.guards import caller
from app.errors import NotFoundError
from app.models import Verification, VerificationSession
from app.verifications.store import PublishedConfiguration, load_current


def owned_verification(db: Session, verification_id: str) -> PublishedConfiguration:
    """Return the current configuration of one of the caller's verifications; `NotFoundError` otherwise."""
    published = load_current(db, verification_id)
    if published.project_id != caller().project_id:
        raise NotFoundError("no such verification")
    return published


def owned_session(db: Session, session_id: str) -> VerificationSession:
    """Return one of the caller's sessions; `NotFoundError` otherwise."""
    visit = db.scalar(
        select(VerificationSession)
        .join(Verification, Verification.id == VerificationSession.verification_id)
        .where(VerificationSession.id == session_id, Verification.project_id == caller().project_id)
    )
    if visit is None:
        raise NotFoundError("no such session")
    return visit
