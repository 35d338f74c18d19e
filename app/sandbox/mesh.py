"""The solid under the photo: face-mesh landmarks continued as head, neck, shoulders and room."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sandbox.outline import (
    EAR_LEFT,
    EAR_RIGHT,
    EYE_LEFT,
    EYE_RIGHT,
    JAW_LEFT,
    JAW_RIGHT,
    PIVOT_DEPTH,
    FaceOutline,
    Floats,
)
from app.sandbox.pose import HeadPose, rotation

LANDMARK_COUNT = 468
# A laptop camera sees a face of 14 cm (mean bizygomatic breadth) from 50 cm.
CAMERA_DISTANCE = 3.5
ROOM_DEPTH = 3.0  # widths of the face from the head to the wall
RINGS = (0.25, 0.55, 0.85, 1.0, 1.18, 1.4, 1.7, 2.1)  # 1 = rim, below 1 = between face and rim
GRID_STEP = 0.45  # widths of the face between the points of shoulders and room


@dataclass(frozen=True, slots=True, eq=False)
class HeadMesh:
    """Vertices at rest; the unit is one pixel of the frame in the plane of the face."""

    vertices: Floats
    """(n, 3) x right, y down from the middle of the frame, z away from the camera, 0 in the plane
    of the face. The first 468 are the face-mesh landmarks."""

    uv: Floats
    """(n, 2) where in the frame at rest each vertex is seen, pixels from the top left corner."""

    turn: Floats
    """(n,) how much a vertex follows the head's rotation, 0…1."""

    travel: Floats
    """(n,) how much a vertex follows the person's movement through the room, 0…1."""

    triangles: NDArray[np.int32]
    """(m, 3) vertex numbers, clockwise as seen by the camera."""

    pivot: Floats
    """(3,) the point the head turns about."""

    upright: Floats
    """(3, 3) rotation that turns the head of the photo to the camera, for the pose with all angles 0."""

    camera_distance: float
    """From the camera to the plane of the face; also the focal length."""

    def posed(self, pose: HeadPose, frame_width: float) -> Floats:
        """Return the (n, 3) vertices of a head in `pose`."""
        turned = (self.vertices - self.pivot) @ (rotation(pose) @ self.upright).T + self.pivot
        points = self.vertices + self.turn[:, None] * (turned - self.vertices)
        nearer = (pose.distance - 1) * self.camera_distance
        shift = np.array([pose.dx * frame_width, pose.dy * frame_width, nearer])
        posed: Floats = points + self.travel[:, None] * shift
        return posed

    def projected(self, points: Floats) -> Floats:
        """Return where a pinhole camera sees (n, 3) points: (n, 2) pixels from the frame's middle."""
        seen: Floats = points[:, :2] * (self.camera_distance / (self.camera_distance + points[:, 2:]))
        return seen


def build_mesh(landmarks: Floats, frame: tuple[int, int], rows: tuple[int, int]) -> HeadMesh:
    """Continue landmarks, (468, 3) pixels of the frame, to a mesh over the whole texture.

    `frame` is (width, height); the texture is as wide, but spans the `rows` (first, end) of the
    frame's coordinates: from above its upper edge to below its lower one.
    """
    outline = FaceOutline(landmarks, rows[0])
    extra = _points_around(outline, frame[0], rows)
    uv = np.vstack([landmarks[:, :2], extra])
    turn = np.concatenate([np.ones(LANDMARK_COUNT), outline.turn(extra)])
    travel = np.concatenate([np.ones(LANDMARK_COUNT), outline.travel(extra, frame[0])])
    depth = np.concatenate([landmarks[:, 2], outline.depth(extra)])
    depth += (1 - travel) * ROOM_DEPTH * outline.width
    camera_distance = CAMERA_DISTANCE * outline.width
    centred = uv - np.array(frame) / 2
    vertices = np.column_stack([centred * (1 + depth / camera_distance)[:, None], depth])
    return HeadMesh(
        vertices=vertices,
        uv=uv,
        turn=turn,
        travel=travel,
        triangles=triangulated(uv),
        pivot=_pivot(vertices, outline.width),
        upright=rotation(_pose_in_photo(landmarks)).T,
        camera_distance=camera_distance,
    )


def _pose_in_photo(landmarks: Floats) -> HeadPose:
    """Yaw and roll from the lines between the ears and the eyes; no line of a face tells its pitch."""
    right, left = landmarks[[EAR_RIGHT, EYE_RIGHT]], landmarks[[EAR_LEFT, EYE_LEFT]]
    x, y, z = (left - right).T
    yaw, roll = np.degrees(np.arctan2(z, np.hypot(x, y))).mean(), np.degrees(np.arctan2(y, x)).mean()
    return HeadPose(yaw_deg=float(yaw), roll_deg=float(roll))


def _pivot(vertices: Floats, width: float) -> Floats:
    ears = vertices[[EAR_RIGHT, EAR_LEFT]].mean(axis=0)
    jaw = vertices[[JAW_RIGHT, JAW_LEFT]].mean(axis=0)
    pivot: Floats = np.array([ears[0], jaw[1], ears[2] + PIVOT_DEPTH * width])
    return pivot


def _points_around(outline: FaceOutline, width: int, rows: tuple[int, int]) -> Floats:
    """Rings around the face, a grid over the rest, and the edges of the texture."""
    low, high = np.array([0.0, rows[0]]), np.array([width - 1.0, rows[1] - 1.0])
    rings = np.vstack([outline.ring(share) for share in RINGS])
    rings = rings[((rings > low + 8) & (rings < high - 8)).all(axis=1)]
    count = np.maximum(4, np.round((high - low) / (GRID_STEP * outline.width))).astype(int)
    x, y = np.meshgrid(*(np.linspace(low[k], high[k], count[k]) for k in range(2)))
    grid = np.column_stack([x.ravel(), y.ravel()])
    on_edge = ((grid == low) | (grid == high)).any(axis=1)
    return np.vstack([rings, grid[on_edge | outline.outside(grid, RINGS[-1] + 1)]])


def triangulated(points: Floats) -> NDArray[np.int32]:
    """Return the Delaunay triangles of (n, 2) points, clockwise on the screen."""
    low, high = points.min(axis=0) - 10, points.max(axis=0) + 10
    plane = cv2.Subdiv2D((int(low[0]), int(low[1]), int(high[0] - low[0]) + 10, int(high[1] - low[1]) + 10))
    number: dict[tuple[float, float], int] = {}
    for index, point in enumerate(points.astype(np.float32)):
        key = (float(point[0]), float(point[1]))
        if key not in number:
            plane.insert(key)
            number[key] = index
    corners = np.asarray(plane.getTriangleList()).reshape(-1, 3, 2)
    rows = [[number.get((float(x), float(y)), -1) for x, y in triangle] for triangle in corners]
    triangles = np.array([row for row in rows if min(row) >= 0], np.int32)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    turned = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0] < 0
    triangles[turned] = triangles[turned][:, [0, 2, 1]]
    return triangles
