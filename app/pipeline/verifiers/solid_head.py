"""Whether it is a head that turns and nods, or a picture of one.

Measured on 2D landmark positions while the person obeys a turn and a nod: how the lengths in the face
changed (`app.pipeline.foreshortening`), weighed by two linear discriminants. One was fitted to tell heads
from sheets of paper, flat to bent; the other from paper masks, which are cut out and bent as far as a face is
round. Beside them stands the residual of the best homography from neutral to turned, in inter-eye distances:
0 for a plane up to noise.

The weights are in `solid_head.json` beside this file, with their data; `flask calibrate solid-head` fits
them anew.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from app.pipeline.discriminant import LinearDiscriminant, read_discriminants
from app.pipeline.foreshortening import (
    NOD_FEATURES,
    TURN_FEATURES,
    Features,
    median_points,
    nod_features,
    turn_features,
)
from app.pipeline.landmarks import RIGID_LANDMARKS, TrackedPoints, inter_eye_distance, rows
from app.pipeline.movement import NEUTRAL_FRAMES, NODS, TURNS, excursions, is_turned_aside
from app.pipeline.pose import head_pose
from app.pipeline.types import CaptureRecord, ChallengeStep, FaceMeasurement, Finding
from app.pipeline.verifier import unmeasurable
from app.pipeline.verifiers.head_movement import TimedFace, faces_within, neutral_before, timed_faces
from app.vocabulary import ChallengeAction, Evidence

# Frames of a movement that are measured: from here on sheets stand out of the noise of heads.
MIN_EXCURSION = 0.8
FEATURES: tuple[str, ...] = (
    *(f"turn.{name}" for name in TURN_FEATURES),
    *(f"nod.{name}" for name in NOD_FEATURES),
)
WEIGHTS_FILE = Path(__file__).with_name("solid_head.json")
SHEET, MASK = "sheet", "mask"

_RIGID_ROWS = rows(RIGID_LANDMARKS)

Faces: TypeAlias = Sequence[FaceMeasurement]
FeatureFunction: TypeAlias = Callable[..., Features]


class SolidHeadVerifier:
    """The score tells heads from sheets of paper, by the flattest turn and the flattest nod."""

    evidence = Evidence.SOLID_HEAD
    unit = "discriminant, higher = a head rather than a sheet of paper"
    method = "foreshortening discriminants and homography v2"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure every turn and every nod that was reached."""
        faces = timed_faces(record)
        neutral = [timed.face for timed in faces if _is_before(timed, record.steps)][-NEUTRAL_FRAMES:]
        turns, nods = _moved(faces, record, TURNS), _moved(faces, record, NODS)
        if len(neutral) < NEUTRAL_FRAMES or not turns or not nods:
            return unmeasurable(self, "needs a turn and a nod")
        turned = [_features(turn_features, faces, neutral) for faces in turns]
        nodded = [_features(nod_features, faces, neutral) for faces in nods]
        details = {
            "turns": len(turns),
            "nods": len(nods),
            "frames": sum(map(len, turns + nods)),
            "mask_score": _score(_discriminants()[MASK], turned, nodded),
            "homography_residual": min(_residual_of(turn, neutral) for turn in turns),
        }
        score = _score(_discriminants()[SHEET], turned, nodded)
        return Finding(self.evidence, score, self.unit, self.method, details)


@cache
def _discriminants() -> dict[str, LinearDiscriminant]:
    return read_discriminants(WEIGHTS_FILE, FEATURES)


def _score(discriminant: LinearDiscriminant, turned: Sequence[Features], nodded: Sequence[Features]) -> float:
    """Return the score of the flattest turn with the flattest nod."""
    turn = min(discriminant.part(values) for values in turned)
    nod = min(discriminant.part(values, len(TURN_FEATURES)) for values in nodded)
    return turn + nod + discriminant.bias


def _features(measure: FeatureFunction, faces: Faces, neutral: Faces) -> Features:
    """Return the median over the faces of one movement."""
    before = median_points([face.landmarks for face in neutral])
    pose = head_pose(before)
    values = [measure(face.landmarks, face.pose, before, pose) for face in faces]
    return np.asarray(np.median(values, axis=0))


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
            if _shows(excursions(timed.face, neutral), step.action)
        ]
        for step in steps
    ]
    return [each for each in moved if each]


def _shows(reach: dict[ChallengeAction, float], action: ChallengeAction) -> bool:
    return reach[action] >= MIN_EXCURSION and not is_turned_aside(reach, action)


def _residual_of(faces: Faces, neutral: Faces) -> float:
    before = neutral[-1].landmarks
    return float(np.median([_residual(face.landmarks, before) for face in faces]))


def _residual(face: TrackedPoints, neutral: TrackedPoints) -> float:
    """Return the root mean square distance to the best homography, in inter-eye distances."""
    before, after = _flat(neutral), _flat(face)
    homography, _ = cv2.findHomography(before, after, 0)
    if homography is None:
        return 0.0
    mapped = cv2.perspectiveTransform(before[None], homography)[0]
    rms = float(np.sqrt(((mapped - after) ** 2).sum(axis=1).mean()))
    return rms / max(inter_eye_distance(face), 1e-6)


def _flat(points: TrackedPoints) -> NDArray[np.float64]:
    return points[_RIGID_ROWS, :2].astype(np.float64)
