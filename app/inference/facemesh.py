"""BlazeFace and the 468-point face mesh in ONNX Runtime: the landmarker without MediaPipe.

For machines that have no MediaPipe wheel, and for faces that its short-range detector misses.
"""

import numpy as np
from numpy.typing import NDArray

from app.inference.alignment import Affine, apply, cut, invert, roll_of, square_transform
from app.inference.blazeface import BlazeFaceDetector, Detection
from app.inference.detector_box import MESH_POINTS
from app.inference.eye_contours import LEFT_EYE_CONTOUR, RIGHT_EYE_CONTOUR
from app.inference.runtime import OnnxModel
from app.inference.types import FaceGeometry, RgbImage

# The mesh was trained on squares 1.5 times as large as the detector's box or as the mesh itself.
CROP_SCALE = 1.5
# MediaPipe's default `min_face_presence_confidence`. The output is a probability already.
MIN_PRESENCE = 0.5
# The first crop comes from the detector, the second from the first mesh: the result then hardly
# depends on how the detector happened to place its box.
PASSES = 2
# As many copies of each eye's centre as MediaPipe has iris points, so that indices agree.
EYE_CENTRE_COPIES = 5


class OnnxLandmarker:
    """Detection by BlazeFace, then the mesh twice per face."""

    def __init__(self, detector: BlazeFaceDetector, onnx: OnnxModel, name: str) -> None:
        self.name = name
        self._detector = detector
        self._onnx = onnx

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """Return up to `max_faces` faces, largest first."""
        detections = sorted(self._detector.detect(image), key=lambda found: found.side, reverse=True)
        faces: list[FaceGeometry] = []
        for detection in detections:
            face = self.mesh(image, detection)
            if face is not None:
                faces.append(face)
            if len(faces) == max_faces:
                break
        return faces

    def mesh(self, image: RgbImage, detection: Detection) -> FaceGeometry | None:
        """Return the landmarks of a detected face, or None when the mesh does not see one."""
        size = self._onnx.spec.input_size
        x, y = detection.centre
        matrix = square_transform((x, y), CROP_SCALE * detection.side, detection.roll, size)
        for _ in range(PASSES):
            points, presence = self._run(image, matrix)
            if presence < MIN_PRESENCE:
                return None
            matrix = _square_around(points, size)
        return FaceGeometry(landmarks=_with_eye_centres(points), box=detection.box, presence=presence)

    def _run(self, image: RgbImage, matrix: Affine) -> tuple[NDArray[np.float32], float]:
        """Return (468, 3) points in picture pixels and the presence probability."""
        chip = cut(image, matrix, self._onnx.spec.input_size)
        outputs = self._onnx.run(chip)
        points = outputs["mesh"].reshape(MESH_POINTS, 3)
        to_picture = invert(matrix)
        depth = points[:, 2:] * np.hypot(*to_picture[:, 0])
        placed = np.hstack([apply(to_picture, points[:, :2]), depth]).astype(np.float32)
        return placed, float(outputs["presence"][0, 0])


def _square_around(points: NDArray[np.float32], size: int) -> Affine:
    """Return the transform of the upright square, 1.5 times as large as the mesh, around it."""
    angle = roll_of(points)
    turn = square_transform((0.0, 0.0), float(size), angle, size)
    upright = apply(turn, points[:, :2])
    low, high = upright.min(axis=0), upright.max(axis=0)
    [centre] = apply(invert(turn), ((low + high) / 2)[None])
    return square_transform((centre[0], centre[1]), CROP_SCALE * float((high - low).max()), angle, size)


def _with_eye_centres(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (478, 3): the mesh, then each eye's centre five times, in MediaPipe's order."""
    centres = [points[list(contour)].mean(axis=0) for contour in (RIGHT_EYE_CONTOUR, LEFT_EYE_CONTOUR)]
    return np.vstack([points, np.repeat(centres, EYE_CENTRE_COPIES, axis=0)]).astype(np.float32)
