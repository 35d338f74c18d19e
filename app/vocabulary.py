"""Every word with a fixed meaning that leaves the service: states, outcomes, reasons, guidance."""

from enum import StrEnum


class SessionState(StrEnum):
    """Where a verification session stands; the legal moves are in `app.sessions.transitions`."""

    CREATED = "created"
    CAPTURING = "capturing"
    PROCESSING = "processing"
    REVIEW = "review"
    PASSED = "passed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ERRORED = "errored"

    @property
    def is_open(self) -> bool:
        """True while a decision is still to come."""
        return self in _OPEN_STATES


_OPEN_STATES = frozenset(
    {SessionState.CREATED, SessionState.CAPTURING, SessionState.PROCESSING, SessionState.REVIEW}
)


class Outcome(StrEnum):
    """What the policy decided."""

    PASSED = "passed"
    FAILED = "failed"
    REVIEW = "review"
    RETRY = "retry"


class VerifierResult(StrEnum):
    """What one verifier's line in the result says."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_EXECUTED = "not_executed"


class VerifierName(StrEnum):
    """The four verifiers that a configuration switches on or off."""

    LIVENESS = "liveness"
    FACE_RECOGNITION = "faceRecognition"
    AGE = "age"
    GENDER = "gender"


class Evidence(StrEnum):
    """Names of findings: one measured fact each, several may serve one verifier."""

    FACE_PRESENCE = "face_presence"
    IMAGE_QUALITY = "image_quality"
    PRESENTATION_ATTACK = "presentation_attack"
    HEAD_MOVEMENT = "head_movement"
    SOLID_HEAD = "solid_head"
    LIGHT_REFLECTION = "light_reflection"
    CONTINUITY = "continuity"
    CAPTURE_INTEGRITY = "capture_integrity"
    FACE_COMPARISON = "face_comparison"
    BLOCK_LIST = "block_list"
    AGE = "age"
    GENDER = "gender"


class ChallengeType(StrEnum):
    """Liveness level of a configuration."""

    BASIC = "Basic"
    BALANCED = "Balanced"
    ADVANCED = "Advanced"


class ChallengePath(StrEnum):
    """Which way an Advanced challenge took."""

    LIGHT = "light"
    MOVEMENT = "movement"


class PathReason(StrEnum):
    """Why an Advanced challenge took the movement path."""

    FLASHING_DECLINED = "flashing_declined"
    REDUCED_MOTION = "reduced_motion"
    TOO_BRIGHT = "too_bright"


class ChallengeAction(StrEnum):
    """One target of the movement challenge, in the words of the person who moves.

    `LEFT` is the person's own left: the nose moves to the right edge of the unmirrored camera
    picture and to the left edge of the mirrored (selfie) preview.
    """

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    NEARER = "nearer"
    FARTHER = "farther"


class Guidance(StrEnum):
    """What the hosted page tells the person now; the server chooses, the page only shows it."""

    NO_FACE = "no_face"
    ONE_PERSON_ONLY = "one_person_only"
    MOVE_CLOSER = "move_closer"
    MOVE_BACK = "move_back"
    CENTER_FACE = "center_face"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    HOLD_STILL = "hold_still"
    LOOK_STRAIGHT = "look_straight"
    FACE_OBSCURED = "face_obscured"
    LOOK_LEFT = "look_left"
    LOOK_RIGHT = "look_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    COME_NEARER = "come_nearer"
    GO_FARTHER = "go_farther"
    WATCH_LIGHT = "watch_light"
    GOOD = "good"
    CHECKING = "checking"


GUIDANCE_OF_ACTION: dict[ChallengeAction, Guidance] = {
    ChallengeAction.LEFT: Guidance.LOOK_LEFT,
    ChallengeAction.RIGHT: Guidance.LOOK_RIGHT,
    ChallengeAction.UP: Guidance.LOOK_UP,
    ChallengeAction.DOWN: Guidance.LOOK_DOWN,
    ChallengeAction.NEARER: Guidance.COME_NEARER,
    ChallengeAction.FARTHER: Guidance.GO_FARTHER,
}


class ReasonClass(StrEnum):
    """Who can do something about a reason."""

    RETRY = "retry"
    INPUT = "input"
    IDENTITY = "identity"
    FRAUD = "fraud"
    POLICY = "policy"
    TECHNICAL = "technical"


class Reason(StrEnum):
    """The stable vocabulary of `reFailedReason`; `app.reasons` gives class and text of each."""

    NO_FACE = "no_face"
    MULTIPLE_FACES = "multiple_faces"
    LOW_QUALITY = "low_quality"
    FACE_OBSCURED = "face_obscured"
    LIVENESS_FAILED = "liveness_failed"
    INJECTION_SUSPECTED = "injection_suspected"
    FACE_INCONSISTENT = "face_inconsistent"
    FACE_MISMATCH = "face_mismatch"
    FACE_UNRECOGNIZED = "face_unrecognized"
    DUPLICATE_FACE = "duplicate_face"
    FACE_BLOCKED = "face_blocked"
    UNDERAGE = "underage"
    AGE_OUT_OF_RANGE = "age_out_of_range"
    AGE_UNCERTAIN = "age_uncertain"
    PIN_WRONG = "pin_wrong"
    CONSENT_REFUSED = "consent_refused"
    ALTERNATIVE_REQUESTED = "alternative_requested"
    CAMERA_DENIED = "camera_denied"
    CAMERA_UNAVAILABLE = "camera_unavailable"
    TIMEOUT = "timeout"
    SESSION_EXPIRED = "session_expired"
    CANCELLED = "cancelled"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    RATE_LIMITED = "rate_limited"
    COUNTRY_FORBIDDEN = "country_forbidden"
    ORIGIN_FORBIDDEN = "origin_forbidden"
    REVIEW_PENDING = "review_pending"
    INTERNAL_ERROR = "internal_error"


CLASS_OF_REASON: dict[Reason, ReasonClass] = {
    Reason.NO_FACE: ReasonClass.RETRY,
    Reason.MULTIPLE_FACES: ReasonClass.RETRY,
    Reason.LOW_QUALITY: ReasonClass.RETRY,
    Reason.FACE_OBSCURED: ReasonClass.RETRY,
    Reason.LIVENESS_FAILED: ReasonClass.FRAUD,
    Reason.INJECTION_SUSPECTED: ReasonClass.FRAUD,
    Reason.FACE_INCONSISTENT: ReasonClass.FRAUD,
    Reason.FACE_MISMATCH: ReasonClass.IDENTITY,
    Reason.FACE_UNRECOGNIZED: ReasonClass.IDENTITY,
    Reason.DUPLICATE_FACE: ReasonClass.IDENTITY,
    Reason.FACE_BLOCKED: ReasonClass.POLICY,
    Reason.UNDERAGE: ReasonClass.POLICY,
    Reason.AGE_OUT_OF_RANGE: ReasonClass.POLICY,
    Reason.AGE_UNCERTAIN: ReasonClass.POLICY,
    Reason.PIN_WRONG: ReasonClass.INPUT,
    Reason.CONSENT_REFUSED: ReasonClass.INPUT,
    Reason.ALTERNATIVE_REQUESTED: ReasonClass.INPUT,
    Reason.CAMERA_DENIED: ReasonClass.INPUT,
    Reason.CAMERA_UNAVAILABLE: ReasonClass.TECHNICAL,
    Reason.TIMEOUT: ReasonClass.RETRY,
    Reason.SESSION_EXPIRED: ReasonClass.RETRY,
    Reason.CANCELLED: ReasonClass.INPUT,
    Reason.ATTEMPTS_EXHAUSTED: ReasonClass.POLICY,
    Reason.RATE_LIMITED: ReasonClass.POLICY,
    Reason.COUNTRY_FORBIDDEN: ReasonClass.POLICY,
    Reason.ORIGIN_FORBIDDEN: ReasonClass.POLICY,
    Reason.REVIEW_PENDING: ReasonClass.POLICY,
    Reason.INTERNAL_ERROR: ReasonClass.TECHNICAL,
}

# A new attempt is offered after these while attempts remain. An identity answer (mismatch,
# duplicate) is final: every further try is one more chance for an impostor.
RETRYABLE_REASONS = frozenset(
    {
        Reason.NO_FACE,
        Reason.MULTIPLE_FACES,
        Reason.LOW_QUALITY,
        Reason.FACE_OBSCURED,
        Reason.LIVENESS_FAILED,
        Reason.FACE_INCONSISTENT,
    }
)
