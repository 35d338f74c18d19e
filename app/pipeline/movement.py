"""Head movement relative to a person's own neutral pose: what counts as having followed a target.

The coach and the verifier share this definition, so that nobody is told "well done" and then refused for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.pipeline.types import FaceMeasurement
from app.vocabulary import ChallengeAction

# Degrees and factors at which a target counts as reached, relative to neutral. The neck reaches about 70°
# to a side and 50° up or down, a third of that with severe stiffness; a comfortable turn is 20-30°. The
# measured angle is about 0.8 of the true one. Against it stands what a flat photo shows when it is turned
# by 30° and 50°: 3.4° and 4.5° at the median, under 11° for 95 % (60 photos of LFW, rendered, November
# 2026).
YAW_DEGREES = 15.0
UP_DEGREES, DOWN_DEGREES = 9.0, 9.0
# 50 cm to 41 cm, or to 61 cm: a lean of the upper body.
NEARER_SCALE, FARTHER_SCALE = 1.22, 0.82


@dataclass(frozen=True, slots=True)
class NeutralPose:
    """How this person looks into this camera when asked to look straight."""

    yaw: float
    """Degrees."""
    pitch: float
    """Degrees."""
    width_share: float
    """As in `FaceMeasurement`."""


# Consecutive good frames that make the neutral pose: the last ones before the first target is released.
NEUTRAL_FRAMES = 3


def pose_of(face: FaceMeasurement) -> NeutralPose:
    """Return the part of a measurement that movement is judged by."""
    return NeutralPose(face.pose.yaw, face.pose.pitch, face.width_share)


def neutral_pose(poses: Sequence[NeutralPose]) -> NeutralPose:
    """Return the median of at least one pose."""
    return NeutralPose(
        yaw=float(np.median([pose.yaw for pose in poses])),
        pitch=float(np.median([pose.pitch for pose in poses])),
        width_share=float(np.median([pose.width_share for pose in poses])),
    )


# Within this of the neutral pose two embeddings of one person differ by the frame, not by the pose: of 170
# simulated attempts and six clips none has a frame below 0.96 to the mean of the others.
NEAR_DEGREES = 12.0


def is_near(face: FaceMeasurement, neutral: NeutralPose) -> bool:
    """Tell whether a face looks about where the neutral one does."""
    return are_near(pose_of(face), neutral)


def are_near(pose: NeutralPose, other: NeutralPose) -> bool:
    """Tell whether two poses are about the same."""
    return abs(pose.yaw - other.yaw) <= NEAR_DEGREES and abs(pose.pitch - other.pitch) <= NEAR_DEGREES


def excursions(face: FaceMeasurement, neutral: NeutralPose) -> dict[ChallengeAction, float]:
    """Return how far the head has gone towards each target: 0 = neutral, 1 = reached, < 0 = away from it."""
    yaw, pitch = face.pose.yaw - neutral.yaw, face.pose.pitch - neutral.pitch
    # Distance goes with the inverse of the size, so equal steps nearer and farther are equal logarithms.
    scale = float(np.log(max(face.width_share, 1e-6) / max(neutral.width_share, 1e-6)))
    return {
        ChallengeAction.LEFT: yaw / YAW_DEGREES,
        ChallengeAction.RIGHT: -yaw / YAW_DEGREES,
        ChallengeAction.UP: pitch / UP_DEGREES,
        ChallengeAction.DOWN: -pitch / DOWN_DEGREES,
        ChallengeAction.NEARER: scale / float(np.log(NEARER_SCALE)),
        ChallengeAction.FARTHER: scale / float(np.log(FARTHER_SCALE)),
    }


TURNS = frozenset({ChallengeAction.LEFT, ChallengeAction.RIGHT})
NODS = frozenset({ChallengeAction.UP, ChallengeAction.DOWN})

ROTATIONS = TURNS | NODS

OPPOSITE: dict[ChallengeAction, ChallengeAction] = {
    ChallengeAction.LEFT: ChallengeAction.RIGHT,
    ChallengeAction.RIGHT: ChallengeAction.LEFT,
    ChallengeAction.UP: ChallengeAction.DOWN,
    ChallengeAction.DOWN: ChallengeAction.UP,
    ChallengeAction.NEARER: ChallengeAction.FARTHER,
    ChallengeAction.FARTHER: ChallengeAction.NEARER,
}

# Still within this of neutral counts as "has not begun to move"; beyond it a pose belongs to some direction.
DEPARTED = 0.6
# A second axis moves along: a phone that is brought nearer also changes its angle. Only a movement this
# far, and further than the ordered one, contradicts the order; on the ordered axis reaching the opposite
# target does.
CONTRADICTION = 1.6
# The order is being followed: whatever else moves is excused.
UNDER_WAY = 0.5
# Frames in a row, at 8-12 a second, so that one mistaken frame neither passes nor fails anybody.
HELD_FRAMES, STRAYED_FRAMES = 2, 3
# Nobody reads an instruction and answers it in less: simple visual reaction alone takes 180-200 ms. A frame
# captured earlier shows where the head happened to be.
MIN_REACTION_MS = 150.0


def strongest(reach: dict[ChallengeAction, float]) -> ChallengeAction | None:
    """Return the direction that the head has departed to, None when it is about neutral."""
    action = max(reach, key=lambda name: reach[name])
    return action if reach[action] >= DEPARTED else None


# A head that turns by 2.1 targets was seen to rise by 1.1 meanwhile; a sheet that stays turned by 1.3 shows a
# nod of 1.4 that is none.
ASIDE = 0.75


def is_turned_aside(reach: dict[ChallengeAction, float], ordered: ChallengeAction) -> bool:
    """Tell whether a head that is to turn is rather raised or lowered, or one that is to nod rather turned.

    Angles mix: a turned head reads as slightly raised, a strongly turned sheet of paper as anything. Read
    from either, a nod may be none.
    """
    if ordered not in ROTATIONS:
        return False
    aside = max(reach[action] for action in ROTATIONS - {ordered, OPPOSITE[ordered]})
    return aside >= 1 and aside > ASIDE * reach[ordered]


def _contradicts(
    reach: dict[ChallengeAction, float], ordered: ChallengeAction, leaving: ChallengeAction | None
) -> bool:
    return any(
        share >= (1 if action is OPPOSITE[ordered] else CONTRADICTION) and share > reach[ordered]
        for action, share in reach.items()
        if action not in (ordered, leaving)
    )


@dataclass(frozen=True, slots=True)
class StepWatch:
    """Follows one released target frame by frame; the coach and the verifier watch alike."""

    leaving: ChallengeAction | None = None
    """Where the head was when the target was released, until it has left there: no contradiction."""
    held: int = 0
    """Consecutive frames that show the target reached."""
    strayed: int = 0
    """Consecutive frames that show the head going somewhere else than ordered."""

    @property
    def reached(self) -> bool:
        """True once the target was held."""
        return self.held >= HELD_FRAMES

    @property
    def missed(self) -> bool:
        """True once the head has gone elsewhere."""
        return self.strayed >= STRAYED_FRAMES

    def observe(self, reach: dict[ChallengeAction, float], ordered: ChallengeAction) -> "StepWatch":
        """Return the watch after one more frame."""
        has_left = self.leaving is None or reach[self.leaving] < DEPARTED
        leaving = None if has_left else self.leaving
        contradicts = _contradicts(reach, ordered, leaving)
        holds = reach[ordered] >= 1 and not contradicts and not is_turned_aside(reach, ordered)
        gone = leaving is None or not is_turned_aside(reach, ordered)
        strays = reach[ordered] < UNDER_WAY and contradicts and gone
        return StepWatch(
            leaving, held=self.held + 1 if holds else 0, strayed=self.strayed + 1 if strays else 0
        )
