"""What is measured: frames in, measurements and findings out. Nothing here judges."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.inference.types import Demographics, Embedding, RgbImage
from app.pipeline.light import LightStep
from app.vocabulary import ChallengeAction, ChallengePath, Evidence, PathReason

# Face-mesh indices whose positions are kept per frame: enough for pose, planarity and track, too few to
# draw anybody. Outline, brows, eyes, nose, mouth; the first eleven are those with published golden values.
TRACKED_LANDMARKS: tuple[int, ...] = (
    33, 133, 362, 263, 1, 2, 61, 291, 152, 234, 454,
    10, 338, 297, 332, 284, 251, 389, 323, 361, 288, 397, 365, 379, 378, 400,
    377, 148, 176, 149, 150, 136, 172, 58, 132, 93, 127, 162, 21, 54, 103, 67,
    109, 70, 105, 107, 336, 334, 300, 168, 6, 197, 195, 5, 4, 98, 327, 159, 145,
    386, 374, 0, 17, 13, 14, 50, 280, 117, 346,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasurementNeeds:
    """Which of the dearer models a session needs at all; embeddings are always needed for continuity."""

    demographics: bool = False
    bona_fide: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CaptureSample:
    """One decoded frame as the browser sent it; lives in memory only."""

    number: int
    """Position in the attempt, 0, 1, 2 … without gaps."""
    image: RgbImage
    client_ms: float
    """The browser's clock, milliseconds since the capture began; a claim, never trusted alone."""
    received_ms: float
    """The server's clock at arrival of its batch, milliseconds since the attempt began."""
    digest: str
    """Hex digest of the encoded bytes: equal digests mean a repeated frame."""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Rotation of the head, degrees, from the 3D landmarks."""

    yaw: float
    """Positive = turned to the person's own left (nose to the right edge of the unmirrored picture)."""
    pitch: float
    """Positive = looking up."""
    roll: float
    """Positive = head tilted clockwise in the unmirrored picture."""


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """Components as ISO/IEC 29794-5 names them."""

    sharpness: float
    """Variance of the Laplacian over the face resampled to a fixed size; higher = sharper."""
    luminance: float
    """Mean luma of the face, 0…1."""
    contrast: float
    """Standard deviation of luma of the face, 0…1."""
    over_exposure: float
    """Share of face pixels at the upper limit, 0…1."""
    under_exposure: float
    """Share of face pixels at the lower limit, 0…1."""
    inter_eye_distance: float
    """Pixels between the eye centres in the picture as sent."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceMeasurement:
    """Everything measured of the dominant face of one frame."""

    center: tuple[float, float]
    """Middle of the face, share of picture width and height, 0…1."""
    width_share: float
    """Face width (points 234 to 454, unrotated) as a share of the picture's shorter side."""
    pose: HeadPose
    quality: FaceQuality
    landmarks: NDArray[np.float32]
    """(len(TRACKED_LANDMARKS), 3) pixels of the picture as sent."""
    face_rgb: tuple[float, float, float]
    """Mean linear-light RGB of forehead, cheeks and nose, 0…1."""
    rim_rgb: tuple[float, float, float]
    """Mean linear-light RGB of the skin just inside the outline of the face, 0…1."""
    background_rgb: tuple[float, float, float] | None
    """Mean linear-light RGB of a ring around the head, 0…1; None where it could hide a colour."""
    presence: float
    """Probability that it is a face, 0…1."""
    embedding: Embedding | None = None
    """Only for frames chosen for recognition and continuity."""
    next_embedding: Embedding | None = None
    """The same face seen by the model that will replace the present one; only while it is being changed."""
    demographics: Demographics | None = None
    """Only for a few good frontal frames."""
    bona_fide: float | None = None
    """Passive liveness score 0…1, higher = more like a live capture; only for a few frames."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameMeasurement:
    """What remains of a frame once its pixels are gone."""

    number: int
    client_ms: float
    received_ms: float
    digest: str
    size: tuple[int, int]
    """Width and height, pixels."""
    face_count: int
    face: FaceMeasurement | None
    noise: float = 0.0
    """Robust estimate of the sensor's noise floor, 8-bit levels."""


@dataclass(frozen=True, slots=True)
class ChallengeStep:
    """One released target with the server's own times."""

    action: ChallengeAction
    released_ms: float
    """Server clock, ms since the attempt began, when the target was first told to the browser."""
    reached_ms: float | None
    """Server clock when the target was held; None while it was not."""


@dataclass(frozen=True, slots=True)
class LightRecord:
    """The light sequence of one attempt: what was to be shown, and when it was."""

    steps: tuple[LightStep, ...]
    """The whole sequence as drawn."""
    released: tuple[float, ...] = ()
    """Server clock, ms since the attempt began, when each step was first told to the browser."""
    shown: tuple[float, ...] = ()
    """The browser's clock, as `client_ms`, when it says that it painted each step."""


@dataclass(frozen=True, slots=True, eq=False)
class CaptureRecord:
    """All that verifiers may look at: one attempt, complete."""

    frames: tuple[FrameMeasurement, ...]
    steps: tuple[ChallengeStep, ...]
    """Empty when no movement was asked for."""
    landmarker: str
    recognition_model: str
    pad_model: str
    demographics_models: tuple[str, ...]
    light: LightRecord | None = None
    """None when no light was asked for."""
    path: ChallengePath | None = None
    """Which way an Advanced challenge went."""
    path_reason: PathReason | None = None
    next_landmarker: str | None = None
    next_recognition_model: str | None = None
    """What made the `next_embedding`s; None unless the model is being changed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One measured fact. Never a verdict: thresholds live in the policy."""

    evidence: Evidence
    score: float | None
    """None = could not be measured; the policy treats that as not passed."""
    unit: str
    """For example `cosine similarity, −1…1, higher = more alike`."""
    method: str
    """Model or method id with version."""
    details: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    """Further numbers of the same measurement; never an embedding, never pixels."""

    @property
    def measurable(self) -> bool:
        """False when the verifier crashed, timed out or had nothing to look at."""
        return self.score is not None
