"""Confidence intervals of measured rates."""

import math

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
