"""face-api's age and gender network."""

from app.inference.alignment import cut, upright_square
from app.inference.runtime import OnnxModel
from app.inference.types import Demographics, FaceGeometry, RgbImage

# Exactly the detector's box: 1.2 times the box costs two years of accuracy.
CROP_SCALE = 1.0
_MALE = 0


class FaceApiDemographics:
    """Apparent age by regression, gender by a softmax over (male, female)."""

    def __init__(self, onnx: OnnxModel) -> None:
        self.name = onnx.spec.name
        self._onnx = onnx

    def estimate(self, image: RgbImage, face: FaceGeometry) -> Demographics:
        """Return apparent age and gender of one face."""
        size = self._onnx.spec.input_size
        chip = cut(image, upright_square(face, CROP_SCALE, size), size)
        outputs = self._onnx.run(chip)
        return Demographics(
            age_years=min(max(float(outputs["age"][0, 0]), 0.0), 100.0),
            male_probability=float(outputs["gender"][0, _MALE]),
        )
