"""MediaPipe Face Landmarker (Tasks API): BlazeFace short range and the 468-point face mesh."""

import atexit
import ctypes
import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.inference.blazeface import MAX_OVERLAP, BlazeFaceDetector, Detection, overlap
from app.inference.detector_box import box_of_landmarks
from app.inference.native_log import without_start_up_notices
from app.inference.runtime import PerProcess
from app.inference.types import FaceGeometry, RgbImage

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarker

# The task keeps the most certain faces, not the largest ones, so it is always asked for a few; a frame
# with one face costs the same. More than these are the second detector's business.
CANDIDATES = 4
# Side of the second look, in detector boxes. Of 1.6, 1.8, 2.0, 2.5 and 3.0 on 150 photos with 0 to 32
# faces, 1.6 to 2.0 gave most exact counts, and 1.8 fewest animal faces among them.
CLOSER_CROP = 1.8
MIN_CROP = 16
# A face smaller than this share of the picture's longer side counts only if the second detector agrees:
# the misplaced ones among those photos measured 0.10 to 0.16.
SMALL_FACE = 0.2
# Intersection over union from which both detectors mean the same place. The box made from landmarks
# differs by 6 % in side and 4 % in position, which leaves 0.8; misplaced faces had 0.3.
SAME_PLACE = 0.5


class MediaPipeLandmarker:
    """IMAGE mode only: no state between two pictures, so any worker may serve any frame.

    The task's short-range detector misses, or misplaces, faces that are small in the picture or
    strongly turned. When it finds fewer than wanted, or a small one, a second detector points at
    faces, and the same task looks at a crop around each that it had not placed there itself. All
    landmarks come from one network, and what only the second detector takes for a face is dropped.
    """

    def __init__(self, path: Path, name: str, second_detector: BlazeFaceDetector) -> None:
        """Remember the bundle; the task is made in each process when it is first used."""
        self.name = name
        self._second_detector = second_detector
        self._task = PerProcess(lambda: _create(path))

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """Return up to `max_faces` faces, largest first."""
        faces = [_geometry(mesh) for mesh in self._landmarks(image)]
        if len(faces) < max_faces or any(_is_small(face, image) for face in faces):
            faces = self._refine(image, faces, max_faces)
        return sorted(faces, key=lambda face: face.box[2], reverse=True)[:max_faces]

    def _refine(self, image: RgbImage, faces: list[FaceGeometry], max_faces: int) -> list[FaceGeometry]:
        """Return the large and the confirmed ones of `faces`, and those that were missed."""
        sure: list[FaceGeometry] = []
        for detection in sorted(self._second_detector.detect(image), key=lambda hit: hit.side, reverse=True):
            same = [face for face in faces if overlap(face.box, detection.box) > SAME_PLACE]
            found = same[:1] or self._look_closer(image, detection)
            sure += [face for face in found if not _is_covered(face, sure)]
            if len(sure) == max_faces:
                break
        return sure + [face for face in faces if not _is_small(face, image) and not _is_covered(face, sure)]

    def _look_closer(self, image: RgbImage, detection: Detection) -> list[FaceGeometry]:
        """Return the face that the task finds in a crop around `detection`, if any."""
        half = detection.side * CLOSER_CROP / 2
        left, top = (max(0, int(value)) for value in detection.centre - half)
        # not below 0 either, where a slice would count from the other edge
        right, bottom = (max(0, int(value)) for value in detection.centre + half)
        crop = np.ascontiguousarray(image[top:bottom, left:right])
        if min(crop.shape[:2]) < MIN_CROP:
            return []
        offset = np.array([left, top, 0], dtype=np.float32)
        faces = [_geometry(mesh + offset) for mesh in self._landmarks(crop)]
        return [face for face in faces if overlap(face.box, detection.box) > MAX_OVERLAP][:1]

    def _landmarks(self, image: RgbImage) -> list[NDArray[np.float32]]:
        """Return (478, 3) pixels for each face that the task itself finds."""
        height, width = image.shape[:2]
        scale = np.array([width, height, width], dtype=np.float32)  # z is in units of the width
        return [points * scale for points in run_task(self._task.get(), image)]


def run_task(task: "FaceLandmarker", image: RgbImage) -> list[NDArray[np.float32]]:
    """Return what `task.detect` finds, (478, 3) shares of the picture for each face.

    The task's own way makes two Python objects of every point, which takes as long as half the mesh
    network. Here its C function is called as it does, and the numbers are taken where they lie; a test
    compares both ways, for the names with an underscore are promised by nobody.
    """
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python.vision.face_landmarker import FaceLandmarkerResultC

    held, found = Image(ImageFormat.SRGB, image), FaceLandmarkerResultC()
    task._lib.MpFaceLandmarkerDetectImage(task._handle, held._image_ptr, None, ctypes.byref(found))
    try:
        return [_points(found.face_landmarks[number]) for number in range(found.face_landmarks_count)]
    finally:
        task._lib.MpFaceLandmarkerCloseResult(ctypes.byref(found))


def _points(face: Any) -> NDArray[np.float32]:  # noqa: ANN401 -- a structure of ctypes, without types
    floats = ctypes.cast(face.landmarks, ctypes.POINTER(ctypes.c_float))
    floats_a_point = ctypes.sizeof(face.landmarks._type_) // ctypes.sizeof(ctypes.c_float)
    return np.ctypeslib.as_array(floats, (face.landmarks_count, floats_a_point))[:, :3].copy()


def _geometry(landmarks: NDArray[np.float32]) -> FaceGeometry:
    # the task gates on its presence score (0.5) and does not tell it
    return FaceGeometry(landmarks=landmarks, box=box_of_landmarks(landmarks), presence=1.0)


def _is_small(face: FaceGeometry, image: RgbImage) -> bool:
    return bool(face.box[2] < SMALL_FACE * max(image.shape[:2]))


def _is_covered(face: FaceGeometry, others: list[FaceGeometry]) -> bool:
    return any(overlap(face.box, other.box) > MAX_OVERLAP for other in others)


def _create(path: Path) -> "FaceLandmarker":
    # imported here because it takes a third of a second and starts native threads
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python.core.base_options import BaseOptions
    from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions

    options = FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(path)), num_faces=CANDIDATES
    )
    with without_start_up_notices():
        task = FaceLandmarker.create_from_options(options)
        # the graph finishes its start-up, and writes the rest of its notices, with the first picture
        task.detect(Image(ImageFormat.SRGB, np.zeros((64, 64, 3), np.uint8)))
    _open_tasks.add(task)
    return task


_open_tasks: "weakref.WeakSet[FaceLandmarker]" = weakref.WeakSet()


def _close_tasks() -> None:
    for task in list(_open_tasks):
        task.close()


def _forget_tasks() -> None:
    """Make the parent's tasks harmless in a forked child.

    Their finaliser would wait for a thread that exists in the parent only; it returns at once when
    there is no handle. There is no public way to say that.
    """
    for task in list(_open_tasks):
        task._handle = None
    _open_tasks.clear()


atexit.register(_close_tasks)
os.register_at_fork(after_in_child=_forget_tasks)
