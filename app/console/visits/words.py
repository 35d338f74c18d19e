"""What the findings of a session mean, for the person who reads them."""

from app.vocabulary import ChallengePath, Evidence, PathReason

# Evidence → title, what its score says.
EVIDENCE_TEXTS: dict[Evidence, tuple[str, str]] = {
    Evidence.FACE_PRESENCE: ("A face in the picture", "Share of frames with exactly one usable face."),
    Evidence.IMAGE_QUALITY: ("Picture quality", "Share of frames that are sharp, lit and large enough."),
    Evidence.PRESENTATION_ATTACK: (
        "Passive liveness",
        "How much the frames look like skin rather than paper or a screen.",
    ),
    Evidence.HEAD_MOVEMENT: ("Followed the movement", "How well the head went where it was asked to go."),
    Evidence.SOLID_HEAD: ("A solid head", "Whether the face moves like a head and not like a flat picture."),
    Evidence.LIGHT_REFLECTION: (
        "Reflected the light",
        "Whether the face took on the screen's random colours.",
    ),
    Evidence.CONTINUITY: ("The same face throughout", "Likeness of the frames of this visit to each other."),
    Evidence.CAPTURE_INTEGRITY: (
        "An honest camera",
        "Timing and variety of frames, as a real camera gives them.",
    ),
    Evidence.FACE_COMPARISON: ("Face comparison", "Likeness to the stored face, or to the nearest one."),
    Evidence.BLOCK_LIST: ("Block list", "Likeness to the nearest blocked face."),
    Evidence.AGE: ("Age", "Estimated from several frames."),
    Evidence.GENDER: ("Gender", "Estimated from several frames."),
}

# Thresholds of comparisons stand in the decision's notes under these names.
COMPARISON_THRESHOLDS: dict[Evidence, tuple[tuple[str, str], ...]] = {
    Evidence.FACE_COMPARISON: (
        ("match_threshold", "one to one"),
        ("search_threshold", "search"),
        ("review_threshold", "uncertain from"),
    ),
    Evidence.BLOCK_LIST: (
        ("block_threshold", "blocked from"),
        ("block_review_threshold", "uncertain from"),
    ),
}

PATH_TEXTS: dict[ChallengePath, str] = {
    ChallengePath.LIGHT: "random light, with movement",
    ChallengePath.MOVEMENT: "longer movement in place of light",
}
PATH_REASON_TEXTS: dict[PathReason, str] = {
    PathReason.FLASHING_DECLINED: "the person did not want flashing colours",
    PathReason.REDUCED_MOTION: "the device asks for reduced motion",
    PathReason.TOO_BRIGHT: "the room was too bright to see the light",
}

# Who moved a session on.
ACTOR_TEXTS: dict[str, str] = {
    "person": "the person",
    "policy": "the decision",
    "clock": "the clock",
    "backend": "your backend",
    "operator": "an operator",
    "worker": "the worker",
}
