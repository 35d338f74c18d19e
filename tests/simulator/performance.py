"""What a person in front of a camera does during a challenge, frame by frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.inference.types import RgbImage
from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, POSE_OF_GUIDANCE, HeadMotion, HeadPose, IdleLife
from app.vocabulary import Guidance
from tests.simulator.camera import Webcam

# Seconds from an instruction to the begin of the movement, and how long the movement takes.
REACTION = (0.25, 0.45)
MOVEMENT = (0.4, 0.7)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and what was really there."""

    at: float
    """Seconds since the beginning."""
    image: RgbImage
    pose: HeadPose
    guidance: Guidance
    """The instruction in force at that moment."""


Answer = Callable[[Guidance], HeadPose]


def cooperative(guidance: Guidance) -> HeadPose:
    """Do what is asked; anything that is no movement means: look straight."""
    return POSE_OF_GUIDANCE.get(guidance, NEUTRAL)


def motionless(guidance: Guidance) -> HeadPose:
    """Never do anything."""
    return NEUTRAL


def perform(
    subject: Head,
    instructions: Sequence[Guidance],
    camera: Webcam | None = None,
    answer: Answer = cooperative,
    seed: int = 0,
    hold: float = 1.6,
    size: tuple[int, int] | None = None,
) -> list[Frame]:
    """Film `subject`, a head or a photo in a hand, while one instruction follows the other.

    Each instruction is in force for `hold` seconds; `size` is (width, height) of the pictures.
    """
    camera = camera or Webcam(seed)
    rng = np.random.default_rng(seed)
    motion = HeadMotion(IdleLife(seed))
    frames: list[Frame] = []
    for number, guidance in enumerate(instructions):
        began = number * hold
        moves_at, done = began + rng.uniform(*REACTION), False
        for at in (t for t in camera.times(int(hold * camera.fps), began) if t < began + hold):
            if not done and at >= moves_at:
                motion.move(answer(guidance), moves_at, rng.uniform(*MOVEMENT))
                done = True
            pose = motion.pose(at)
            frames.append(Frame(at, subject.render(pose, size, camera), pose, guidance))
    return frames
