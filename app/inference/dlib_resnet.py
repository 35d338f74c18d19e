"""dlib's face recognition ResNet: one length-1 embedding per face."""

import numpy as np
from numpy.typing import NDArray

from app.inference.alignment import cut, similarity_transform
from app.inference.runtime import OnnxModel
from app.inference.types import Embedding, FaceGeometry, RgbImage

# Outer and inner corner of the left eye, of the right eye, and the base of the nose.
ALIGNMENT_POINTS = (263, 362, 33, 133, 2)
# Where those points lie in a mean face, in units of the face's own square: the mean shape of dlib's
# five-point alignment (`get_face_chip_details` in its image_transforms/interpolation.h).
MEAN_SHAPE = np.array(
    [[0.8596, 0.2135], [0.6461, 0.2290], [0.1206, 0.2137], [0.3341, 0.2291], [0.4901, 0.6278]]
)
# dlib's chip for this network leaves a quarter of the face's side free on every side.
CHIP_PADDING = 0.25


def chip_points(size: int) -> NDArray[np.float64]:
    """Return (5, 2): where the alignment points lie in a chip of `size` pixels."""
    return (CHIP_PADDING + MEAN_SHAPE) / (1 + 2 * CHIP_PADDING) * size


class DlibResNet:
    """128 numbers per face; cosine similarity compares two of them."""

    dimensions = 128

    def __init__(self, onnx: OnnxModel) -> None:
        self.name = onnx.spec.name
        self._onnx = onnx
        self._target = chip_points(onnx.spec.input_size)

    def align(self, image: RgbImage, face: FaceGeometry) -> RgbImage:
        """Return the (150, 150, 3) chip in which the face's points lie where the network wants them."""
        source = face.landmarks[list(ALIGNMENT_POINTS), :2].astype(np.float64)
        return cut(image, similarity_transform(source, self._target), self._onnx.spec.input_size)

    def embed(self, image: RgbImage, face: FaceGeometry) -> Embedding:
        """Return the mean of the embeddings of the chip and of its mirror image, length 1."""
        chip = self.align(image, face)
        outputs = self._onnx.run(chip, chip[:, ::-1])
        mean = outputs["embedding"].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)
