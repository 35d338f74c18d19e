"""Whether it is a head that turns and nods, or a picture of one.

Measured on 2D landmark positions while the person obeys a turn and a nod. The landmark model draws a regular
face into everything, which is why depth itself (its z) is not used.

- Turn surplus. A head that turns by a small angle hardly narrows: nose and far cheek come round. A sheet
  has to be turned by 40-60° (and bent) before the landmark model reads 15° from it, and by then its face is
  20-35 % narrower. The surplus is the observed ratio of width to height, relative to neutral, minus the
  ratio that the measured yaw explains: about 0 for heads, −0.14 for sheets.
- Nod surplus. The same for height and pitch, with the sign turned so that sheets are again below 0. Of the
  three heights the one that looks least like a sheet counts, because speech and smiles change the others.
- Residual of the best homography from neutral to turned, in inter-eye distances: 0 for a plane up to noise.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

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
from app.pipeline.movement import NEUTRAL_FRAMES, NODS, TURNS, excursions
from app.pipeline.types import CaptureRecord, ChallengeStep, FaceMeasurement, Finding
from app.pipeline.verifier import unmeasurable
from app.pipeline.verifiers.head_movement import TimedFace, faces_within, neutral_before, timed_faces
from app.vocabulary import ChallengeAction, Evidence

# Frames of a movement that are measured: from here on the surplus of sheets stands out of the noise of heads.
MIN_EXCURSION = 0.8

_RIGID_ROWS = rows(RIGID_LANDMARKS)

Points2D = NDArray[np.float64]


class SolidHeadVerifier:
    """The score is the turn surplus of the flattest turn; the nod surplus is one of the details."""

    evidence = Evidence.SOLID_HEAD
    unit = "turn surplus, about 0 = a head, below −0.1 = a sheet"
    method = "foreshortening and homography v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure every turn and every nod that was reached."""
        faces = timed_faces(record)
        neutral = [timed.face for timed in faces if _is_before(timed, record.steps)][-NEUTRAL_FRAMES:]
        turns, nods = _moved(faces, record, TURNS), _moved(faces, record, NODS)
        if len(neutral) < NEUTRAL_FRAMES or not turns or not nods:
            return unmeasurable(self, "needs a turn and a nod")
        details = {
            "turns": len(turns),
            "nods": len(nods),
            "frames": sum(map(len, turns + nods)),
            "nod_surplus": min(_median(_nod_surplus, nod, neutral) for nod in nods),
            "homography_residual": min(_median(_residual, turn, neutral) for turn in turns),
        }
        score = min(_median(_turn_surplus, turn, neutral) for turn in turns)
        return Finding(self.evidence, score, self.unit, self.method, details)


Faces: TypeAlias = Sequence[FaceMeasurement]


def _is_before(timed: TimedFace, steps: Sequence[ChallengeStep]) -> bool:
    return bool(steps) and timed.received_ms <= steps[0].released_ms


def _moved(
    faces: Sequence[TimedFace], record: CaptureRecord, actions: frozenset[ChallengeAction]
) -> list[Faces]:
    """Return for each reached step of these actions the faces that have moved as ordered."""
    neutral = neutral_before(faces, record.steps)
    if neutral is None:
        return []
    steps = [step for step in record.steps if step.action in actions and step.reached_ms is not None]
    moved = [
        [
            timed.face
            for timed in faces_within(faces, step)
            if excursions(timed.face, neutral)[step.action] >= MIN_EXCURSION
        ]
        for step in steps
    ]
    return [each for each in moved if each]


def _median(measure: Callable[[FaceMeasurement, Faces], float], faces: Faces, neutral: Faces) -> float:
    return float(np.median([measure(face, neutral) for face in faces]))


def _turn_surplus(face: FaceMeasurement, neutral: Faces) -> float:
    """Return by how much wider a turned face is than its measured yaw explains; negative = narrower."""
    yaw_before = float(np.median([other.pose.yaw for other in neutral]))
    explained = np.cos(np.radians(face.pose.yaw)) / np.cos(np.radians(yaw_before))
    return float(np.mean(_change(face, neutral) - explained))


def _nod_surplus(face: FaceMeasurement, neutral: Faces) -> float:
    """Return by how much taller a nodding face is than its measured pitch explains; negative = flatter."""
    pitch_before = float(np.median([other.pose.pitch for other in neutral]))
    explained = np.cos(np.radians(pitch_before)) / np.cos(np.radians(face.pose.pitch))
    return float(np.max(explained - _change(face, neutral)))


def _change(face: FaceMeasurement, neutral: Faces) -> NDArray[np.float64]:
    """Return (3,): ratios of width to height as factors of those of the neutral face."""
    before: NDArray[np.float64] = np.median([_proportions(other.landmarks) for other in neutral], axis=0)
    return _proportions(face.landmarks) / before


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


def _residual(face: FaceMeasurement, neutral: Faces) -> float:
    """Return the root mean square distance to the best homography, in inter-eye distances."""
    before = neutral[-1].landmarks[_RIGID_ROWS, :2].astype(np.float64)
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
