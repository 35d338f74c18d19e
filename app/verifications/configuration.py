"""The verification configuration: what an operator may say, complete, with defaults.

The document is JSON in camelCase; `Configuration.model_dump(by_alias=True)` gives it back whole.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from app.verifications.document import Block, ConfigurationRefusedError, problems_of
from app.verifications.experience import ExperienceConfig
from app.verifications.field_types import (
    CollectionId,
    Country,
    Description,
    Flag,
    Guid,
    Name,
    Origin,
    Url,
)
from app.vocabulary import ChallengeType


class LivenessType(StrEnum):
    """Whether liveness runs."""

    DISABLED = "Disabled"
    VERIFICATION = "Verification"


class RecognitionType(StrEnum):
    """What recognition does; see SPEC words in `app.decision.decide`."""

    DISABLED = "Disabled"
    CALCULATION_ONLY = "CalculationOnly"
    DUPLICATE = "DuplicateVerification"
    UNIQUE_MATCH = "UniqueMatchVerification"
    MATCH = "MatchVerification"
    IDENTIFICATION = "Identification"

    @property
    def needs_external_id(self) -> bool:
        """True for the modes that tie a face to the site's id of a person."""
        return self in {RecognitionType.UNIQUE_MATCH, RecognitionType.MATCH}


class AgeType(StrEnum):
    """What the age verifier does."""

    DISABLED = "Disabled"
    CALCULATION_ONLY = "CalculationOnly"
    THRESHOLD = "ThresholdVerification"


class GenderType(StrEnum):
    """What the gender verifier does."""

    DISABLED = "Disabled"
    CALCULATION_ONLY = "CalculationOnly"


class Liveness(Block):
    """`Basic`: passive only. `Balanced`: and random movement. `Advanced`: and random light."""

    type: LivenessType = LivenessType.DISABLED
    challenge_type: ChallengeType = ChallengeType.BALANCED


class FaceRecognition(Block):
    """Which comparison, in which collection, how strict."""

    type: RecognitionType = RecognitionType.DISABLED
    collection_id: CollectionId | None = None
    """Name of the collection; None = the verification's own."""
    false_match_rate: Annotated[float, Field(ge=1e-6, le=1e-2)] = 1e-5
    on_uncertain: Literal["Fail", "Review"] = "Fail"


class Age(Block):
    """`Above 18` with buffer 2 passes from an estimate of 20."""

    type: AgeType = AgeType.DISABLED
    threshold: Annotated[int, Field(ge=1, le=100)] = 18
    direction: Literal["Above", "Below"] = "Above"
    buffer: Annotated[float, Field(ge=0, le=30)] = 0


class Gender(Block):
    """Only ever an estimate."""

    type: GenderType = GenderType.DISABLED


class VerifierConfigs(Block):
    """The four verifiers."""

    fail_on_multiple_faces_detected: Flag = False
    liveness: Liveness = Liveness()
    face_recognition: FaceRecognition = FaceRecognition()
    age: Age = Age()
    gender: Gender = Gender()

    @model_validator(mode="after")
    def _something_must_run(self) -> Self:
        types = (self.liveness.type, self.face_recognition.type, self.age.type, self.gender.type)
        if all(kind.value == "Disabled" for kind in types):
            raise ValueError("at least one verifier must be on")
        return self


class RedirectConfig(Block):
    """Where the person goes; without a URL the result page is the end."""

    passed_url: Url | None = None
    failed_url: Url | None = None
    allowed_redirect_urls: Annotated[tuple[Url, ...], Field(max_length=100)] = ()


class ResultParameterConfig(Block):
    """How the result travels and which parameters it carries.

    Personal data and the face id stay off until asked for: URLs end up in histories and logs.
    """

    delivery: Literal["Parameters", "Code"] = "Parameters"
    include_custom_input_parameters: Flag = False
    include_verification_session_id: Flag = True
    include_verification_id: Flag = True
    include_face_id: Flag = False
    include_verification_result: Flag = True
    include_liveness_result: Flag = True
    include_face_recognition_result: Flag = True
    include_age_verification_result: Flag = True
    include_age: Flag = False
    include_gender_verification_result: Flag = True
    include_gender: Flag = False
    include_correlation_id: Flag = True
    include_total_face_count: Flag = False
    include_failed_reason: Flag = True
    include_external_id: Flag = False
    include_nonce: Flag = True
    include_issued_at: Flag = True

    def includes(self, output: str) -> bool:
        """Tell whether one of `OUTPUTS` is switched on."""
        return bool(getattr(self, _field_of(output)))


