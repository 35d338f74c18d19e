"""Photos and screens held before a camera: sheets, flat or bent, and what they show."""

from dataclasses import replace

import cv2
import numpy as np

from app.inference.types import RgbImage
from app.sandbox.head import Head
from app.sandbox.mesh import LANDMARK_COUNT, HeadMesh, triangulated
from app.sandbox.outline import FACE_OVAL, Floats
from app.sandbox.pose import NEUTRAL
from app.simulation.scenes import room_corners, room_picture

# Points of the grid on the sheet; affine triangles of 40 pixels follow its perspective to 0.1 pixel.
GRID = (17, 13)
# Where scissors go: factors on the outline of the face, for ears, hair and chin.
CUT_ASIDE, CUT_ABOVE, CUT_BELOW = 1.12, 1.35, 1.04
# The room behind the sheet is this many times as far away, so that it is always painted first.
ROOM_DISTANCE = 10.0
# A screen seen through a camera: lifted black, cool white, and beats between the two pixel grids.
SCREEN_TINT = np.array([0.94, 0.98, 1.06], np.float32)
SCREEN_BLACK, MOIRE = 14.0, 5.0


def photo_sheet(head: Head, bend_deg: float = 0.0) -> Head:
    """Print the picture a camera has of `head` and hold it where it fills the camera's picture.

    The sheet is used like a head (`render`, `landmarks`, the same poses) but it is a plane. With
    `bend_deg` it is bent around a vertical axis by so much from edge to edge, the face to the front.
    """
    points = np.vstack([head.landmarks()[:, :2], _grid(head.frame)])
    mesh = _sheet(points, _bent(points - np.array(head.frame) / 2, bend_deg), head)
    return Head(_beside_room(head.render(NEUTRAL)), 1.0, 0, mesh, head.frame)


def cut_out(head: Head, bend_deg: float = 0.0) -> Head:
    """Return the same photo, cut out around the head: what is seen around it is the room behind."""
    oval = head.landmarks()[list(FACE_OVAL), :2]
    middle = oval.mean(axis=0)
    hair = np.where(oval[:, 1:] < middle[1], CUT_ABOVE, CUT_BELOW)
    outline = middle + (oval - middle) * np.hstack([np.full_like(hair, CUT_ASIDE), hair])
    inside = cv2.convexHull(outline.astype(np.float32))
    grid = _grid(head.frame)
    kept = [cv2.pointPolygonTest(inside, (float(x), float(y)), False) > 0 for x, y in grid]
    points = np.vstack([head.landmarks()[:, :2], outline, grid[np.array(kept)]])
    mesh = _sheet(points, _bent(points - np.array(head.frame) / 2, bend_deg), head)
    return Head(_beside_room(head.render(NEUTRAL)), 1.0, 0, mesh, head.frame)


def show(sheet: Head, picture: RgbImage, screen: bool = False) -> Head:
    """Return the sheet with another picture of its size on it: a slide show, a video on a screen."""
    return replace(sheet, texture=_beside_room(on_screen(picture) if screen else picture))


def on_screen(picture: RgbImage) -> RgbImage:
    """Return `picture` as a camera sees it on a display."""
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    beats = MOIRE * np.sin(rows * 0.83 + columns * 0.11) * np.sin(columns * 0.79)
    seen = SCREEN_BLACK + picture * SCREEN_TINT * (1 - SCREEN_BLACK / 255) + beats[..., None]
    displayed: RgbImage = np.clip(seen, 0, 255).astype(np.uint8)
    return displayed


def _grid(frame: tuple[int, int]) -> Floats:
    x, y = np.meshgrid(*(np.linspace(0, side - 1, count) for side, count in zip(frame, GRID, strict=True)))
    return np.column_stack([x.ravel(), y.ravel()])


def _bent(flat: Floats, bend_deg: float) -> Floats:
    """Roll (n, 2) points of the plane onto a cylinder: (n, 3), lengths along the paper kept."""
    if bend_deg == 0:
        return np.column_stack([flat, np.zeros(len(flat))])
    radius = np.ptp(flat[:, 0]) / np.radians(bend_deg)
    angle = flat[:, 0] / radius
    return np.column_stack([radius * np.sin(angle), flat[:, 1], radius * (1 - np.cos(angle))])


def _sheet(uv: Floats, vertices: Floats, head: Head) -> HeadMesh:
    focal = head.mesh.camera_distance
    corners, room = room_corners(head.frame)
    behind = np.column_stack([(corners - np.array(head.frame) / 2) * ROOM_DISTANCE, np.full(4, 0.0)])
    behind[:, 2] = (ROOM_DISTANCE - 1) * focal
    held = np.concatenate([np.ones(len(uv)), np.zeros(4)])
    return HeadMesh(
        vertices=np.vstack([vertices, behind]),
        uv=np.vstack([uv, corners + np.array([0, head.frame[1]])]),
        turn=held,
        travel=held,
        triangles=np.vstack([triangulated(uv), room + len(uv)]).astype(np.int32),
        pivot=np.append(vertices[:LANDMARK_COUNT, :2].mean(axis=0), 0.0),
        upright=np.eye(3),
        camera_distance=focal,
    )


def _beside_room(picture: RgbImage) -> RgbImage:
    """Put the room under the picture in one texture."""
    return np.ascontiguousarray(np.vstack([picture, room_picture((picture.shape[1], picture.shape[0]))]))
