"""The tier `pixels`: every picture is rendered, filmed, compressed and measured by the real models."""

from collections.abc import Sequence

import cv2
import numpy as np

from app.capture.intake import read_sample
from app.inference.types import FaceEngine, RgbImage
from app.pipeline.measure import measure_batch
from app.pipeline.types import FrameMeasurement
from app.sandbox.assets import encode_jpeg
from app.sandbox.render import DISPLAY_GAMMA
from app.simulation.attempt import Exposure
from app.simulation.camera import Webcam
from app.simulation.server import NEEDS, ModelNames, Server
from app.simulation.sheets import on_screen
from app.simulation.sight import Overlay, Sight

# What the page makes of a camera's picture.
SIZE, QUALITY = (480, 360), 80


class PixelEye:
    """Renders and measures."""

    def __init__(self, engine: FaceEngine, camera: Webcam) -> None:
        self._engine, self._camera = engine, camera
        self._stills: dict[int, bytes] = {}

    def measure(
        self, exposures: Sequence[Exposure], received_ms: float, server: Server
    ) -> list[FrameMeasurement]:
        """Measure a batch that follows `server.frames`."""
        samples = [
            read_sample(
                self._encoded(exposure),
                number=len(server.frames) + index,
                client_ms=exposure.client_ms,
                received_ms=received_ms,
            )
            for index, exposure in enumerate(exposures)
        ]
        progress = server.progress
        return measure_batch(
            samples,
            self._engine,
            NEEDS,
            server.frames,
            quick=progress.quick,
            neutral=progress.neutral,
            follow=progress.light_is_on,
        )

    def _encoded(self, exposure: Exposure) -> bytes:
        number = exposure.sight.still
        if number is not None and number in self._stills:
            return self._stills[number]
        picture = self._camera.capture(scene_of(exposure.sight), exposure.exposed_ms / 1000)
        data = encode_jpeg(picture, QUALITY)
        if number is not None:
            self._stills[number] = data
        return data


def names_of(engine: FaceEngine) -> ModelNames:
    """Return the names of an engine's models."""
    return ModelNames(engine.landmarker_name, engine.recognition_model, engine.pad_model)


def scene_of(sight: Sight, size: tuple[int, int] = SIZE) -> RgbImage:
    """Draw what the camera is pointed at."""
    picture = sight.body.render(sight.pose, size, light=sight.light)
    if sight.overlay is not None:
        picture = _overlaid(picture, sight.overlay)
    if sight.on_display:
        picture = on_screen(picture)
    return _mirroring(picture, np.array(sight.glare)) if any(sight.glare) else picture


def _overlaid(picture: RgbImage, overlay: Overlay) -> RgbImage:
    curves = overlaid(np.repeat(np.arange(256)[:, None], 3, axis=1) / 255.0, overlay)
    return np.asarray(cv2.LUT(picture, (255 * curves[None]).round().astype(np.uint8)), np.uint8)


def overlaid(shown: np.ndarray, overlay: Overlay) -> np.ndarray:
    """Return displayed values (…, 3), 0…1, under an overlay."""
    colour = np.array(overlay.colour)
    if overlay.veil:
        return (1 - overlay.strength) * shown + overlay.strength * colour ** (1 / DISPLAY_GAMMA)
    return np.clip(shown * (1 + overlay.strength * colour) ** (1 / DISPLAY_GAMMA), 0, 1)


def _mirroring(picture: RgbImage, glare: np.ndarray) -> RgbImage:
    shown = np.repeat(np.arange(256)[:, None], 3, axis=1) / 255.0
    curves = np.clip(shown**DISPLAY_GAMMA + glare, 0, 1) ** (1 / DISPLAY_GAMMA)
    return np.asarray(cv2.LUT(picture, (255 * curves[None]).round().astype(np.uint8)), np.uint8)
