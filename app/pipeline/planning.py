"""Which frames deserve the dearer models: decided by what was measured so far, never by the browser.

Spacing counts frames, which the server numbers; the browser's clock may only make frames rarer within narrow
bounds. Otherwise a forged clock could keep a substituted face out of the embeddings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.pipeline.movement import NeutralPose, is_near, pose_of
from app.pipeline.quality import limiting_component
from app.pipeline.types import FaceMeasurement, FrameMeasurement, MeasurementNeeds

# An embedding of a face turned further than this says little about identity (the mesh's alignment fails
# first).
MAX_EMBEDDING_TURN = 40.0
# "Frontal": within this the embedding moves less than between two sessions of one person.
FRONTAL_YAW, FRONTAL_PITCH = 17.0, 28.0
# Below this the recognition chip (150 px, eyes about 74 px apart) is mostly interpolation.
MIN_INTER_EYE = 20.0

# Between two frontal ones while they are being collected.
SPACING_FRAMES, SPACING_MS = 2, 120.0
# A pose this far from all that were embedded lately is due at once: the frames of a challenge step that prove
# who moved. A target is reached at 15 degrees.
POSE_STEP_DEGREES, SCALE_STEP = 14.0, 0.3
# Enough for a capture of one second; the rest is for continuity, due whatever the browser's clock says. An
# embedding takes twice the time of all else that is measured in a frame.
QUICK_EMBEDDINGS, SLOW_SPACING_FRAMES = 3, 12
# As many as are fused. Those of a pose that turned out not to be the person's straight one are not counted:
# the verifiers leave them out, and a capture that waits for the others must be able to get them.
MAX_DEMOGRAPHICS, DEMOGRAPHICS_SPACING_FRAMES = 3, 3
MAX_BONA_FIDE, BONA_FIDE_SPACING_FRAMES = 8, 4


@dataclass(frozen=True, slots=True)
class FramePlan:
    """Which of the dearer models are due for the next frame, should its face be fit for them."""

    embedding_due: bool = False
    """Due for a face in any pose that the model can read; one that has moved far is due anyway."""
    frontal_embedding_due: bool = False
    """Due for a frontal face, which recognition can use."""
    neutral: NeutralPose | None = None
    """Where this person looks straight, once that is known: what is fused is near it."""
    demographics_due: bool = False
    bona_fide_due: bool = False
    checked_poses: tuple[NeutralPose, ...] = ()
    """Poses of the faces that were embedded lately."""

    def wants_embedding(self, face: FaceMeasurement) -> bool:
        """Tell whether this face is to be embedded."""
        due = self.embedding_due or (self.frontal_embedding_due and self._is_straight(face))
        return _readable(face) and (due or self._moved(face))

    def wants_demographics(self, face: FaceMeasurement) -> bool:
        """Tell whether age and gender are to be estimated from this face."""
        usable = limiting_component(face.quality) is None
        return self.demographics_due and usable and self._is_straight(face)

    def wants_bona_fide(self, face: FaceMeasurement) -> bool:
        """Tell whether the passive liveness model is to see this face."""
        return self.bona_fide_due and is_frontal(face)

    def _is_straight(self, face: FaceMeasurement) -> bool:
        return is_frontal(face) and (self.neutral is None or is_near(face, self.neutral))

    def _moved(self, face: FaceMeasurement) -> bool:
        return bool(self.checked_poses) and all(_is_far(face, pose) for pose in self.checked_poses)


def plan_frame(
    measured: Sequence[FrameMeasurement],
    client_ms: float,
    needs: MeasurementNeeds,
    *,
    quick: bool = False,
    neutral: NeutralPose | None = None,
) -> FramePlan:
    """Plan the frame that follows `measured`, captured at `client_ms` by the browser's clock.

    `quick`: recognition frames are being collected, so the wide spacing of a long capture is off; `neutral`:
    how this person looks straight.
    """
    embedded = [frame for frame in measured if frame.face is not None and frame.face.embedding is not None]
    number = len(measured)
    lately = [frame for frame in embedded if number - frame.number <= SLOW_SPACING_FRAMES] or embedded[-1:]
    return FramePlan(
        embedding_due=not embedded or number - embedded[-1].number >= SLOW_SPACING_FRAMES,
        frontal_embedding_due=(quick or len(embedded) < QUICK_EMBEDDINGS)
        and _quickly_due(embedded, number, client_ms),
        neutral=neutral,
        demographics_due=needs.demographics and _estimate_is_due(measured, number, neutral),
        bona_fide_due=needs.bona_fide and _bona_fide_is_due(measured, number),
        checked_poses=tuple(pose_of(frame.face) for frame in lately if frame.face is not None),
    )


def _is_far(face: FaceMeasurement, pose: NeutralPose) -> bool:
    turned = max(abs(face.pose.yaw - pose.yaw), abs(face.pose.pitch - pose.pitch))
    return (
        turned >= POSE_STEP_DEGREES or abs(face.width_share / max(pose.width_share, 1e-6) - 1) >= SCALE_STEP
    )


def is_frontal(face: FaceMeasurement) -> bool:
    """Tell whether the face looks towards the camera closely enough for recognition and age."""
    return abs(face.pose.yaw) <= FRONTAL_YAW and abs(face.pose.pitch) <= FRONTAL_PITCH


def _readable(face: FaceMeasurement) -> bool:
    turn = max(abs(face.pose.yaw), abs(face.pose.pitch))
    return turn <= MAX_EMBEDDING_TURN and face.quality.inter_eye_distance >= MIN_INTER_EYE


def _quickly_due(embedded: Sequence[FrameMeasurement], number: int, client_ms: float) -> bool:
    if not embedded:
        return True
    frames = number - embedded[-1].number
    return frames >= SPACING_FRAMES and client_ms - embedded[-1].client_ms >= SPACING_MS


def _estimate_is_due(measured: Sequence[FrameMeasurement], number: int, neutral: NeutralPose | None) -> bool:
    done = [
        frame.number
        for frame in measured
        if frame.face is not None
        and frame.face.demographics is not None
        and (neutral is None or is_near(frame.face, neutral))
    ]
    return _due(done, number, limit=MAX_DEMOGRAPHICS, spacing=DEMOGRAPHICS_SPACING_FRAMES)


def _bona_fide_is_due(measured: Sequence[FrameMeasurement], number: int) -> bool:
    done = [f.number for f in measured if f.face is not None and f.face.bona_fide is not None]
    return _due(done, number, limit=MAX_BONA_FIDE, spacing=BONA_FIDE_SPACING_FRAMES)


def _due(done: Sequence[int], number: int, *, limit: int, spacing: int) -> bool:
    """Tell whether frame `number` is due after those `done`."""
    return len(done) < limit and (not done or number - done[-1] >= spacing)
