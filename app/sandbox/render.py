"""Draw a posed mesh: triangles from back to front, affine texture mapping, one screen as lamp."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.sandbox.mesh import HeadMesh
from app.sandbox.outline import Floats
from app.sandbox.pose import HeadPose

# Vertices are handed to the polygon filler in 1/16 pixel.
SUBPIXEL_BITS = 4
# A triangle seen edge-on would smear one texel over a line; in square pixels.
MIN_AREA = 0.3
# Plain power law for sRGB, so that light can be multiplied without leaving 8 bits.
DISPLAY_GAMMA = 2.2
# Light changes slowly over a face: it is computed for squares of so many pixels and interpolated.
LIGHT_STRIDE = 4


@dataclass(frozen=True, slots=True)
class ScreenLight:
    """The light of the screen in front of the person, added to the light of the photo."""

    screen_rgb: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Linear light of the screen on a surface that faces it at distance 1; 1 = as much as the photo has."""

    ambient: float = 1.0
    """How much of the photo's own light is left, 0…1 and above."""

    room: float = 1.0
    """Factor on the screen's light on everything that is not the head: 0 = the room is far away."""


@dataclass(frozen=True, slots=True, eq=False)
class TextureMap:
    """Where each pixel of a picture comes from."""

    x: NDArray[np.float32]
    """(h, w) column in the frame at rest."""
    y: NDArray[np.float32]
    """(h, w) row in the frame at rest."""
    facing: NDArray[np.float32] | None = None
    """(h/4, w/4) how strongly the screen lights each square of 4 pixels, 1 = facing it at distance 1."""


def trace(
    mesh: HeadMesh,
    pose: HeadPose,
    frame: tuple[int, int],
    size: tuple[int, int],
    light: ScreenLight | None = None,
) -> TextureMap:
    """Find for every pixel of a (width, height) picture the spot of the frame at rest."""
    points = mesh.posed(pose, frame[0])
    scale = view_scale(frame, size)
    seen = mesh.projected(points) * scale + np.array(size) / 2
    ids = triangle_ids(seen, points[:, 2], mesh.triangles, size)
    kinds = [mesh.uv] if light is None else [mesh.uv, facing(mesh, points, light.room)[:, None]]
    return interpolated(ids, planes(seen, np.hstack(kinds), mesh.triangles), frame, scale)


def view_scale(frame: tuple[int, int], size: tuple[int, int]) -> float:
    """Return the zoom with which the frame covers a picture of another size."""
    return max(size[0] / frame[0], size[1] / frame[1])


