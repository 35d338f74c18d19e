"""What cameras do to a scene: gain, white balance, automatics, gamma, noise, compression, delay."""

from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.sandbox.assets import decode_picture, encode_jpeg
from app.simulation.adaptation import Adaptation

DISPLAY_GAMMA = 2.2
# Noise is cut out of one long table of normal deviates, which is a hundred times quicker than to draw it.
NOISE_LENGTH, NOISE_SEED = 1 << 21, 20251121
# Automatics look at every n-th pixel.
METERING_STRIDE = 8


@dataclass(slots=True)
class Webcam:
    """One camera; every picture it takes has new noise. Implements `app.sandbox.head.CameraModel`."""

    seed: int = 0
    gain: float = 1.0
    """Factor on linear light, 1 = the photo's own exposure."""
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors on linear red, green, blue."""
    gamma: float = 1.0
    """Exponent of the tone curve on displayed values; below 1 lifts the shadows."""
    noise: float = 2.0
    """Standard deviation in 8-bit steps, equal for all brightnesses."""
    jpeg_quality: int = 85
    """0…100, or 0 for no compression at all."""
    fps: float = 15.0
    jitter: float = 0.15
    """Standard deviation of the time between two frames as a share of it."""
    latency_ms: float = 0.0
    """From the light on the sensor to the picture in the browser."""
    auto_exposure: float = 0.0
    """Share of a change of brightness that is made up for, 0…1."""
    auto_white_balance: float = 0.0
    """Share of a change of colour that is made up for, 0…1."""
    adaptation: Adaptation = field(init=False, repr=False)
    _rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start the noise; the automatics settle on the first picture."""
        self._rng = np.random.default_rng(self.seed)
        self.adaptation = Adaptation(self.auto_exposure, self.auto_white_balance)

    def capture(self, scene: RgbImage, at: float | None = None) -> RgbImage:
        """Return the picture this camera takes of `scene`, same size, `at` a moment in seconds.

        Without a moment the automatics stand still.
        """
        gains = np.ones(3) if at is None else self.adaptation.gains(_mean_linear(scene), at)
        toned = cv2.LUT(scene, self.tone_curves(gains)[None])
        begin = int(self._rng.integers(0, NOISE_LENGTH - scene.size))
        grain = _noise_table()[begin : begin + scene.size].reshape(scene.shape)
        seen = np.asarray(cv2.addWeighted(toned, 1.0, grain, self.noise, 0.0, dtype=cv2.CV_8U), np.uint8)
        return decode_picture(encode_jpeg(seen, self.jpeg_quality)) if self.jpeg_quality else seen

    def times(self, count: int, begin: float = 0.0) -> list[float]:
        """Return the seconds at which `count` frames are taken, strictly growing."""
        return [float(at) for at in begin + np.cumsum([self.next_gap() for _ in range(count)])]

    def next_gap(self) -> float:
        """Return the seconds until the next frame."""
        return float(np.clip(1 + self.jitter * self._rng.standard_normal(), 0.3, 3.0)) / self.fps

    def tone_curves(self, gains: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the (256, 3) displayed value for every displayed value of the scene."""
        shown = np.arange(256, dtype=np.float32)[:, None] / 255
        return 255 * self.displayed(shown, gains).astype(np.float32)

    def displayed(self, scene: NDArray[np.floating], gains: NDArray[np.float64]) -> NDArray[np.floating]:
        """Return what is displayed, 0…1, for displayed values (…, 3) of the scene, 0…1."""
        linear = scene**DISPLAY_GAMMA * (self.gain * np.array(self.white_balance) * gains)
        return np.asarray(np.clip(linear, 0, 1) ** (self.gamma / DISPLAY_GAMMA))


@cache
def _noise_table() -> NDArray[np.float32]:
    return np.random.default_rng(NOISE_SEED).standard_normal(NOISE_LENGTH, np.float32)


def _mean_linear(scene: RgbImage) -> NDArray[np.float64]:
    sparse = scene[::METERING_STRIDE, ::METERING_STRIDE].reshape(-1, 3)
    mean: NDArray[np.float64] = ((sparse / 255.0) ** DISPLAY_GAMMA).mean(axis=0)
    return mean


def laptop(seed: int = 0) -> Webcam:
    """Return an ordinary laptop camera in an ordinary room."""
    return Webcam(seed)


def phone(seed: int = 0) -> Webcam:
    """Return a good front camera: little noise, quick."""
    return Webcam(seed, noise=1.0, jpeg_quality=92, fps=24, jitter=0.05)


def dim_room(seed: int = 0) -> Webcam:
    """Return a camera in the evening: dark, noisy, warm, slow."""
    return Webcam(seed, gain=0.35, white_balance=(1.25, 1.0, 0.7), noise=5.0, jpeg_quality=75, fps=10)


def cheap_webcam(seed: int = 0) -> Webcam:
    """Return an old USB camera: bluish, noisy, heavily compressed, uneven."""
    return Webcam(seed, white_balance=(0.9, 1.0, 1.2), gamma=0.9, noise=4.0, jpeg_quality=60, jitter=0.4)


CAMERAS = {"laptop": laptop, "phone": phone, "dim_room": dim_room, "cheap_webcam": cheap_webcam}
