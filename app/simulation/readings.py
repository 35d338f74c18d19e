"""What the models read from one picture, as one row of numbers that can be interpolated and added to."""

import numpy as np
from numpy.typing import NDArray

from app.inference.types import FaceEngine, RgbImage
from app.pipeline.colour import look_around
from app.pipeline.landmarks import TrackedPoints
from app.pipeline.measure import describe_face
from app.pipeline.noise import noise_floor
from app.pipeline.planning import MAX_EMBEDDING_TURN
from app.pipeline.types import TRACKED_LANDMARKS, CaptureSample
from app.simulation.pixels import SIZE

Row = NDArray[np.float64]

# Columns of a row. Landmarks are pixels from the middle of the picture, colours logarithms of linear light.
LANDMARKS = slice(0, 3 * len(TRACKED_LANDMARKS))
FACE = slice(LANDMARKS.stop, LANDMARKS.stop + 3)
RIM = slice(FACE.stop, FACE.stop + 3)
BACKGROUND = slice(RIM.stop, RIM.stop + 3)
COLOURS = (FACE, RIM, BACKGROUND)
# Logarithms of sharpness and contrast; luminance is a consequence of the face's colour. The passive liveness
# score is a logit, so that noise does not lead out of 0…1.
DETAIL = slice(BACKGROUND.stop, BACKGROUND.stop + 2)
CLIPPED = slice(DETAIL.stop, DETAIL.stop + 2)
PRESENCE, BONA_FIDE, NOISE = CLIPPED.stop, CLIPPED.stop + 1, CLIPPED.stop + 2
# 1 where the background tells a colour, 0 where it does not.
READABLE = NOISE + 1
EMBEDDING_BEGIN = READABLE + 1
# What depends on the pose, but not on noise that comes and goes with it.
STILL_PARTS: tuple[slice | int, ...] = (*COLOURS, CLIPPED, PRESENCE, BONA_FIDE, NOISE, READABLE)
SMALLEST, SUREST = 1e-5, 1e-3


def read_row(picture: RgbImage, engine: FaceEngine) -> Row | None:
    """Return what the models say of a picture; None when they see no face."""
    faces = engine.detect(picture, 1)
    if not faces:
        return None
    face = describe_face(CaptureSample(0, picture, 0.0, 0.0, ""), faces[0])
    middle = np.array([picture.shape[1] / 2, picture.shape[0] / 2, 0.0])
    turned = max(abs(face.pose.yaw), abs(face.pose.pitch)) > 1.2 * MAX_EMBEDDING_TURN
    embedding = None if turned else engine.embed(picture, faces[0])
    quality, background = face.quality, look_around(picture, face.landmarks)
    head = [
        (face.landmarks - middle).ravel(),
        log_light(face.face_rgb),
        log_light(face.rim_rgb),
        log_light(background.rgb),
        np.log(np.maximum([quality.sharpness, quality.contrast], SMALLEST)),
        [quality.over_exposure, quality.under_exposure, face.presence],
        [_logit(engine.bona_fide_score(picture, faces[0])), noise_floor(picture), background.readable],
    ]
    size = len(engine.embed(picture, faces[0])) if embedding is None else len(embedding)
    return np.concatenate([*head, np.zeros(size) if embedding is None else embedding]).astype(np.float64)


def points_of(row: Row) -> TrackedPoints:
    """Return the landmarks in pixels of a picture of `SIZE`."""
    middle = np.array([SIZE[0] / 2, SIZE[1] / 2, 0.0])
    return np.asarray(row[LANDMARKS].reshape(len(TRACKED_LANDMARKS), 3) + middle, np.float32)


def probability(logit: float) -> float:
    """Return 0…1."""
    return float(1 / (1 + np.exp(-logit)))


def _logit(share: float) -> float:
    kept = float(np.clip(share, SUREST, 1 - SUREST))
    return float(np.log(kept / (1 - kept)))


def log_light(rgb: object) -> Row:
    """Return the logarithm of linear light."""
    return np.asarray(np.log(np.maximum(np.asarray(rgb, np.float64), SMALLEST)))
