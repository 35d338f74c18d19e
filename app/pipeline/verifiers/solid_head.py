"""Whether it is a head that turns, or a picture of one.

Two measurements of 2D landmark positions, both while the person obeys a turn:

- Foreshortening. A head that turns by a small angle hardly gets narrower: nose and far cheek come round.
  A sheet has to be turned by 40-60° (and bent) before the landmark model reads 15° from it, and by then its
  face is 20-35 % narrower. The surplus is the observed ratio of width to height, relative to neutral, minus
  the ratio that the measured yaw explains: about 0 for heads, −0.14 for sheets.
- Residual of the best homography from neutral to turned, in inter-eye distances: 0 for a plane up to noise.

The landmark model draws a regular face into everything, which is why depth itself (its z) is not used.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from app.pipeline.landmarks import (
    CHIN,
    FOREHEAD,
    LEFT_EYE_OUTER,
    LEFT_MOUTH_CORNER,
    LEFT_SIDE,
    NOSE_BASE,
    RIGHT_EYE_OUTER,
    RIGHT_MOUTH_CORNER,
    RIGHT_SIDE,
    RIGID_LANDMARKS,
    TrackedPoints,
    inter_eye_distance,
    point,
    rows,
)
from app.pipeline.movement import NEUTRAL_FRAMES, excursions, pose_of
from app.pipeline.types import CaptureRecord, ChallengeStep, FaceMeasurement, Finding
from app.pipeline.verifier import unmeasurable
from app.pipeline.verifiers.head_movement import TimedFace, faces_within, neutral_before, timed_faces
from app.vocabulary import ChallengeAction, Evidence

# Frames of a turn that are measured: from here on the surplus of sheets stands out of the noise of heads.
MIN_EXCURSION = 0.8

_TURNS = frozenset({ChallengeAction.LEFT, ChallengeAction.RIGHT})
_RIGID_ROWS = rows(RIGID_LANDMARKS)

Points2D = NDArray[np.float64]


class SolidHeadVerifier:
    """The score is the foreshortening surplus of the flattest turn."""

    evidence = Evidence.SOLID_HEAD
    unit = "foreshortening surplus, about 0 = a head, below −0.1 = a sheet"
    method = "foreshortening and homography v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure every turn that was reached."""
        faces = timed_faces(record)
        neutral = [timed.face for timed in faces if _is_before(timed, record.steps)][-NEUTRAL_FRAMES:]
        turns = [_turned(faces, step, record) for step in record.steps if step.action in _TURNS]
        turns = [turn for turn in turns if turn]
        if len(neutral) < NEUTRAL_FRAMES or not turns:
            return unmeasurable(self, "no turn to measure")
        surplus = [float(np.median([_surplus(face, neutral) for face in turn])) for turn in turns]
        residual = [float(np.median([_residual(face, neutral[-1]) for face in turn])) for turn in turns]
        details = {
            "turns": len(turns),
            "frames": sum(len(turn) for turn in turns),
            "homography_residual": min(residual),
        }
        return Finding(self.evidence, min(surplus), self.unit, self.method, details)


def _is_before(timed: TimedFace, steps: Sequence[ChallengeStep]) -> bool:
    return bool(steps) and timed.received_ms <= steps[0].released_ms


def _turned(faces: Sequence[TimedFace], step: ChallengeStep, record: CaptureRecord) -> list[FaceMeasurement]:
    """Return the faces of one step that have turned as ordered."""
    neutral = neutral_before(faces, record.steps)
    if neutral is None or step.reached_ms is None:
        return []
    return [
        timed.face
        for timed in faces_within(faces, step)
        if excursions(timed.face, neutral)[step.action] >= MIN_EXCURSION
    ]


def _surplus(face: FaceMeasurement, neutral: Sequence[FaceMeasurement]) -> float:
    """Return by how much wider a turned face is than its measured yaw explains; negative = narrower."""
    before = np.median([_proportions(other.landmarks) for other in neutral], axis=0)
    yaw_before = float(np.median([pose_of(other).yaw for other in neutral]))
    explained = np.cos(np.radians(face.pose.yaw)) / np.cos(np.radians(yaw_before))
    return float(np.mean(_proportions(face.landmarks) / before) - explained)


def _proportions(points: TrackedPoints) -> NDArray[np.float64]:
    """Return (3,): face width over three heights, of which no single expression changes all."""
    width = _distance(_flat(points, RIGHT_SIDE), _flat(points, LEFT_SIDE))
    forehead = _flat(points, FOREHEAD)
    eyes = (_flat(points, RIGHT_EYE_OUTER) + _flat(points, LEFT_EYE_OUTER)) / 2
    mouth = (_flat(points, RIGHT_MOUTH_CORNER) + _flat(points, LEFT_MOUTH_CORNER)) / 2
    heights = [
        _distance(forehead, _flat(points, CHIN)),
        _distance(eyes, mouth),
        _distance(forehead, _flat(points, NOSE_BASE)),
    ]
    return width / np.maximum(heights, 1e-6)


def _residual(face: FaceMeasurement, neutral: FaceMeasurement) -> float:
    """Return the root mean square distance to the best homography, in inter-eye distances."""
    before = neutral.landmarks[_RIGID_ROWS, :2].astype(np.float64)
    after = face.landmarks[_RIGID_ROWS, :2].astype(np.float64)
    homography, _ = cv2.findHomography(before, after, 0)
    if homography is None:
        return 0.0
    mapped = cv2.perspectiveTransform(before[None], homography)[0]
    rms = float(np.sqrt(((mapped - after) ** 2).sum(axis=1).mean()))
    return rms / max(inter_eye_distance(face.landmarks), 1e-6)


def _flat(points: TrackedPoints, number: int) -> Points2D:
    return point(points, number)[:2]


def _distance(a: Points2D, b: Points2D) -> float:
    return float(np.linalg.norm(a - b))
