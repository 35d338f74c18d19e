"""MediaPipe Face Landmarker (Tasks API): BlazeFace short range and the 468-point face mesh."""

import atexit
import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.inference.detector_box import box_of_landmarks
from app.inference.native_log import without_start_up_notices
from app.inference.runtime import PerProcess
from app.inference.types import FaceGeometry, RgbImage

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarker

# The task keeps the most certain faces, not the largest ones, so a few more than wanted are asked
# for. A frame with one face costs the same.
MIN_CANDIDATES = 4


class MediaPipeLandmarker:
    """IMAGE mode only: no state between two pictures, so any worker may serve any frame."""

    def __init__(self, path: Path, name: str) -> None:
        """Remember the bundle; the task is made in each process when it is first used."""
        self.name = name
        self._path = path
        self._tasks: dict[int, PerProcess[FaceLandmarker]] = {}

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """Return up to `max_faces` faces, largest first."""
        from mediapipe import Image, ImageFormat

        result = self._task(max(max_faces, MIN_CANDIDATES)).detect(Image(ImageFormat.SRGB, image))
        height, width = image.shape[:2]
        scale = np.array([width, height, width], dtype=np.float32)  # z is in units of the width
        faces = [
            _geometry(np.array([(point.x, point.y, point.z) for point in points], np.float32) * scale)
            for points in result.face_landmarks
        ]
        return sorted(faces, key=lambda face: face.box[2], reverse=True)[:max_faces]

    def _task(self, candidates: int) -> "FaceLandmarker":
        maker = PerProcess(lambda: _create(self._path, candidates))
        return self._tasks.setdefault(candidates, maker).get()


def _geometry(landmarks: NDArray[np.float32]) -> FaceGeometry:
    # the task gates on its presence score (0.5) and does not tell it
    return FaceGeometry(landmarks=landmarks, box=box_of_landmarks(landmarks), presence=1.0)


def _create(path: Path, candidates: int) -> "FaceLandmarker":
    # imported here because it takes a third of a second and starts native threads
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python.core.base_options import BaseOptions
    from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions

    options = FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(path)), num_faces=candidates
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
