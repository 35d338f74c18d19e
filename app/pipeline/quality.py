"""Quality of one face: the capture-related components of ISO/IEC 29794-5, on a face of fixed size."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.pipeline.landmarks import TrackedPoints, face_middle, face_width, inter_eye_distance
from app.pipeline.types import FaceQuality

# Side of the resampled face: sharpness must not depend on how many pixels the camera has, and a small
# picture costs 0.1 ms.
FACE_SIDE = 96
# The square reaches from cheek to cheek: skin, eyes, mouth and nose, hardly any hair or background.
CROP_WIDTHS = 0.9
UPPER_LIMIT, LOWER_LIMIT = 250, 8

# What makes a frame usable. 60 LFW photos, degraded step by step and compared with the mean of three others
# of the same person (0.973 undamaged, 5 % below 0.954): blur to sharpness 6 costs 0.018, darkness to
# luminance 0.06 and contrast 0.02 costs 0.009, 22 px between the eyes cost 0.001; beyond, faces are no
# longer found.
MIN_INTER_EYE = 20.0
MIN_SHARPNESS = 5.0
MIN_LUMINANCE, MAX_LUMINANCE = 0.05, 0.95
MIN_CONTRAST = 0.015
MAX_CLIPPED = 0.5
# What the gate gains: 2,994 single photos of 130 LFW people, five sixths of them darkened, over-exposed,
# blurred, shrunk or flattened, against templates of three undamaged photos at the shipped threshold for
# FMR 1e-4 (dlib ResNet on the MediaPipe mesh, November 2026). Of the 2,529 in which a face was found the
# false non-match rate falls from 27.9 % (26.2-29.7) to 10.8 % (9.3-12.6), and the false match rate, counted,
# from 1.9e-4 to 1.1e-4. Refused are 46 %, none of the undamaged ones; of the refused 48 % would not have
# matched. Sharpness 10 would give 8.4 %, and refuse a third more of those that would have matched.
# `flask evaluate quality` measures the same on other photos.
# Occlusion cannot be measured with these models: presence is 1.0 for covered faces too. Covered eyes cost
# 71 % false non-matches, a covered mouth 19 %.

# The components under their names in ISO/IEC 29794-5:2025.
COMPONENT_NAMES: dict[str, str] = {
    "inter_eye_distance": "inter-eye distance",
    "luminance": "luminance mean",
    "over_exposure": "over-exposure prevention",
    "under_exposure": "under-exposure prevention",
    "contrast": "luminance variance",
    "sharpness": "sharpness",
}


def face_quality(image: RgbImage, points: TrackedPoints) -> FaceQuality:
    """Measure one face in its own picture."""
    luma = face_luma(image, points)
    return FaceQuality(
        sharpness=float(cv2.Laplacian(luma, cv2.CV_32F).var()),
        luminance=float(luma.mean()) / 255,
        contrast=float(luma.std()) / 255,
        over_exposure=float((luma >= UPPER_LIMIT).mean()),
        under_exposure=float((luma <= LOWER_LIMIT).mean()),
        inter_eye_distance=inter_eye_distance(points),
    )


def limiting_component(quality: FaceQuality) -> str | None:
    """Return the component that makes a face unusable, None when it is usable; see `COMPONENT_NAMES`."""
    checks = {
        "inter_eye_distance": quality.inter_eye_distance >= MIN_INTER_EYE,
        "luminance": MIN_LUMINANCE <= quality.luminance <= MAX_LUMINANCE,
        "over_exposure": quality.over_exposure <= MAX_CLIPPED,
        "under_exposure": quality.under_exposure <= MAX_CLIPPED,
        "contrast": quality.contrast >= MIN_CONTRAST,
        "sharpness": quality.sharpness >= MIN_SHARPNESS,
    }
    return next((name for name, good in checks.items() if not good), None)


def face_luma(image: RgbImage, points: TrackedPoints) -> NDArray[np.uint8]:
    """Return the face as (FACE_SIDE, FACE_SIDE) luma, 0…255; the picture's edge goes on outside of it."""
    half = max(face_width(points) * CROP_WIDTHS / 2, 1.0)
    x, y = face_middle(points)
    columns, column_pad = _span(x, half, image.shape[1])
    rows, row_pad = _span(y, half, image.shape[0])
    crop = cv2.cvtColor(image[rows, columns], cv2.COLOR_RGB2GRAY)
    if any(row_pad + column_pad):
        crop = cv2.copyMakeBorder(crop, *row_pad, *column_pad, cv2.BORDER_REPLICATE)
    resized = cv2.resize(crop, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_AREA)
    return resized.astype(np.uint8, copy=False)


def _span(center: float, half: float, length: int) -> tuple[slice, tuple[int, int]]:
    """Return the part of [center − half, center + half] inside 0…length, and what is missing on each side."""
    first, last = round(center - half), round(center + half)
    inside_first = min(max(first, 0), length - 1)
    inside_last = max(min(last, length), inside_first + 1)
    limit = round(2 * half)  # a face wholly outside would otherwise ask for endless padding
    before, after = max(inside_first - first, 0), max(last - inside_last, 0)
    return slice(inside_first, inside_last), (min(before, limit), min(after, limit))
