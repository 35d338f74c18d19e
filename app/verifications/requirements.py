"""From a configuration and a session's overrides to what the policy must find."""

import math

from app.decision.types import AgeRequirement, RecognitionMode, RecognitionRequirement, Requirements
from app.verifications.configuration import Age, AgeType, Configuration
from app.verifications.overrides import Overrides, enabled_verifiers
from app.vocabulary import VerifierName


def requirements_of(configuration: Configuration, overrides: Overrides) -> Requirements:
    """Return what this session demands.

    Recognition carries thresholds that nothing reaches: the real ones depend on the templates and on
    the size of the collection, and replace these in the transaction that compares.
    """
    configs = configuration.verifier_configs
    running = enabled_verifiers(configuration) - overrides.disabled
    return Requirements(
        liveness=configs.liveness.challenge_type if VerifierName.LIVENESS in running else None,
        recognition=_unreachable(configuration) if VerifierName.FACE_RECOGNITION in running else None,
        age=_age(configs.age) if VerifierName.AGE in running else None,
        gender=VerifierName.GENDER in running,
        fail_on_multiple_faces=configs.fail_on_multiple_faces_detected,
    )


def _unreachable(configuration: Configuration) -> RecognitionRequirement:
    recognition = configuration.verifier_configs.face_recognition
    return RecognitionRequirement(
        mode=RecognitionMode(recognition.type.value),
        match_threshold=math.inf,
        search_threshold=math.inf,
        review_threshold=math.inf,
        review_uncertain=recognition.on_uncertain == "Review",
    )


def _age(age: Age) -> AgeRequirement:
    if age.type is AgeType.CALCULATION_ONLY:
        return AgeRequirement()
    return AgeRequirement(age.threshold, age.direction == "Above", age.buffer)
