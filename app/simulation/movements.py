"""Turns and nods of rendered heads, and of photos of them held before a camera: examples for calibration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.inference.types import FaceEngine
from app.pipeline.landmarks import TrackedPoints, keep_tracked
from app.pipeline.movement import DOWN_DEGREES, YAW_DEGREES
from app.pipeline.pose import head_pose
from app.sandbox.head import Head
from app.sandbox.pose import HeadPose
from app.simulation.attacks.cut_out_photo import HELD, MASK
from app.simulation.attacks.moved_photo import EXAGGERATION
from app.simulation.attacks.species import BENDS, Props
from app.simulation.camera import Webcam
from app.simulation.cast import Member
from app.simulation.grid import CAMERA_GRID
from app.simulation.pixels import scene_of
from app.simulation.sight import Sight

HEAD, SHEET, MASKED = "head", "sheet", "mask"
# What a cooperative person does when asked, degrees, and how far that differs from one to the next.
TURN, NOD, REACH = 28.0, 20.0, (0.85, 1.15)
# Somebody's own neutral pose and what moves along, one standard deviation: degrees, logarithm of distance.
POSTURE, SWAY, LEAN = 2.0, 1.0, 0.04
NEUTRAL_FRAMES = 3
# Shares of the way to the target at which frames are taken. The way begins where the last target was: half of
# the time at a target of the other axis, so that nobody is judged by nods that began straight.
ON_THE_WAY, COUNTED = (0.6, 0.7, 0.8, 0.9, 1.0), 0.8
HEAD_TRIALS, PICTURE_TRIALS = 30, 8


@dataclass(frozen=True, slots=True, eq=False)
class MovementExample:
    """Somebody, or a picture of somebody, that was seen to turn and to nod."""

    kind: str
    name: str
    """Of the person."""
    neutral: TrackedPoints
    turned: Sequence[TrackedPoints]
    nodded: Sequence[TrackedPoints]


def movement_examples(
    member: Member, engine: FaceEngine, props: Props, rng: np.random.Generator
) -> Iterator[MovementExample]:
    """Yield examples of one head and of its photos; those that no target would count are left out."""
    for _ in range(HEAD_TRIALS):
        yield from _trial(HEAD, member.head, member.name, (1.0, 1.0), engine, rng)
    sheets = [(SHEET, bend, False) for bend in BENDS] + [(SHEET, bend, True) for bend in HELD]
    for kind, bend, cut in [*sheets, *((MASKED, bend, True) for bend in MASK)]:
        body = props.sheet(member.head, bend, cut=cut)
        for _ in range(PICTURE_TRIALS):
            turn, nod = (float(rng.uniform(*bounds)) for bounds in EXAGGERATION)
            yield from _trial(kind, body, member.name, (turn, nod), engine, rng)


def _trial(
    kind: str,
    body: Head,
    name: str,
    effort: tuple[float, float],
    engine: FaceEngine,
    rng: np.random.Generator,
) -> Iterator[MovementExample]:
    camera = CAMERA_GRID[int(rng.integers(len(CAMERA_GRID)))].build(int(rng.integers(1 << 31)))
    eye = _Eye(engine, body, camera, rng)
    yaw_own, pitch_own, roll_own = rng.normal(0, POSTURE, 3).tolist()
    posture = HeadPose(yaw_own, pitch_own, roll_own, float(np.exp(rng.normal(0, LEAN))))
    reach = float(rng.uniform(*REACH))
    yaw = float(rng.choice((-1.0, 1.0))) * TURN * reach * effort[0]
    pitch = float(rng.choice((-1.0, 1.0))) * NOD * reach * effort[1]
    neutral = [points for _ in range(NEUTRAL_FRAMES) if (points := eye.see(posture, 0.0, 0.0)) is not None]
    if len(neutral) < NEUTRAL_FRAMES:
        return
    middle = np.asarray(np.median(neutral, axis=0), np.float32)
    turned = eye.turn(posture, middle, yaw, float(rng.choice((0.0, 1.0))) * pitch)
    nodded = eye.nod(posture, middle, pitch, float(rng.choice((0.0, 1.0))) * yaw) if turned else []
    if turned and nodded:
        yield MovementExample(kind, name, middle, turned, nodded)


@dataclass(frozen=True, slots=True)
class _Eye:
    """One camera before one body."""

    engine: FaceEngine
    body: Head
    camera: Webcam
    rng: np.random.Generator

    def see(self, posture: HeadPose, yaw: float, pitch: float) -> TrackedPoints | None:
        sway = self.rng.normal(0, SWAY, 3)
        pose = HeadPose(
            posture.yaw_deg + yaw + sway[0],
            posture.pitch_deg + pitch + sway[1],
            posture.roll_deg + sway[2],
            posture.distance,
        )
        faces = self.engine.detect(self.camera.capture(scene_of(Sight(self.body, pose))), 1)
        return keep_tracked(faces[0].landmarks) if faces else None

    def turn(
        self, posture: HeadPose, neutral: TrackedPoints, yaw: float, pitch_before: float
    ) -> list[TrackedPoints]:
        """Return what counts of a turn that begins at a raised or lowered head."""
        before = head_pose(neutral).yaw
        seen = [self.see(posture, share * yaw, (1 - share) * pitch_before) for share in ON_THE_WAY]
        found = [points for points in seen if points is not None]
        return _counted(found, [abs(head_pose(points).yaw - before) / YAW_DEGREES for points in found])

    def nod(
        self, posture: HeadPose, neutral: TrackedPoints, pitch: float, yaw_before: float
    ) -> list[TrackedPoints]:
        """Return what counts of a nod that begins at a turned head."""
        before = head_pose(neutral).pitch
        seen = [self.see(posture, (1 - share) * yaw_before, share * pitch) for share in ON_THE_WAY]
        found = [points for points in seen if points is not None]
        return _counted(found, [abs(head_pose(points).pitch - before) / DOWN_DEGREES for points in found])


def _counted(found: Sequence[TrackedPoints], ways: Sequence[float]) -> list[TrackedPoints]:
    """Return the frames that the verifier would look at; none unless two of them reach the target."""
    if sum(way >= 1 for way in ways) < 2:
        return []
    return [points for points, way in zip(found, ways, strict=True) if way >= COUNTED]