def _field_of(output: str) -> str:
    return "include_" + re.sub(r"(?<!^)(?=[A-Z])", "_", output).lower()


class AttemptLimits(Block):
    """Failed visits per external id; the defaults are those of NIST SP 800-63B."""

    failures_before_pause: Annotated[int, Field(ge=1, le=10)] = 10
    pause_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    hard_stop: Annotated[int, Field(ge=1, le=100)] = 100


class SecurityConfig(Block):
    """Who may open links and frame the page."""

    force_signed_input: Flag = True
    signature_schemes: Annotated[
        tuple[Literal["hmac-sha256", "verifeye-sha256"], ...], Field(min_length=1, max_length=2)
    ] = ("hmac-sha256",)
    require_nonce: Flag = False
    frame_ancestors: Annotated[tuple[Origin, ...], Field(max_length=20)] = ()
    allowed_countries: Annotated[tuple[Country, ...], Field(max_length=250)] = ()
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    attempt_limits: AttemptLimits = AttemptLimits()


class SessionOverrideConfig(Block):
    """What a link may override; off unless switched on."""

    allow_verifier_overrides: Flag = False
    allow_result_parameter_overrides: Flag = False
    allow_redirect_overrides: Flag = False


class WebhookEvent(StrEnum):
    """Events that can be subscribed to."""

    CREATED = "VerificationCreated"
    STARTED = "VerificationStarted"
    COMPLETED = "VerificationCompleted"
    REVIEW = "VerificationReview"
    EXPIRED = "VerificationExpired"
    FACE_ENROLLED = "FaceEnrolled"
    FACE_DELETED = "FaceDeleted"
    REDACTED = "SessionRedacted"


class WebhookConfig(Block):
    """Where events go; no events listed = `VerificationCompleted` alone."""

    event_callback_url: Url | None = None
    events: tuple[WebhookEvent, ...] = ()
    send_api_key: Flag = False
    """Send a key as `X-API-Key` too, for receivers that do not check signatures."""


class ReviewConfig(Block):
    """Sessions that an operator has to look at (`onUncertain: Review`)."""

    second_opinion: Flag = False
    """Two different operators must agree."""
    deadline_hours: Annotated[int, Field(ge=1, le=720)] = 72
    """Afterwards the session expires, which is a refusal."""


class RetentionConfig(Block):
    """How long sessions and faces are kept, days; `faceDays` None = until deleted."""

    session_days: Annotated[int, Field(ge=0, le=3650)] = 30
    face_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class Configuration(Block):
    """One verification, whole."""

    id: Guid
    name: Name
    description: Description = ""
    verifier_configs: VerifierConfigs
    redirect_config: RedirectConfig = RedirectConfig()
    result_parameter_config: ResultParameterConfig = ResultParameterConfig()
    security_config: SecurityConfig = SecurityConfig()
    session_override_config: SessionOverrideConfig = SessionOverrideConfig()
    webhook_config: WebhookConfig = WebhookConfig()
    experience_config: ExperienceConfig = ExperienceConfig()
    review_config: ReviewConfig = ReviewConfig()
    retention_config: RetentionConfig = RetentionConfig()


def read_configuration(document: Any) -> Configuration:  # noqa: ANN401 -- parsed JSON of any shape
    """Validate a document; raise `ConfigurationRefusedError` with every problem by its path."""
    try:
        return Configuration.model_validate(document)
    except ValidationError as error:
        raise ConfigurationRefusedError(problems_of(error)) from None


def write_configuration(configuration: Configuration) -> str:
    """Return the canonical JSON: the same configuration always gives the same bytes."""
    return configuration.model_dump_json(by_alias=True, indent=2)
