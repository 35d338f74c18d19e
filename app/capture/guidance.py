"""The single most helpful thing to say about one frame, and whether the frame is good."""

from app.pipeline.types import FaceMeasurement, FrameMeasurement
from app.vocabulary import Guidance

# Comfort zone for the beginning, not limits of the decision (those are in config/policy.toml). Face width
# as a share of the picture's shorter side: 0.2 of 480 px are 96 px, 43 px between the eyes; moved back to
# 0.82 of it the detector still has the 35 px that it needs. Above 0.62 a face that comes nearer leaves the
# picture.
MIN_WIDTH, MAX_WIDTH = 0.20, 0.62
MAX_OFF_CENTER_X, MAX_OFF_CENTER_Y = 0.24, 0.28
MIN_LUMINANCE, MAX_LUMINANCE = 0.10, 0.88
MAX_OVER_EXPOSURE = 0.30
# Cameras sit above monitors and below laptop screens: pitch is judged generously, movement relative to
# neutral.
MAX_YAW, MAX_PITCH, MAX_ROLL = 14.0, 24.0, 25.0
MIN_SHARPNESS = 9.0


def advise(frame: FrameMeasurement, *, single_person: bool) -> Guidance:
    """Return what would help most, `GOOD` when nothing is wrong with a neutral frame."""
    if frame.face is None:
        return Guidance.NO_FACE
    if single_person and frame.face_count > 1:
        return Guidance.ONE_PERSON_ONLY
    return advise_light(frame.face) or _advise_place(frame.face) or _advise_pose(frame.face) or Guidance.GOOD


def advise_light(face: FaceMeasurement) -> Guidance | None:
    """Return what is wrong with the light, None when it is good enough."""
    if face.quality.luminance < MIN_LUMINANCE:
        return Guidance.TOO_DARK
    if face.quality.luminance > MAX_LUMINANCE or face.quality.over_exposure > MAX_OVER_EXPOSURE:
        return Guidance.TOO_BRIGHT
    return None


def _advise_place(face: FaceMeasurement) -> Guidance | None:
    if face.width_share < MIN_WIDTH:
        return Guidance.MOVE_CLOSER
    if face.width_share > MAX_WIDTH:
        return Guidance.MOVE_BACK
    x, y = face.center
    if abs(x - 0.5) > MAX_OFF_CENTER_X or abs(y - 0.5) > MAX_OFF_CENTER_Y:
        return Guidance.CENTER_FACE
    return None


def _advise_pose(face: FaceMeasurement) -> Guidance | None:
    pose = face.pose
    if abs(pose.yaw) > MAX_YAW or abs(pose.pitch) > MAX_PITCH or abs(pose.roll) > MAX_ROLL:
        return Guidance.LOOK_STRAIGHT
    return Guidance.HOLD_STILL if face.quality.sharpness < MIN_SHARPNESS else None
