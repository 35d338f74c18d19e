"""Passive presentation attack detection: a small network on one face chip."""

from app.inference.alignment import cut, upright_square
from app.inference.runtime import OnnxModel
from app.inference.types import FaceGeometry, RgbImage

CROP_SCALE = 1.0
_BONA_FIDE = 0


class LivenessPad:
    """Weak evidence (measured figures in the manifest): it may lower trust, never grant it."""

    def __init__(self, onnx: OnnxModel) -> None:
        self.name = onnx.spec.name
        self._onnx = onnx

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        """Return 0…1, higher = more like a live capture."""
        size = self._onnx.spec.input_size
        chip = cut(image, upright_square(face, CROP_SCALE, size), size)
        outputs = self._onnx.run(chip)
        return float(outputs["scores"][0, _BONA_FIDE])
