"""Proof that a sequence of colours keeps to WCAG 2.2, success criterion 2.3.1: three flashes or below.

A general flash is a pair of opposing changes in relative luminance of 10 % or more of the maximum where
the darker image is below 0.80; a red flash is a pair of opposing transitions involving a saturated red (the
W3C's working definition: R/(R+G+B) ≥ 0.8 and a change of more than 20 in (R−G−B)·320, negative values set to
zero). More than three of either within any one second fail.
"""

from collections.abc import Sequence
from itertools import pairwise

from app.pipeline.light import LightStep, linear_rgb, relative_luminance

GENERAL_CHANGE, DARKER_BELOW = 0.10, 0.80
RED_SHARE, RED_CHANGE, RED_SCALE = 0.8, 20.0, 320.0
MAX_FLASHES, WINDOW_MS = 3, 1000.0


def flashes_at_most(steps: Sequence[LightStep], base: str) -> int:
    """Return the largest number of flashes, general or red, in any one second of base, steps, base.

    A flash is a pair of opposing changes; counting every second change that counts can only overstate it.
    """
    times = _change_times(steps)
    colours = [base, *(step.colour for step in steps), base]
    general = [at for at, pair in zip(times, pairwise(colours), strict=True) if _is_general(*pair)]
    red = [at for at, pair in zip(times, pairwise(colours), strict=True) if _is_red(*pair)]
    return max(_most_pairs(general), _most_pairs(red))


def is_safe(steps: Sequence[LightStep], base: str) -> bool:
    """Tell whether a sequence keeps to success criterion 2.3.1."""
    return flashes_at_most(steps, base) <= MAX_FLASHES


def _change_times(steps: Sequence[LightStep]) -> list[float]:
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step.ms)
    return times


def _is_general(before: str, after: str) -> bool:
    one, other = relative_luminance(before), relative_luminance(after)
    return abs(one - other) >= GENERAL_CHANGE and min(one, other) < DARKER_BELOW


def _is_red(before: str, after: str) -> bool:
    saturated = max(_red_share(before), _red_share(after)) >= RED_SHARE
    return saturated and abs(_redness(before) - _redness(after)) > RED_CHANGE


def _red_share(colour: str) -> float:
    red, green, blue = linear_rgb(colour)
    return red / max(red + green + blue, 1e-9)


def _redness(colour: str) -> float:
    red, green, blue = linear_rgb(colour)
    return max(0.0, (red - green - blue) * RED_SCALE)


def _most_pairs(times: Sequence[float]) -> int:
    """Return the largest number of pairs of changes in a window of one second, both ends included."""
    counts = [sum(0 <= later - first <= WINDOW_MS for later in times) for first in times]
    return -(-max(counts, default=0) // 2)
