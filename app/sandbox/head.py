"""A head made of one photo: frames it like a webcam picture and draws it in any pose."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.inference.types import RgbImage
from app.sandbox.mesh import LANDMARK_COUNT, HeadMesh, build_mesh
from app.sandbox.outline import CHIN, FOREHEAD, Floats
from app.sandbox.pose import NEUTRAL, HeadPose
from app.sandbox.render import ScreenLight, lit, sampled, trace, view_scale

FRAME = (640, 480)
# Hairline to chin as a share of the picture's height: somebody who sits 50 cm from a laptop, with
# room to come 1.5 times nearer without leaving the picture.
FACE_HEIGHT = 0.4
# Middle of the face from the upper edge, as a share of the picture's height.
FACE_LEVEL = 0.47
# The texture is longer than the frame, in heights of it: shoulders come into view when the person
# moves back to 0.7 of the size, and hair needs room to leave the frame when they come nearer.
ABOVE, BELOW = 0.25, 0.3
# Texels per pixel, so that a face that comes nearer stays sharp; never above the photo's own detail.
MAX_TEXTURE_SCALE = 1.5
# How far hair and ears may reach beyond the face mesh, in widths of it.
HAIR = 0.35
# Sigma in texels: hides the streaks of the photo's last row where the texture is longer than the photo.
EDGE_BLUR = 9.0


class CameraModel(Protocol):
    """What a camera does to a scene: noise, colour, compression."""

    def capture(self, scene: RgbImage) -> RgbImage:
        """Return the picture the camera gives of `scene`, same size."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One simulated person in front of a camera."""

    texture: RgbImage
    """The framed photo, `texture_scale` texels per pixel of the frame, longer than the frame."""
    texture_scale: float
    texture_top: int
    """Row of the frame where the texture begins; negative."""
    mesh: HeadMesh
    frame: tuple[int, int] = FRAME
    """Width and height in pixels of the picture at rest."""

    def render(
        self,
        pose: HeadPose = NEUTRAL,
        size: tuple[int, int] | None = None,
        camera: CameraModel | None = None,
        light: ScreenLight | None = None,
    ) -> RgbImage:
        """Draw the head in a picture of `size` (width, height), seen by `camera`, lit by `light`."""
        traced = trace(self.mesh, pose, self.frame, size or self.frame, light)
        picture = sampled(self.texture, self.texture_scale, self.texture_top, traced)
        if light is not None:
            picture = lit(picture, traced, light)
        return picture if camera is None else camera.capture(picture)

    def landmarks(self, pose: HeadPose = NEUTRAL, size: tuple[int, int] | None = None) -> Floats:
        """Return where the 468 landmarks truly are: (468, 3) pixels of the picture, z as in the mesh."""
        width, height = size or self.frame
        scale = view_scale(self.frame, (width, height))
        points = self.mesh.posed(pose, self.frame[0])[:LANDMARK_COUNT]
        seen = self.mesh.projected(points) * scale + np.array([width, height]) / 2
        return np.column_stack([seen, points[:, 2] * scale])


def build_head(photo: RgbImage, landmarks: NDArray[np.floating], frame: tuple[int, int] = FRAME) -> Head:
    """Make a head of a photo and its (478 or 468, 3) landmarks in pixels of the photo.

    Raises `InputError` when the landmarks are no face mesh of that photo.
    """
    _check(photo, landmarks)
    points = landmarks[:LANDMARK_COUNT].astype(np.float64)
    zoom = FACE_HEIGHT * frame[1] / float(np.linalg.norm(points[FOREHEAD, :2] - points[CHIN, :2]))
    texture_scale = float(np.clip(1 / zoom, 1.0, MAX_TEXTURE_SCALE))
    rows = (-round(ABOVE * frame[1]), round((1 + BELOW) * frame[1]))
    origin = _origin(points[:, :2], zoom, frame)
    corner = (origin + np.array([0, rows[0]])) * texture_scale
    size = (round(frame[0] * texture_scale), round((rows[1] - rows[0]) * texture_scale))
    around = _head_columns(points * zoom * texture_scale)
    texture = _cropped(photo, zoom * texture_scale, corner, size, around)
    framed = points * zoom
    framed[:, :2] -= origin
    return Head(texture, texture_scale, rows[0], build_mesh(framed, frame, rows), frame)


def _check(photo: RgbImage, landmarks: NDArray[np.floating]) -> None:
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise InputError("photo", "must be (height, width, 3) of 8 bits")
    if landmarks.ndim != 2 or landmarks.shape[0] < LANDMARK_COUNT or landmarks.shape[1] != 3:
        raise InputError("landmarks", f"must be at least ({LANDMARK_COUNT}, 3)")
    if not np.isfinite(landmarks).all():
        raise InputError("landmarks", "must be finite numbers")
    if np.linalg.norm(landmarks[FOREHEAD, :2] - landmarks[CHIN, :2]) < 20:
        raise InputError("landmarks", "the face must be at least 20 pixels high")


def _origin(points: Floats, zoom: float, frame: tuple[int, int]) -> Floats:
    """Return the frame's upper left corner in the zoomed photo."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2 * zoom
    origin: Floats = middle - np.array([frame[0] / 2, frame[1] * FACE_LEVEL])
    return origin


def _head_columns(points: Floats) -> tuple[int, int]:
    """Return the first and last column that may show some of the head."""
    left, right = points[:, 0].min(), points[:, 0].max()
    hair = HAIR * (right - left)
    return round(float(left - hair)), round(float(right + hair))


def _cropped(
    photo: RgbImage, zoom: float, corner: Floats, size: tuple[int, int], around: tuple[int, int]
) -> RgbImage:
    """Cut (width, height) out of the zoomed photo, and continue the room where the photo ends."""
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    zoomed = cv2.resize(photo, None, fx=zoom, fy=zoom, interpolation=way)
    height, width = zoomed.shape[:2]
    columns = np.arange(size[0]) + round(float(corner[0]))
    rows = np.arange(size[1]) + round(float(corner[1]))
    texture = zoomed[np.clip(rows, 0, height - 1)][:, _mirrored(columns, width, around)]
    # Above and below, a mirrored photo would show hair and hands twice: its last row goes on.
    soft = cv2.GaussianBlur(texture, (0, 0), EDGE_BLUR)
    beyond = (rows < 0) | (rows >= height)
    texture[beyond] = soft[beyond]
    return np.ascontiguousarray(texture)


def _mirrored(index: NDArray[np.int_], length: int, around: tuple[int, int]) -> NDArray[np.int_]:
    """Mirror at both edges, but stop before the head would be seen twice."""
    left = np.minimum(-1 - index, max(0, around[0]))
    right = np.maximum(2 * length - 1 - index, min(length - 1, around[1]))
    return np.where(index < 0, left, np.where(index >= length, right, index))
