"""Confidence intervals of measured rates."""

import math
from collections.abc import Callable

import numpy as np

# Two-sided 95 % of the normal distribution.
Z95 = 1.959964


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % interval of a rate; stays meaningful for no successes at all.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if trials <= 0:
        return 0.0, 1.0
    rate, z2 = successes / trials, Z95 * Z95
    middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_interval(mean: float, standard_deviation: float, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a mean of many values (central limit theorem)."""
    half = Z95 * standard_deviation / math.sqrt(max(trials, 1))
    return mean - half, mean + half


def clopper_pearson(successes: int, trials: int) -> tuple[float, float]:
    """Return the exact binomial 95 % interval of a rate: never narrower than it promises, however few trials.

    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).
    """
    if trials <= 0:
        return 0.0, 1.0
    low = _root(lambda rate: 0.025 - (1 - _at_most(successes - 1, trials, rate))) if successes else 0.0
    high = _root(lambda rate: _at_most(successes, trials, rate) - 0.025) if successes < trials else 1.0
    return low, high


def _at_most(successes: int, trials: int, rate: float) -> float:
    """Return the probability of at most so many successes, 0 < rate < 1."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    k = np.arange(successes + 1)
    logs = factorials[trials] - factorials[k] - factorials[trials - k]
    return float(np.exp(logs + k * math.log(rate) + (trials - k) * math.log1p(-rate)).sum())


def _root(falling: Callable[[float], float]) -> float:
    """Return where a function that falls from 0 to 1 crosses zero."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
