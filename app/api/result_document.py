"""From the rows of a session to its whole result."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.match_odds import one_in
from app.api.result_shapes import (
    AppliedLimit,
    ChallengeTaken,
    CodeUse,
    FaceComparison,
    GivenConsent,
    MeasuredFinding,
    SessionResult,
    Transition,
)
from app.api.shapes import moment, moment_or_none
from app.decision.policy import Limit
from app.delivery.result_parameters import overall_result
from app.models import (
    ConsentRecord,
    FindingRow,
    Redaction,
    ResultCode,
    SessionTransition,
    VerificationSession,
)
from app.runtime import Runtime
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides, enabled_verifiers
from app.verifications.store import load_version
from app.vocabulary import (
    CLASS_OF_REASON,
    ChallengePath,
    Evidence,
    PathReason,
    Reason,
    SessionState,
    VerifierName,
    VerifierResult,
)


def result_of(db: Session, parts: Runtime, visit: VerificationSession) -> SessionResult:
    """Return everything that is known of a session."""
    published = load_version(db, visit.version_id)
    configuration = published.configuration
    findings = _rows(db, FindingRow, visit)
    redaction = db.get(Redaction, visit.id)
    state = SessionState(visit.state)
    reason = Reason(visit.reason) if visit.reason else None
    return SessionResult(
        verification_session_id=visit.id,
        verification_id=visit.verification_id,
        verification_version=published.number,
        state=state,
        verification_result=overall_of(visit),
        liveness_result=_line(visit, VerifierName.LIVENESS),
        face_recognition_result=_line(visit, VerifierName.FACE_RECOGNITION),
        age_verification_result=_line(visit, VerifierName.AGE),
        gender_verification_result=_line(visit, VerifierName.GENDER),
        face_id=visit.face_id,
        age=visit.age_years,
        gender=cast(Literal["male", "female"] | None, visit.gender),
        total_face_count=visit.total_face_count,
        failed_reason=reason,
        reason_class=CLASS_OF_REASON[reason] if reason else None,
        external_id=visit.external_id,
        correlation_id=visit.correlation_id,
        nonce=visit.nonce,
        custom_parameters=[(str(name), str(value)) for name, value in visit.custom_parameters],
        ignored_parameters=list(visit.ignored),
        attempts=visit.attempt_number,
        max_attempts=configuration.security_config.max_attempts,
        created_at=moment(visit.created_at),
        expires_at=moment(visit.expires_at),
        concluded_at=moment_or_none(visit.concluded_at),
        redacted_at=moment_or_none(redaction.at if redaction else None),
        challenge=None if redaction else _challenge(visit, configuration),
        face_comparison=_comparison(parts, visit, findings),
        models=sorted({row.method for row in findings}),
        findings=[_finding(parts, visit, row) for row in findings],
        transitions=[_transition(row) for row in _rows(db, SessionTransition, visit)],
        consents=[_consent(row) for row in _rows(db, ConsentRecord, visit)],
        result_codes=_codes(db, visit),
    )


def _rows(db: Session, table: Any, visit: VerificationSession) -> Sequence[Any]:  # noqa: ANN401 -- three tables
    return db.scalars(select(table).where(table.session_id == visit.id).order_by(table.id)).all()


def overall_of(visit: VerificationSession) -> Literal["passed", "failed"] | None:
    """Return the overall result; None while a decision is still to come."""
    if SessionState(visit.state).is_open:
        return None
    return "passed" if overall_result(visit) == "passed" else "failed"


def _line(visit: VerificationSession, name: VerifierName) -> VerifierResult | None:
    found = visit.verifier_results.get(name)
    return None if found is None else VerifierResult(found)


def _challenge(visit: VerificationSession, configuration: Configuration) -> ChallengeTaken | None:
    running = enabled_verifiers(configuration) - Overrides.from_json(visit.overrides).disabled
    if VerifierName.LIVENESS not in running:
        return None
    return ChallengeTaken(
        type=configuration.verifier_configs.liveness.challenge_type,
        path=ChallengePath(visit.challenge_path) if visit.challenge_path else None,
        path_reason=PathReason(visit.challenge_path_reason) if visit.challenge_path_reason else None,
    )


def _comparison(
    parts: Runtime, visit: VerificationSession, findings: Iterable[FindingRow]
) -> FaceComparison | None:
    compared = [row for row in findings if row.evidence == Evidence.FACE_COMPARISON]
    if not compared:
        return None
    last, notes = compared[-1], visit.decision_notes
    # −1 is what a search answers when the collection is empty: nobody was compared.
    similarity = last.score if last.score is not None and last.score > -1.0 else None
    # Sizes of the templates are not kept: the largest have the highest thresholds, so the rate is never
    # told lower than it was measured.
    largest = parts.calibration.sizes[-1]
    rate = None if similarity is None else parts.calibration.false_match_rate(largest, largest, similarity)
    return FaceComparison(
        similarity=similarity,
        false_match_rate=rate,
        odds=one_in(rate),
        match_threshold=notes.get("match_threshold"),
        search_threshold=notes.get("search_threshold"),
        collection_size=last.details.get("collection_size"),
    )


def _finding(parts: Runtime, visit: VerificationSession, row: FindingRow) -> MeasuredFinding:
    decided = row.attempt == visit.attempt_number
    limits = [limit for limit in parts.policy.limits if limit.evidence == row.evidence] if decided else []
    return MeasuredFinding(
        attempt=row.attempt,
        evidence=row.evidence,
        score=row.score,
        unit=row.unit,
        model=row.method,
        details=row.details,
        limits=[_limit(limit, visit, row) for limit in limits if limit.name in visit.decision_notes],
    )


def _limit(limit: Limit, visit: VerificationSession, row: FindingRow) -> AppliedLimit:
    measured = row.score if limit.measure == "score" else row.details.get(limit.measure)
    return AppliedLimit(
        name=limit.name,
        measure=limit.measure,
        measured=measured if isinstance(measured, int | float) else None,
        bound="atLeast" if limit.at_least else "atMost",
        # As it was when it decided, not as the policy has it today.
        value=visit.decision_notes[limit.name],
    )


def _transition(row: SessionTransition) -> Transition:
    return Transition(
        from_state=SessionState(row.old_state) if row.old_state else None,
        to_state=SessionState(row.new_state),
        reason=Reason(row.reason) if row.reason else None,
        actor=row.actor,
        at=moment(row.at),
    )


def _consent(row: ConsentRecord) -> GivenConsent:
    return GivenConsent(accepted=row.accepted, text_hash=row.text_hash, locale=row.locale, at=moment(row.at))


def _codes(db: Session, visit: VerificationSession) -> CodeUse:
    codes = db.scalars(select(ResultCode).where(ResultCode.session_id == visit.id)).all()
    redeemed = [code.redeemed_at for code in codes if code.redeemed_at is not None]
    return CodeUse(
        issued=len(codes),
        redeemed_at=moment_or_none(min(redeemed, default=None)),
        refused_redemptions=sum(code.refused_redemptions for code in codes),
    )