def sampled(texture: RgbImage, texture_scale: float, top: int, traced: TextureMap) -> RgbImage:
    """Fetch the texture, `texture_scale` texels per pixel of the frame, which begins at row `top`."""
    x, y = traced.x + 0.5, traced.y + (0.5 - top)
    texel = x * texture_scale - 0.5, y * texture_scale - 0.5
    picture = cv2.remap(texture, *texel, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return picture.astype(np.uint8, copy=False)


def lit(picture: RgbImage, traced: TextureMap, light: ScreenLight) -> RgbImage:
    """Add the screen's light to a rendered picture that was traced with it."""
    if traced.facing is None:
        return picture
    lighting = np.clip(traced.facing, 0.0, None)[..., None]
    gain = (light.ambient + lighting * np.array(light.screen_rgb, np.float32)) ** np.float32(
        1 / DISPLAY_GAMMA
    )
    everywhere = cv2.resize(gain, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(picture, everywhere, dtype=cv2.CV_8U), np.uint8)


def triangle_ids(
    seen: Floats, depth: Floats, triangles: NDArray[np.int32], size: tuple[int, int]
) -> NDArray[np.int32]:
    """Paint triangle numbers from back to front; -1 where there is none."""
    corners = seen[triangles]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    visible = (corners.max(axis=1) > 0).all(axis=1) & (corners.min(axis=1) < size).all(axis=1)
    order = np.argsort(-depth[triangles].mean(axis=1))
    canvas = np.full((size[1], size[0]), -1, np.int32)
    fixed = np.round(corners * (1 << SUBPIXEL_BITS)).astype(np.int32)
    for index in order[(visible & (area > MIN_AREA))[order]]:
        cv2.fillConvexPoly(canvas, fixed[index], int(index), cv2.LINE_8, SUBPIXEL_BITS)
    return canvas


def planes(seen: Floats, values: Floats, triangles: NDArray[np.int32]) -> Floats:
    """Return (m, 3, k): for each triangle the plane through its three values of each kind."""
    corners, kinds = seen[triangles], values[triangles]
    (bx, by), (cx, cy) = (corners[:, k].T - corners[:, 0].T for k in (1, 2))
    area = bx * cy - by * cx
    area[np.abs(area) < MIN_AREA] = np.inf
    first, second = kinds[:, 1] - kinds[:, 0], kinds[:, 2] - kinds[:, 0]
    along_x = (first * cy[:, None] - second * by[:, None]) / area[:, None]
    along_y = (second * bx[:, None] - first * cx[:, None]) / area[:, None]
    start = kinds[:, 0] - along_x * corners[:, 0, :1] - along_y * corners[:, 0, 1:]
    planes: Floats = np.stack([along_x, along_y, start], axis=1)
    return planes


def interpolated(ids: NDArray[np.int32], planes: Floats, frame: tuple[int, int], scale: float) -> TextureMap:
    """Evaluate the planes; a pixel without triangle shows the room as in the photo."""
    height, width = ids.shape
    kinds = planes.shape[2]
    room = np.zeros((1, 3, kinds))
    room[0, :2, :2] = np.eye(2) / scale
    room[0, 2, :2] = (np.array(frame) - np.array((width, height)) / scale) / 2
    table = np.concatenate([planes, room]).astype(np.float32)
    x, y = (_evaluated(table[:, :, k], ids, 1) for k in (0, 1))
    lighting = _evaluated(table[:, :, 2], ids, LIGHT_STRIDE) if kinds > 2 else None
    return TextureMap(x, y, lighting)


def _evaluated(plane: NDArray[np.float32], ids: NDArray[np.int32], stride: int) -> NDArray[np.float32]:
    """Return the plane's value in the middle of every square of `stride` pixels; a plane is (x, y, start)."""
    chosen = np.ascontiguousarray(ids[stride // 2 :: stride, stride // 2 :: stride])
    row, column = (np.arange(side, dtype=np.float32) * stride + (stride - 1) / 2 for side in chosen.shape)
    along_x, along_y, start = (np.ascontiguousarray(part).take(chosen, mode="wrap") for part in plane.T)
    along_x *= column
    along_y *= row[:, None]
    value: NDArray[np.float32] = start + along_x + along_y
    return value


def facing(mesh: HeadMesh, points: Floats, room: float = 1.0) -> Floats:
    """Lambert's cosine towards the screen with the inverse square of the distance, per posed vertex."""
    corners = mesh.triangles
    a, b, c = (points[corners[:, k]] for k in range(3))
    crossed = np.cross(c - a, b - a)
    # The same as np.add.at for each corner, many times quicker.
    sums = [np.bincount(corners.ravel(), np.repeat(crossed[:, k], 3), len(points)) for k in range(3)]
    normals = np.asarray(np.stack(sums, axis=1), np.float64)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    to_screen = np.array([0.0, 0.0, -mesh.camera_distance]) - points
    distance = np.linalg.norm(to_screen, axis=1)
    cosine = np.clip((normals * to_screen).sum(axis=1) / distance, 0, 1)
    # Off the head the mesh is no real surface: cloth and walls count as facing the screen.
    cosine = mesh.turn * cosine + (1 - mesh.turn) * room
    lighting: Floats = cosine * (mesh.camera_distance / distance) ** 2
    return lighting
