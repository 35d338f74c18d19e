"""Which embeddings of an attempt are comparable: those in about the pose in which the person began."""

from app.pipeline.movement import NEUTRAL_FRAMES, NeutralPose, is_near, neutral_pose, pose_of
from app.pipeline.types import CaptureRecord, FaceMeasurement, FrameMeasurement
from app.pipeline.verifier import faces_of


def reference_pose(record: CaptureRecord) -> NeutralPose | None:
    """Return the pose before the first target, or the median pose of an attempt without targets."""
    shown = faces_of(record)
    if record.steps:
        released = record.steps[0].released_ms
        before = [face for frame, face in shown if frame.received_ms <= released]
        return neutral_pose([pose_of(face) for face in before[-NEUTRAL_FRAMES:]]) if before else None
    return neutral_pose([pose_of(face) for _, face in shown]) if shown else None


def embedded_faces(record: CaptureRecord) -> list[tuple[FrameMeasurement, FaceMeasurement]]:
    """Return the frames whose dominant face was embedded."""
    return [(frame, face) for frame, face in faces_of(record) if face.embedding is not None]


def faces_near_reference(record: CaptureRecord) -> list[FaceMeasurement]:
    """Return the dominant faces near the reference pose, embedded or not."""
    reference = reference_pose(record)
    return [face for _, face in faces_of(record) if reference is not None and is_near(face, reference)]


def comparable_faces(record: CaptureRecord) -> list[FaceMeasurement]:
    """Return the embedded faces near the reference pose: those that continuity compares strictly."""
    return [face for face in faces_near_reference(record) if face.embedding is not None]
