"""Uploaded logos: decoded and encoded again, so that nothing but their pixels is ever sent on."""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.capture.image_header import is_complete, read_header
from app.errors import InputError
from app.hosted.colours import LIGHT_PAPER, contrast
from app.models import BrandLogo

MAX_UPLOAD_BYTES = 1024 * 1024
MAX_UPLOAD_PIXELS = 4096
# Twice the height and width that the page shows at most; the page has to stay light on a phone.
MAX_WIDTH, MAX_HEIGHT = 480, 96
MAX_BYTES = 40 * 1024
FIELD = "logo"
# What so much of a logo reaches at least is what people see of it: strokes are thin.
SEEN_SHARE = 0.02
# A graphical object, WCAG 2.2, 1.4.11; logos are exempt, so it is advice.
ENOUGH_CONTRAST = 3.0
# Colours are told apart in so many steps a channel: enough for a ratio, and quick.
SHADES = 16


def store_logo(db: Session, data: bytes, now: float) -> str:
    """Store a PNG, JPEG or WebP as a small PNG; return its id. `InputError` says what is not right."""
    content, width, height = encoded(decoded(data))
    logo_id = hashlib.sha256(content).hexdigest()
    if db.get(BrandLogo, logo_id) is None:
        db.add(BrandLogo(id=logo_id, width=width, height=height, content=content, created_at=now))
        db.flush()
    return logo_id


def decoded(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels, (height, width, 3 or 4), of bytes that say before decoding how large they are."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise InputError(FIELD, "must have at most 1 MB")
    header = read_header(data)
    if header is None or not is_complete(data, header):
        raise InputError(FIELD, "must be a whole PNG, JPEG or WebP")
    if not (1 <= header.width <= MAX_UPLOAD_PIXELS and 1 <= header.height <= MAX_UPLOAD_PIXELS):
        raise InputError(FIELD, f"must be at most {MAX_UPLOAD_PIXELS} pixels wide and high")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    if picture is None:
        raise InputError(FIELD, "cannot be read")
    if picture.dtype != np.uint8:
        picture = (picture // 257).astype(np.uint8)  # 16 bits a channel
    coloured = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    return np.asarray(coloured, np.uint8)


def contrast_on_page(picture: NDArray[np.uint8]) -> float:
    """Return the contrast, 1…21, that a fiftieth of the logo has with its ground; 1 for an empty one."""
    ground = np.array([int(LIGHT_PAPER[place : place + 2], 16) for place in (5, 3, 1)])
    opacity = picture[..., 3:] / 255 if picture.shape[2] == 4 else np.ones((*picture.shape[:2], 1))
    seen = (picture[..., :3] * opacity + ground * (1 - opacity)).astype(int) // SHADES * SHADES
    colours, counts = np.unique(seen.reshape(-1, 3), axis=0, return_counts=True)
    ratios = np.array(
        [contrast(f"#{red:02x}{green:02x}{blue:02x}", LIGHT_PAPER) for blue, green, red in colours]
    )
    order = np.argsort(-ratios)
    first = np.searchsorted(np.cumsum(counts[order]), SEEN_SHARE * counts.sum())
    return float(ratios[order][first])


def encoded(picture: NDArray[np.uint8]) -> tuple[bytes, int, int]:
    """Return a PNG of at most 40 KB with its width and height."""
    height, width = picture.shape[:2]
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    while True:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        done, content = cv2.imencode(".png", small, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        if done and len(content) <= MAX_BYTES:
            return content.tobytes(), *size
        scale *= 0.8
