"""Where a new configuration begins: the five things that people come for."""

from dataclasses import dataclass
from typing import Any

_LIVE = {"type": "Verification", "challengeType": "Balanced"}


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """One template."""

    key: str
    title: str
    sentence: str
    document: dict[str, Any]


STARTING_POINTS: tuple[StartingPoint, ...] = (
    StartingPoint(
        "age-gate",
        "Age gate 18+",
        "A living person who looks clearly older than 18. No face is stored.",
        {
            "verifierConfigs": {
                "liveness": _LIVE,
                "age": {"type": "ThresholdVerification", "threshold": 18, "direction": "Above", "buffer": 4},
            },
            "retentionConfig": {"sessionDays": 7},
        },
    ),
    StartingPoint(
        "one-account",
        "One account per person",
        "The first visit enrols the face; nobody opens a second account with it.",
        {
            "verifierConfigs": {
                "failOnMultipleFacesDetected": True,
                "liveness": _LIVE,
                "faceRecognition": {"type": "UniqueMatchVerification"},
            },
        },
    ),
    StartingPoint(
        "returning",
        "Login of a returning user",
        "Compares with the face of the first visit. Links work once.",
        {
            "verifierConfigs": {"liveness": _LIVE, "faceRecognition": {"type": "MatchVerification"}},
            "securityConfig": {"requireNonce": True},
        },
    ),
    StartingPoint(
        "register-then-check",
        "Register, then check",
        "The first visit does everything; later links may skip age and gender for a quick check.",
        {
            "verifierConfigs": {
                "liveness": _LIVE,
                "faceRecognition": {"type": "UniqueMatchVerification", "onUncertain": "Review"},
                "age": {"type": "CalculationOnly"},
            },
            "sessionOverrideConfig": {"allowVerifierOverrides": True},
        },
    ),
    StartingPoint(
        "everything",
        "Everything",
        "All four verifiers, the strongest liveness; a good start for having a look around.",
        {
            "verifierConfigs": {
                "failOnMultipleFacesDetected": True,
                "liveness": {"type": "Verification", "challengeType": "Advanced"},
                "faceRecognition": {"type": "UniqueMatchVerification", "onUncertain": "Review"},
                "age": {"type": "ThresholdVerification", "threshold": 18, "buffer": 2},
                "gender": {"type": "CalculationOnly"},
            },
        },
    ),
)
