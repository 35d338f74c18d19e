"""New identities: the face of one person, in shape and skin, on the way to that of another."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.sandbox.head import Head, build_head
from app.sandbox.mesh import LANDMARK_COUNT, triangulated
from app.sandbox.outline import FACE_OVAL, Floats
from app.sandbox.render import TextureMap, interpolated, planes, sampled, triangle_ids

# Sigma in pixels over which the skin of one goes over into that of the other, inside of the outline.
FEATHER = 10.0


def morphed(host: Head, guest: Head, shape: float = 0.6, skin: float = 0.6) -> Head:
    """Return a new person: hair and room of `host`, a face between both.

    `shape` and `skin` (0…1, may go a little beyond) say how much of the guest's geometry and of the
    guest's picture it has. Between people who do not look alike, 0.6 gives somebody who is neither:
    cosine 0.92 to both with the default recognition model; 0.5 still resembles the host (0.95), and
    1 is the guest with the host's hair (0.97).
    """
    ours, theirs = (np.vstack([head.mesh.uv[:LANDMARK_COUNT], _edges(head)]) for head in (host, guest))
    places = ours + shape * (theirs - ours)
    own, foreign = _warped(host, ours, places), _warped(guest, theirs, places)
    face = _inside(places[list(FACE_OVAL)], host.frame)
    photo = _mixed(own, _recoloured(foreign, own, face > 0.5), skin * face)
    depths = [head.mesh.vertices[:LANDMARK_COUNT, 2] for head in (host, guest)]
    depth = depths[0] + shape * (depths[1] - depths[0])
    return build_head(photo, np.column_stack([places[:LANDMARK_COUNT], depth]), host.frame)


def _edges(head: Head) -> Floats:
    width, height = head.frame
    x, y = np.meshgrid(np.linspace(-2, width + 2, 5), np.linspace(-2, height + 2, 5))
    at = np.column_stack([x.ravel(), y.ravel()])
    inner = (at > 0).all(axis=1) & (at < (width, height)).all(axis=1)
    return at[~inner]


def _warped(head: Head, source: Floats, places: Floats) -> RgbImage:
    """Draw the frame of `head` so that what lies at `source` comes to lie at `places`."""
    triangles = triangulated(places)
    ids = triangle_ids(places, np.zeros(len(places)), triangles, head.frame)
    values = np.column_stack([source, np.zeros(len(source))])
    traced: TextureMap = interpolated(ids, planes(places, values, triangles), head.frame, 1.0)
    return sampled(head.texture, head.texture_scale, head.texture_top, traced)


def _inside(outline: Floats, frame: tuple[int, int]) -> Floats:
    mask = np.zeros((frame[1], frame[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=round(2 * FEATHER))
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), FEATHER) / 255.0, np.float64)


def _recoloured(picture: RgbImage, like: RgbImage, where: NDArray[np.bool_]) -> Floats:
    """Give a picture the mean colour that another has in a region."""
    gain = like[where].mean(axis=0) / np.maximum(picture[where].mean(axis=0), 1)
    recoloured: Floats = np.clip(picture * gain, 0, 255)
    return recoloured


def _mixed(own: RgbImage, foreign: Floats, share: Floats) -> RgbImage:
    mixed: RgbImage = np.clip(own + share[..., None] * (foreign - own), 0, 255).astype(np.uint8)
    return mixed
