"""Photos from disk: decoding, the person a photo is of, and embeddings of many photos."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from app.errors import InputError
from app.inference.types import Embedding, FaceEngine, FaceGeometry, RgbImage

Progress: TypeAlias = Callable[[Sequence[Any], str], Iterable[Any]]
"""Wraps a sequence, with a caption, so that a person can watch it pass."""

# Faces looked for when the photo's subject is wanted; more would be a crowd.
SUBJECT_CANDIDATES = 10
# Squared distance from the middle counts this often against the area of the face: the weight with which
# the facenet project picked the subjects of LFW, many of whom have somebody else's larger face cut off at
# the border. Found to agree with the label in all eight LFW photos in which it differs from the largest.
OFF_CENTRE_WEIGHT = 2.0


def unwatched(items: Sequence[Any], _caption: str) -> Iterable[Any]:
    """Show nothing; for tests and callers without a terminal."""
    return items


def read_photo(path: Path) -> RgbImage:
    """Decode one picture, turned upright as its EXIF data says; `InputError` when it is none."""
    encoded = np.frombuffer(path.read_bytes(), np.uint8)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if decoded is None:
        raise InputError(str(path), "is not a picture that can be read")
    return np.ascontiguousarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def with_border(image: RgbImage, share: float) -> RgbImage:
    """Return the picture with a black border of `share` of its shorter side.

    Detectors expect some surroundings: a face that fills the picture is found only with a border.
    """
    width = round(min(image.shape[:2]) * share)
    return np.asarray(
        cv2.copyMakeBorder(image, width, width, width, width, cv2.BORDER_CONSTANT), dtype=np.uint8
    )


def enlarged(image: RgbImage, factor: float) -> RgbImage:
    """Return the picture `factor` times as large."""
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)


def subject_of(engine: FaceEngine, image: RgbImage) -> FaceGeometry | None:
    """Return the face the photo is of, large and near the middle, or None without any face."""
    middle = np.array(image.shape[1::-1]) / 2

    def prominence(face: FaceGeometry) -> float:
        x, y, width, height = face.box
        offset = np.array([x + width / 2, y + height / 2]) - middle
        return width * height - OFF_CENTRE_WEIGHT * float(offset @ offset)

    return max(engine.detect(image, SUBJECT_CANDIDATES), key=prominence, default=None)


def embed_photos(
    engine: FaceEngine, paths: Iterable[Path], progress: Progress = unwatched
) -> dict[Path, Embedding]:
    """Return the embedding of each distinct photo's subject; photos without a face are left out."""
    embeddings: dict[Path, Embedding] = {}
    for path in progress(sorted(set(paths)), "photos"):
        image = read_photo(path)
        face = subject_of(engine, image)
        if face is not None:
            embeddings[path] = engine.embed(image, face)
    return embeddings
