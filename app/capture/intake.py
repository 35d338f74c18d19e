"""Bytes from outside become a picture here, or a clear refusal: format and size come before any decoding."""

import hashlib

import cv2
import numpy as np

from app.capture.image_header import ImageHeader, is_complete, read_header
from app.errors import InputError, TooLargeError, UnsupportedMediaError
from app.inference.types import RgbImage
from app.pipeline.types import CaptureSample

MAX_IMAGE_BYTES = 6 * 1024 * 1024
MAX_SIDE, MIN_SIDE = 4096, 160
# Frames larger than this are halved until they fit: the detector looks at 128 px, the mesh at 192.
MAX_FRAME_SIDE = 1280
DIGEST_BYTES = 16

# Rotation hints in the file are ignored: canvas pictures have none, and landmarks must match the bytes.
# OpenCV's reducing modes for colour hold a wish for BGR, which excludes RGB; those for grey do not.
_REDUCED = {
    1: cv2.IMREAD_COLOR_RGB,
    2: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_4,
}


def read_sample(
    data: bytes, *, number: int, client_ms: float, received_ms: float, field: str = "frame"
) -> CaptureSample:
    """Decode one frame of a capture, at most `MAX_FRAME_SIDE` a side.

    Raises `TooLargeError`, `UnsupportedMediaError` or `InputError`, each naming `field`.
    """
    header = _admit(data, field)
    image = _decode(data, header, field, _reduction(header))
    return CaptureSample(number, image, client_ms, received_ms, digest_of(data))


def read_image(data: bytes, field: str = "image") -> RgbImage:
    """Decode one picture in full size, (height, width, 3) RGB; errors as in `read_sample`."""
    return _decode(data, _admit(data, field), field, 1)


def digest_of(data: bytes) -> str:
    """Return 32 hex digits that are equal for equal bytes only (BLAKE2b-128)."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def _admit(data: bytes, field: str) -> ImageHeader:
    if len(data) > MAX_IMAGE_BYTES:
        raise TooLargeError(field, f"a picture may have at most {MAX_IMAGE_BYTES} bytes")
    header = read_header(data)
    if header is None:
        raise UnsupportedMediaError(field, "must be a JPEG, PNG or still WebP picture")
    if max(header.width, header.height) > MAX_SIDE:
        raise TooLargeError(field, f"a picture may have at most {MAX_SIDE} pixels a side")
    if min(header.width, header.height) < MIN_SIDE:
        raise InputError(field, f"a picture must have at least {MIN_SIDE} pixels a side")
    if not is_complete(data, header):
        raise InputError(field, "the picture is cut off")
    return header


def _reduction(header: ImageHeader) -> int:
    longest = max(header.width, header.height)
    return next((factor for factor in _REDUCED if longest / factor <= MAX_FRAME_SIDE), max(_REDUCED))


def _decode(data: bytes, header: ImageHeader, field: str, reduction: int) -> RgbImage:
    try:
        flags = _REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        decoded = None
    if decoded is None or not _fits(decoded.shape, header, reduction):
        raise InputError(field, "the picture cannot be decoded")
    return np.asarray(decoded, np.uint8)


def _fits(shape: tuple[int, ...], header: ImageHeader, reduction: int) -> bool:
    """Tell whether the decoder found the size that the header had promised."""
    expected = -(-header.height // reduction), -(-header.width // reduction)
    return abs(shape[0] - expected[0]) <= 1 and abs(shape[1] - expected[1]) <= 1
