"""The light sequence: what the screen shows, from the generator that real and decoy sequences share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

# Six hues of nearly one relative luminance (0.535 … 0.575 of WCAG 2.2), none of them a saturated red: a
# change of colour is then no flash at all by WCAG 2.3.1, however quick (`app.pipeline.flashing` proves it).
PALETTE: tuple[str, ...] = ("#72d3ff", "#eebf1f", "#ffa0ff", "#50dd6c", "#ffafae", "#23dbe6")
# Shown before and after: a grey of about the same luminance, so that beginning and end do not flash either.
BASE = "#c4c4c4"
STEPS = 8
# Where the answer to those leaves a doubt, so many more are shown; all of them are judged together.
SPARE_STEPS = 4
DURATIONS_MS: tuple[int, ...] = (300, 320, 340, 360)


class Randomness(Protocol):
    """The part of `random.Random` that is used; `secrets.SystemRandom` in production."""

    def choice(self, seq: Sequence[T], /) -> T:
        """Return one element, each equally likely."""
        ...


@dataclass(frozen=True, slots=True)
class LightStep:
    """One colour on the screen."""

    colour: str
    """`#rrggbb`, sRGB."""
    ms: int
    """How long the page is to show it."""


def draw_light(rng: Randomness, count: int = STEPS, after: Sequence[LightStep] = ()) -> tuple[LightStep, ...]:
    """Draw a sequence, perhaps one that follows `after`; no two neighbours are equal.

    8 steps: 6·5⁷ ≈ 469,000 equally likely orders of colours.
    """
    colours = [step.colour for step in after[-1:]]
    for _ in range(count):
        colours.append(rng.choice([colour for colour in PALETTE if colour not in colours[-1:]]))
    return tuple(LightStep(colour, rng.choice(DURATIONS_MS)) for colour in colours[-count:])


def draw_colour_numbers(count: int, steps: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw the colours of many sequences as `draw_light` does: (count, steps) places in `PALETTE`."""
    first = rng.integers(len(PALETTE), size=(count, 1))
    onward = rng.integers(1, len(PALETTE), size=(count, steps - 1))
    return np.cumsum(np.hstack([first, onward]), axis=1) % len(PALETTE)


def linear_rgb(colour: str) -> tuple[float, float, float]:
    """Return `#rrggbb` as linear light, 0…1 (IEC 61966-2-1)."""
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return (red, green, blue)


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2, 0…1."""
    red, green, blue = linear_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
