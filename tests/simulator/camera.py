"""What cameras do to a scene: gain, white balance, gamma, noise, compression, uneven frame rate."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.sandbox.assets import decode_picture, encode_jpeg


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
    _rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start the noise."""
        self._rng = np.random.default_rng(self.seed)

    def capture(self, scene: RgbImage) -> RgbImage:
        """Return the picture this camera takes of `scene`, same size."""
        toned = self._tone_curves()[scene, np.arange(3)]
        grain = self._rng.standard_normal(scene.shape, np.float32) * np.float32(self.noise)
        seen = np.clip(np.round(toned + grain), 0, 255).astype(np.uint8)
        return decode_picture(encode_jpeg(seen, self.jpeg_quality)) if self.jpeg_quality else seen

    def times(self, count: int, begin: float = 0.0) -> list[float]:
        """Return the seconds at which `count` frames are taken, strictly growing."""
        gaps = 1 + self.jitter * self._rng.standard_normal(count)
        return [float(at) for at in begin + np.cumsum(np.clip(gaps, 0.3, 3.0)) / self.fps]

    def _tone_curves(self) -> NDArray[np.float32]:
        """Return the (256, 3) displayed value for every displayed value of the scene."""
        linear = (np.arange(256, dtype=np.float32)[:, None] / 255) ** 2.2
        exposed = np.clip(linear * self.gain * np.array(self.white_balance, np.float32), 0, 1)
        return (255 * exposed ** (self.gamma / 2.2)).astype(np.float32)


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
