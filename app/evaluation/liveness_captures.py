"""Stills, folders of frames and videos as the service would have got them from the hosted page."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.capture.intake import digest_of
from app.errors import InputError
from app.evaluation.photos import read_photo
from app.inference.types import RgbImage
from app.pipeline.types import CaptureSample

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
# What the hosted page sends: ten pictures a second, at most this wide, as JPEG of this quality.
INTERVAL_MS, WIDTH, JPEG_QUALITY = 100.0, 480, 80
# Half a minute: an attempt with movement takes less.
MAX_FRAMES = 300
# For files that do not say how fast they are.
USUAL_RATE = 25.0


def is_still(path: Path) -> bool:
    """Tell whether a path is one picture, and not a folder of frames or a video."""
    return path.is_file() and path.suffix.lower() in PICTURE_SUFFIXES


def read_still(path: Path) -> CaptureSample:
    """Return one picture as the only frame of a capture, in full size; `InputError` when it is none."""
    image = read_photo(path)
    return CaptureSample(0, image, 0.0, 0.0, digest_of(image.tobytes()))


def read_frames(path: Path) -> Iterator[CaptureSample]:
    """Yield the first half minute of a folder of frames or a video, as the page would have sent it.

    The frames of a folder are taken to be a tenth of a second apart. A recording has no time of arrival:
    every frame is said to have arrived when it was taken. `InputError` when there is no frame.
    """
    timed, number = (_folder(path) if path.is_dir() else _video(path)), -1
    for number, (at, image) in enumerate(itertools.islice(timed, MAX_FRAMES)):
        yield _sample(number, at, image)
    if number < 0:
        raise InputError(str(path), "has no picture that can be read")


def _folder(path: Path) -> Iterator[tuple[float, RgbImage]]:
    files = sorted((each for each in path.iterdir() if is_still(each)), key=_natural)
    return ((number * INTERVAL_MS, read_photo(each)) for number, each in enumerate(files))


def _natural(path: Path) -> list[tuple[int, str]]:
    """Return a key that puts frame 9 before frame 10."""
    return [(int(part or 0), text) for text, part in re.findall(r"(\D*)(\d*)", path.name)]


def _video(path: Path) -> Iterator[tuple[float, RgbImage]]:
    video = cv2.VideoCapture(str(path))
    try:
        rate = video.get(cv2.CAP_PROP_FPS)
        step, due, number = 1000.0 / (rate if rate > 0 else USUAL_RATE), 0.0, 0
        while video.grab():
            at = number * step
            number += 1
            if at < due - step / 2:
                continue
            due = at + INTERVAL_MS
            decoded, frame = video.retrieve()
            if decoded:
                yield at, np.ascontiguousarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    finally:
        video.release()


def _sample(number: int, at: float, image: RgbImage) -> CaptureSample:
    encoded = _as_sent(image)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)
    seen = np.ascontiguousarray(decoded, dtype=np.uint8)
    return CaptureSample(number, seen, at, at, digest_of(encoded.tobytes()))


def _as_sent(image: RgbImage) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return np.asarray(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1], dtype=np.uint8)
