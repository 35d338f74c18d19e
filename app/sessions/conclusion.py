"""How a session ends, or goes back for another attempt: everything that is written, in one place."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.capture.attempts import discard_attempts
from app.decision.types import Decision
from app.models import FindingRow, ReviewCase, VerificationSession
from app.pipeline.types import CaptureRecord, Finding
from app.sessions import lifecycle, limits
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides, enabled_verifiers
from app.vocabulary import RETRYABLE_REASONS, Evidence, Outcome, Reason, SessionState, VerifierResult

STATE_OF_OUTCOME = {
    Outcome.PASSED: SessionState.PASSED,
    Outcome.FAILED: SessionState.FAILED,
    Outcome.REVIEW: SessionState.REVIEW,
}
DAY_SECONDS = 24 * 3600
# The person still has to be sent back, and the site to ask, even where nothing is to be kept.
SHORTEST_RETENTION_SECONDS = 3600


def record_findings(
    db: Session, visit: VerificationSession, record: CaptureRecord, findings: Sequence[Finding]
) -> None:
    """Keep the numbers of this attempt for the operator; never pixels, never embeddings."""
    visit.challenge_path, visit.challenge_path_reason = record.path, record.path_reason
    for finding in findings:
        if finding.evidence is Evidence.FACE_PRESENCE:
            counted = finding.details.get("face_count")
            visit.total_face_count = None if counted is None else int(counted)
        db.add(
            FindingRow(
                session_id=visit.id,
                attempt=visit.attempt_number,
                evidence=finding.evidence,
                score=finding.score,
                unit=finding.unit,
                method=finding.method,
                details=dict(finding.details),
            )
        )


def may_retry(visit: VerificationSession, configuration: Configuration, decision: Decision) -> bool:
    """Tell whether this failure sends the person back to the camera."""
    attempts_remain = visit.attempt_number < configuration.security_config.max_attempts
    return decision.outcome is Outcome.FAILED and decision.reason in RETRYABLE_REASONS and attempts_remain


def send_back(db: Session, visit: VerificationSession, reason: Reason, now: float) -> None:
    """Offer another attempt; what was captured is deleted."""
    visit.reason = reason
    discard_attempts(db, visit.id)
    lifecycle.advance(db, visit, SessionState.CAPTURING, reason=reason, actor="policy", now=now)


def conclude_decided(
    db: Session, visit: VerificationSession, configuration: Configuration, decision: Decision, now: float
) -> None:
    """Write the policy's decision and end the session, or hand it to an operator."""
    visit.verifier_results = {name: result for name, result in decision.verifiers.items()}
    visit.age_years = decision.age_years
    visit.gender = decision.gender
    visit.decision_notes = dict(decision.notes)
    state = STATE_OF_OUTCOME[decision.outcome]
    limits.count_outcome(
        db,
        configuration.security_config.attempt_limits,
        visit.verification_id,
        visit.external_id,
        decision.reason,
        now,
    )
    _end(db, visit, configuration, state, decision.reason, actor="policy", now=now)


def conclude_early(
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    state: SessionState,
    reason: Reason,
    *,
    actor: str,
    now: float,
) -> None:
    """End a session that was never decided: nothing that was required counts as executed.

    One that waited for an operator keeps the lines of what was executed before.
    """
    if visit.state != SessionState.REVIEW:
        required = enabled_verifiers(configuration) - Overrides.from_json(visit.overrides).disabled
        visit.verifier_results = {name: VerifierResult.NOT_EXECUTED for name in sorted(required)}
    _end(db, visit, configuration, state, reason, actor=actor, now=now)


def conclude_review(
    db: Session, visit: VerificationSession, configuration: Configuration, refusal: Reason | None, now: float
) -> None:
    """Write an operator's verdict and end the session; `refusal` None = approved.

    Faces are compared last, so that everything an operator finds not executed had only that to wait for.
    """
    lines = dict(visit.verifier_results)
    for name in [name for name, result in lines.items() if result == VerifierResult.NOT_EXECUTED]:
        lines[name] = VerifierResult.PASSED if refusal is None else VerifierResult.FAILED
        if refusal is not None:
            break
    visit.verifier_results = lines
    limits.count_outcome(
        db,
        configuration.security_config.attempt_limits,
        visit.verification_id,
        visit.external_id,
        refusal,
        now,
    )
    state = SessionState.PASSED if refusal is None else SessionState.FAILED
    _end(db, visit, configuration, state, refusal, actor="operator", now=now)


def _end(
    db: Session,
    visit: VerificationSession,
    configuration: Configuration,
    state: SessionState,
    reason: Reason | None,
    *,
    actor: str,
    now: float,
) -> None:
    visit.reason = reason
    visit.concluded_at = now
    visit.sealed_link = None
    kept_for = configuration.retention_config.session_days * DAY_SECONDS
    visit.purge_at = now + max(kept_for, SHORTEST_RETENTION_SECONDS)
    discard_attempts(db, visit.id)
    if state is SessionState.REVIEW:
        visit.purge_at = None  # its deadline comes first, and then its end
    else:
        db.execute(delete(ReviewCase).where(ReviewCase.session_id == visit.id))
    lifecycle.advance(db, visit, state, reason=reason, actor=actor, now=now)
