"""MiniFASNet: passive presentation attack detection by two networks that see the face in its surroundings."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from app.inference.runtime import OnnxModel
from app.inference.types import FaceGeometry, RgbImage

# By key of the manifest, in times the face's sides: the first number of the published file names.
CROP_SCALES: Mapping[str, float] = {"minifasnet_v2": 2.7, "minifasnet_v1se": 4.0}
_BONA_FIDE = 1
_MESH_POINTS = 468


class MiniFASNetPad:
    """The score is the mean of both networks' probabilities, as the authors fuse them."""

    def __init__(self, networks: Mapping[float, OnnxModel]) -> None:
        """Take networks by the scale of their crop."""
        self.name = "+".join(onnx.spec.name for onnx in networks.values())
        self._networks = dict(networks)

    @classmethod
    def from_models(cls, onnx: Callable[[str], OnnxModel]) -> "MiniFASNetPad":
        """Return both networks; `onnx` gives the model of a key of the manifest."""
        return cls({scale: onnx(key) for key, scale in CROP_SCALES.items()})

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        """Return 0…1, higher = more like a live capture."""
        scores = [self._score(onnx, image, face, scale) for scale, onnx in self._networks.items()]
        return float(np.mean(scores))

    @staticmethod
    def _score(onnx: OnnxModel, image: RgbImage, face: FaceGeometry, scale: float) -> float:
        chip = surroundings(image, face, scale, onnx.spec.input_size)
        return float(onnx.run(chip)["scores"][0, _BONA_FIDE])


def surroundings(image: RgbImage, face: FaceGeometry, scale: float, size: int) -> RgbImage:
    """Return the face with `scale` times its sides around it, squeezed to (size, size, 3).

    As the networks were trained: the rectangle is parallel to the picture's edges, from chin to
    forehead and from cheek to cheek; where it would leave the picture it is moved inside, and shrunk
    only if the picture is too small for it. Black borders in their place cost a fifth of the area
    under the curve, square boxes or another interpolation hardly anything (275 CelebA-Spoof stills).
    """
    limits = np.array(image.shape[1::-1], dtype=np.float64)
    points = face.landmarks[:_MESH_POINTS, :2].astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    sides = np.maximum(high - low, 1.0)
    half = sides * min(scale, float((limits / sides).min())) / 2
    middle = np.clip((low + high) / 2, half, limits - half)
    # Rounding may reach a hair beyond the edge, where an index below 0 would mean the other end.
    left, top = np.clip(np.floor(middle - half), 0, limits - 1).astype(int)
    right, bottom = np.clip(np.ceil(middle + half), (left + 1, top + 1), limits).astype(int)
    crop = image[top:bottom, left:right]
    shrinks = min(crop.shape[:2]) > size
    chip = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(chip, dtype=np.uint8)
