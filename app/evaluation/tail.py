"""Thresholds beyond what can be counted: a fitted tail of the impostors' scores."""

import math
from dataclasses import dataclass

import numpy as np

from app.evaluation.templates import Scores

# The tail is fitted to the highest thousandth of the impostor scores. With the default model the fitted
# exponent is the same within 5 % from a hundredth to a ten-thousandth, so little hangs on this choice.
TAIL_SHARE = 1e-3
MIN_TAIL = 50


@dataclass(frozen=True, slots=True)
class PowerTail:
    """FMR(t) = share · ((1 − t) / (1 − start))^exponent for t above `start`.

    The generalised Pareto distribution of extreme value theory (J. Pickands, Annals of Statistics 3,
    1975) with its upper end at cosine 1, where it must be: 1 − cosine is half a squared distance, and the
    chance that a stranger lies within a distance r is a power of r, half the dimension in which faces
    really vary. Left free, the upper end moved between 0.97 and 1.02 from table to table, and a
    threshold at 1e-9 meant nothing.
    """

    share: float
    start: float
    exponent: float

    def threshold_at(self, false_match_rate: float) -> float:
        """Return the threshold at which the fitted tail has this false match rate."""
        shrunk = math.exp(math.log(false_match_rate / self.share) / self.exponent)
        return 1.0 - (1.0 - self.start) * shrunk


def fit_tail(impostor: Scores) -> PowerTail:
    """Fit by maximum likelihood (B. M. Hill, Annals of Statistics 3, 1975); `impostor` ascending."""
    count = max(MIN_TAIL, round(TAIL_SHARE * len(impostor)))
    count = min(count, len(impostor) - 1)
    start = float(impostor[-count - 1])
    distances = np.maximum(1.0 - impostor[-count:].astype(np.float64), 1e-6)
    exponent = 1.0 / float(np.mean(np.log((1.0 - start) / distances)))
    return PowerTail(share=count / len(impostor), start=start, exponent=exponent)
