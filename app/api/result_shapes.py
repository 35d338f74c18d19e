"""The shape of a whole result: what was decided, and every number behind it."""

from datetime import datetime
from typing import Any, Literal

from app.api.shapes import Answer
from app.vocabulary import (
    ChallengePath,
    ChallengeType,
    PathReason,
    Reason,
    ReasonClass,
    SessionState,
    VerifierResult,
)


class AppliedLimit(Answer):
    """One line that a measurement had to be on the right side of."""

    name: str
    measure: str
    """`score`, or the name of one of the finding's details."""
    measured: float | None
    bound: Literal["atLeast", "atMost"]
    value: float


class MeasuredFinding(Answer):
    """One measured fact of one attempt: numbers, never an image or embedding."""

    attempt: int
    evidence: str
    score: float | None
    """None: it could not be measured."""
    unit: str
    model: str
    """Model or method that measured it, with its version."""
    details: dict[str, Any]
    limits: list[AppliedLimit]
    """Limits of the policy that decided; only for the attempt that was decided last."""


class FaceComparison(Answer):
    """How alike the face was, and what that is worth."""

    similarity: float | None
    """Cosine similarity to the face that decided, −1…1."""
    false_match_rate: float | None
    """Share of pairs of strangers that are this alike; None when more are than any calibrated rate says."""
    odds: str | None
    """The same as `1 in N`."""
    match_threshold: float | None
    """Similarity from which two templates are one person (1:1)."""
    search_threshold: float | None
    """The same for a search through the collection."""
    collection_size: int | None


class ChallengeTaken(Answer):
    """Which way liveness was tested."""

    type: ChallengeType
    path: ChallengePath | None
    """Which way an `Advanced` challenge went."""
    path_reason: PathReason | None


class Transition(Answer):
    """One move of the session."""

    from_state: SessionState | None
    to_state: SessionState
    reason: Reason | None
    actor: str
    at: datetime


class GivenConsent(Answer):
    """What the person answered to the text with this hash."""

    accepted: bool
    text_hash: str
    locale: str
    at: datetime


class CodeUse(Answer):
    """What became of the result codes of this session."""

    issued: int
    redeemed_at: datetime | None
    refused_redemptions: int
    """More than none: a code leaked, or is sent twice."""


class SessionResult(Answer):
    """Everything that is known of a session, whatever the redirect carries."""

    verification_session_id: str
    verification_id: str
    verification_version: int
    state: SessionState
    verification_result: Literal["passed", "failed"] | None
    """None while a decision is still to come."""
    liveness_result: VerifierResult | None
    """None for a verifier that is off."""
    face_recognition_result: VerifierResult | None
    age_verification_result: VerifierResult | None
    gender_verification_result: VerifierResult | None
    face_id: str | None
    age: int | None
    gender: Literal["male", "female"] | None
    total_face_count: int | None
    failed_reason: Reason | None
    reason_class: ReasonClass | None
    external_id: str | None
    correlation_id: str | None
    nonce: str | None
    custom_parameters: list[tuple[str, str]]
    ignored_parameters: list[str]
    attempts: int
    max_attempts: int
    created_at: datetime
    expires_at: datetime
    concluded_at: datetime | None
    redacted_at: datetime | None
    challenge: ChallengeTaken | None
    """None without liveness."""
    face_comparison: FaceComparison | None
    models: list[str]
    """Every model and method that measured, with its version."""
    findings: list[MeasuredFinding]
    transitions: list[Transition]
    consents: list[GivenConsent]
    result_codes: CodeUse
