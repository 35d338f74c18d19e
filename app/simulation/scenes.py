"""What else a camera may look at: an empty room, two people."""

import cv2
import numpy as np

from app.inference.types import RgbImage
from app.sandbox.head import FRAME, Head
from app.sandbox.mesh import CAMERA_DISTANCE, HeadMesh
from app.sandbox.outline import Floats
from app.sandbox.pose import NEUTRAL, HeadPose
from app.simulation.camera import Webcam


def room_picture(frame: tuple[int, int] = FRAME) -> RgbImage:
    """Draw a wall with a window, a door and a shelf; nothing that looks like a face."""
    width, height = frame
    shade = np.linspace(196, 150, width, dtype=np.float32)[None, :, None]
    canvas = np.ascontiguousarray(np.broadcast_to(shade * (1.0, 0.97, 0.92), (height, width, 3)), np.float32)
    unit = height / 480
    for left, top, right, bottom, colour in (
        (40, 60, 190, 240, (215, 228, 238)),
        (112, 60, 118, 240, (120, 100, 80)),
        (470, 90, 600, 480, (128, 98, 70)),
        (250, 200, 420, 210, (90, 70, 52)),
        (262, 130, 282, 200, (150, 60, 50)),
        (286, 146, 300, 200, (60, 90, 120)),
        (330, 120, 352, 200, (70, 110, 80)),
    ):
        corners = [round(value * unit) for value in (left, top, right, bottom)]
        cv2.rectangle(canvas, (corners[0], corners[1]), (corners[2], corners[3]), colour, -1)
    return cv2.GaussianBlur(canvas, (0, 0), 1.2).astype(np.uint8)


def room_corners(frame: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return the (4, 2) corners of a picture in its own pixels, and its two triangles."""
    width, height = frame
    corners = np.array([[-2.0, -2.0], [width + 2, -2], [width + 2, height + 2], [-2, height + 2]])
    return corners, np.array([[0, 1, 2], [0, 2, 3]])


def empty_room(frame: tuple[int, int] = FRAME) -> Head:
    """Return a `Head` without a head: `render` shows the room whatever the pose."""
    corners, triangles = room_corners(frame)
    vertices = np.column_stack([corners - np.array(frame) / 2, np.zeros(4)])
    still = np.zeros(4)
    mesh = HeadMesh(
        vertices=vertices,
        uv=corners,
        turn=still,
        travel=still,
        triangles=triangles.astype(np.int32),
        pivot=np.zeros(3),
        upright=np.eye(3),
        camera_distance=CAMERA_DISTANCE * frame[1] / 3,
    )
    return Head(room_picture(frame), 1.0, 0, mesh, frame)


def two_people(left: Head, right: Head, pose: HeadPose = NEUTRAL, camera: Webcam | None = None) -> RgbImage:
    """Return one picture of two people side by side, both in the same pose."""
    half = left.frame[0] // 2
    a, b = (head.render(pose)[:, half // 2 : half // 2 + half] for head in (left, right))
    scene = np.ascontiguousarray(np.hstack([a, b]))
    return scene if camera is None else camera.capture(scene)
