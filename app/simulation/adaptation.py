"""Auto-exposure and auto white balance: slow controllers that work against every change of the light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Seconds in which 63 % of a change is made up for; webcams take about half a second for exposure and several
# for white balance.
EXPOSURE_SECONDS, BALANCE_SECONDS = 0.6, 2.5
LUMA = np.array([0.2126, 0.7152, 0.0722])
SMALLEST = 1e-4


@dataclass(slots=True)
class Adaptation:
    """Gains of a camera that had settled on the first picture it took."""

    exposure: float = 0.0
    """Share of a change of brightness that is made up for in the end, 0…1."""
    balance: float = 0.0
    """The same for a change of colour, towards the mean colour that the camera had settled on."""
    _settled: Floats | None = None
    _log_gains: Floats | None = None
    _at: float = 0.0

    def gains(self, mean: Floats, at: float) -> Floats:
        """Return the factors (3,) on linear RGB for a picture of linear mean `mean` taken `at` seconds."""
        logs = np.log(np.maximum(mean, SMALLEST))
        if self._settled is None or self._log_gains is None:
            self._settled, self._log_gains, self._at = logs, np.zeros(3), at
            return np.ones(3)
        change = self._settled - logs
        brightness = float(change @ LUMA)
        elapsed, self._at = max(0.0, at - self._at), at
        exposed, balanced = float(self._log_gains @ LUMA), self._log_gains
        colour = balanced - exposed
        exposed += _share(elapsed, EXPOSURE_SECONDS) * (self.exposure * brightness - exposed)
        colour = colour + _share(elapsed, BALANCE_SECONDS) * (self.balance * (change - brightness) - colour)
        self._log_gains = exposed + colour
        return np.exp(self._log_gains)


def _share(elapsed: float, time_constant: float) -> float:
    return 1.0 - float(np.exp(-elapsed / time_constant))
