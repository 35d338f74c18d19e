"""How noisy the camera is: a live sensor always is, a synthetic or frozen picture is not."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage

# The middle of the picture is enough: 0.2 ms instead of 1.5.
MAX_COLUMNS, MAX_ROWS = 256, 192
# Difference of two Laplacians; blind to anything that is locally a plane.
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_MASK_NORM = 6.0
# Median of |x| of a normal distribution of standard deviation 1.
_MEDIAN_OF_NORMAL = 0.6745


def noise_floor(image: RgbImage) -> float:
    """Return the standard deviation of the sensor's noise in 8-bit levels.

    J. Immerkær, "Fast noise variance estimation", CVIU 64 (1996), with the median instead of the mean, so
    that edges do not count.
    """
    rows, columns = image.shape[:2]
    top, left = max(0, (rows - MAX_ROWS) // 2), max(0, (columns - MAX_COLUMNS) // 2)
    luma = cv2.cvtColor(image[top : top + MAX_ROWS, left : left + MAX_COLUMNS], cv2.COLOR_RGB2GRAY)
    response = np.abs(cv2.filter2D(luma, cv2.CV_32F, _MASK))
    return _median(response.astype(np.int32)) / (_MASK_NORM * _MEDIAN_OF_NORMAL)


def _median(values: NDArray[np.int32]) -> float:
    """Return the median of whole numbers, interpolated inside its bin so that it does not move in steps."""
    counts = np.bincount(values.ravel())
    cumulated = np.cumsum(counts)
    half = cumulated[-1] / 2
    level = int(np.searchsorted(cumulated, half))
    below: float = float(cumulated[level - 1]) if level else 0.0
    return max(0.0, float(level - 0.5 + (half - below) / counts[level]))
