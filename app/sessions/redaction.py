"""Empties a session on demand: what is left proves that it took place, and tells nothing about anybody."""

import hashlib
import hmac

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.capture.attempts import discard_attempts
from app.errors import StateConflictError
from app.models import (
    ConsentRecord,
    FindingRow,
    Handover,
    IdempotentRequest,
    OutboxEvent,
    Redaction,
    ResultCode,
    ReviewVote,
    SessionTransition,
    VerificationSession,
)
from app.sealing import Purpose, Sealer
from app.sessions import limits
from app.sessions.conclusion import conclude_early
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides
from app.vocabulary import Reason, SessionState

EVENT = "SessionRedacted"
# What the table demands where there is nothing left to say.
_EMPTY_TEXT = ""


def redact_session(
    db: Session, sealer: Sealer, visit: VerificationSession, configuration: Configuration, now: float
) -> Redaction:
    """Remove all that a session says of a person, in the caller's transaction; an open one is cancelled.

    Kept are ids, state, moments and keyed hashes of the site's own ids; also the spent nonce, so that
    the link stays spent. Raises `StateConflictError` for a session that was redacted before. An enrolled
    face is not the session's: it is deleted from its collection.
    """
    if db.get(Redaction, visit.id) is not None:
        raise StateConflictError("this session was redacted before")
    if SessionState(visit.state).is_open:
        conclude_early(
            db, visit, configuration, SessionState.CANCELLED, Reason.CANCELLED, actor="backend", now=now
        )
    redaction = Redaction(
        session_id=visit.id,
        at=now,
        external_id_hash=_hash(sealer, visit.external_id),
        correlation_id_hash=_hash(sealer, visit.correlation_id),
    )
    db.add(redaction)
    limits.conceal(db, visit.verification_id, visit.external_id)
    _empty_row(sealer, visit)
    _delete_dependants(db, visit)
    db.add(
        OutboxEvent(event=EVENT, verification_id=visit.verification_id, session_id=visit.id, created_at=now)
    )
    db.flush()
    return redaction


def _empty_row(sealer: Sealer, visit: VerificationSession) -> None:
    # The fingerprint covers the external id, which can be guessed; a keyed hash of it cannot.
    visit.link_fingerprint = _hash(sealer, visit.link_fingerprint) or _EMPTY_TEXT
    visit.sealed_link = None
    visit.nonce = visit.external_id = visit.correlation_id = visit.locale = None
    visit.overrides = Overrides().to_json()
    visit.ignored, visit.custom_parameters = [], []
    visit.reason = None
    visit.verifier_results, visit.decision_notes = {}, {}
    visit.age_years = visit.total_face_count = None
    visit.gender = visit.face_id = None
    visit.challenge_path = visit.challenge_path_reason = None


def _delete_dependants(db: Session, visit: VerificationSession) -> None:
    discard_attempts(db, visit.id)
    for table in (FindingRow, Handover, ResultCode, IdempotentRequest, ReviewVote):
        db.execute(delete(table).where(table.session_id == visit.id))
    # That consent was given, and to which text, stays provable.
    db.execute(update(ConsentRecord).where(ConsentRecord.session_id == visit.id).values(locale=_EMPTY_TEXT))
    db.execute(update(SessionTransition).where(SessionTransition.session_id == visit.id).values(reason=None))


def _hash(sealer: Sealer, text: str | None) -> str | None:
    if text is None:
        return None
    return hmac.new(sealer.derive(Purpose.REDACTION), text.encode(), hashlib.sha256).hexdigest()
