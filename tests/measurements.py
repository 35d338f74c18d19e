"""Made-up measurements: a face that is where a test says, without any picture."""

from dataclasses import replace

import numpy as np

from app.inference.types import Demographics, Embedding
from app.pipeline.types import (
    TRACKED_LANDMARKS,
    CaptureRecord,
    ChallengeStep,
    FaceMeasurement,
    FaceQuality,
    FrameMeasurement,
    HeadPose,
)

GOOD_QUALITY = FaceQuality(
    sharpness=80.0,
    luminance=0.5,
    contrast=0.15,
    over_exposure=0.0,
    under_exposure=0.0,
    inter_eye_distance=70.0,
)
FRAME_MS = 100.0
"""Time between two frames: ten a second."""


def embedding_of(person: int, dimensions: int = 128) -> Embedding:
    """Return a direction that is nobody else's."""
    drawn = np.random.default_rng(person).standard_normal(dimensions)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def flat_landmarks(x: float = 320.0, y: float = 240.0) -> np.ndarray:
    """Return landmarks of no particular face around a point."""
    spread = np.random.default_rng(0).uniform(-60, 60, (len(TRACKED_LANDMARKS), 3))
    return (spread + np.array([x, y, 0.0])).astype(np.float32)


def a_face(
    yaw: float = 0.0,
    pitch: float = 0.0,
    width: float = 0.35,
    center: tuple[float, float] = (0.5, 0.5),
    person: int | None = 1,
    **more: object,
) -> FaceMeasurement:
    """Return a good face of `person` (None: not embedded)."""
    face = FaceMeasurement(
        center=center,
        width_share=width,
        pose=HeadPose(yaw, pitch, 0.0),
        quality=GOOD_QUALITY,
        landmarks=flat_landmarks(),
        face_rgb=(0.4, 0.3, 0.25),
        rim_rgb=(0.3, 0.22, 0.18),
        background_rgb=(0.2, 0.2, 0.2),
        presence=1.0,
        embedding=None if person is None else embedding_of(person),
        demographics=Demographics(30.0, 0.9),
        bona_fide=0.95,
    )
    return replace(face, **more)  # type: ignore[arg-type]


def a_frame(
    number: int = 0, face: FaceMeasurement | None = None, received_ms: float | None = None, **more: object
) -> FrameMeasurement:
    """Return frame `number` of a capture at ten frames a second; `face` None = nobody there."""
    frame = FrameMeasurement(
        number=number,
        client_ms=number * FRAME_MS,
        received_ms=number * FRAME_MS + 50.0 if received_ms is None else received_ms,
        digest=f"{number:032x}",
        size=(640, 480),
        face_count=0 if face is None else 1,
        face=face,
        noise=0.5 + 0.01 * (number % 3),
    )
    return replace(frame, **more)  # type: ignore[arg-type]


def a_record(
    frames: list[FrameMeasurement] | tuple[FrameMeasurement, ...] = (), steps: tuple[ChallengeStep, ...] = ()
) -> CaptureRecord:
    """Return a record made with models of made-up names."""
    return CaptureRecord(
        frames=tuple(frames),
        steps=steps,
        landmarker="landmarker-1",
        recognition_model="recognition-1",
        pad_model="pad-1",
        demographics_models=("ages-1",),
    )
