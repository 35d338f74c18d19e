"""Runs every verifier over a record. What crashes has measured nothing, and that never passes."""

import logging
from collections.abc import Sequence

from app.pipeline.types import CaptureRecord, Finding
from app.pipeline.verifier import Verifier, unmeasurable
from app.pipeline.verifiers.age import AgeVerifier
from app.pipeline.verifiers.capture_integrity import CaptureIntegrityVerifier
from app.pipeline.verifiers.continuity import ContinuityVerifier
from app.pipeline.verifiers.face_presence import FacePresenceVerifier
from app.pipeline.verifiers.gender import GenderVerifier
from app.pipeline.verifiers.head_movement import HeadMovementVerifier
from app.pipeline.verifiers.image_quality import ImageQualityVerifier
from app.pipeline.verifiers.light_reflection import LightReflectionVerifier
from app.pipeline.verifiers.presentation_attack import PresentationAttackVerifier
from app.pipeline.verifiers.solid_head import SolidHeadVerifier

logger = logging.getLogger(__name__)

VERIFIERS: tuple[Verifier, ...] = (
    FacePresenceVerifier(),
    ImageQualityVerifier(),
    CaptureIntegrityVerifier(),
    PresentationAttackVerifier(),
    HeadMovementVerifier(),
    SolidHeadVerifier(),
    LightReflectionVerifier(),
    ContinuityVerifier(),
    AgeVerifier(),
    GenderVerifier(),
)


def run(record: CaptureRecord, verifiers: Sequence[Verifier] = VERIFIERS) -> list[Finding]:
    """Return one finding of each verifier, in the declared order.

    Verifiers of things that were not asked for come out unmeasurable; the policy looks at what is required.
    """
    return [_run_one(verifier, record) for verifier in verifiers]


def _run_one(verifier: Verifier, record: CaptureRecord) -> Finding:
    try:
        return verifier.verify(record)
    except Exception as error:
        # The message could carry measurements of a person; the type is enough to find the fault.
        logger.error("verifier %s crashed: %s", verifier.evidence, type(error).__name__)
        return unmeasurable(verifier, f"crashed: {type(error).__name__}")
