"""The people of a simulation: heads made of the photos in a folder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from app.capture.guidance import MAX_PITCH, MAX_YAW
from app.capture.intake import read_image
from app.errors import InputError
from app.inference.types import Embedding, FaceEngine, FaceGeometry, RgbImage
from app.pipeline.landmarks import face_width, inter_eye_distance, keep_tracked
from app.pipeline.pose import head_pose
from app.sandbox.head import Head, build_head
from app.sandbox.pose import NEUTRAL

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
MAX_FACES = 8
MIN_PEOPLE = 2
# Eyes nearer together make a blurred head, which says nothing about a sharp one.
MIN_INTER_EYE = 35.0
# Cut out of a group photo around one face, in widths of it: to a side, up, down.
REACH = (2.4, 2.4, 3.0)
# Somebody else's face is blurred to a blot: radius and sigma in widths of it.
BLOT, BLUR = 0.9, 0.25
# Cosine from which two photos are taken for one person (median of different photos of one: 0.957).
SAME_PERSON = 0.945

Progress: TypeAlias = Callable[[Sequence[Any], str], Iterable[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One head of the cast."""

    name: str
    person: int
    """Equal for heads made of photos of one person."""
    head: Head
    embedding: Embedding


def load_cast(directory: Path, engine: FaceEngine, limit: int | None = None) -> list[Member]:
    """Make a head of every large frontal face in a folder's pictures, in the order of their names.

    Raises `InputError` when there are fewer than two people.
    """
    cast: list[Member] = []
    paths = sorted(path for path in directory.rglob("*") if path.suffix.lower() in SUFFIXES)
    for path in paths:
        for number, head in enumerate(_heads(read_image(path.read_bytes(), path.name), engine)):
            member = _member(f"{path.stem} {number}", head, engine, cast)
            cast += [member] if member else []
        if limit is not None and len(cast) >= limit:
            break
    if len({member.person for member in cast}) < MIN_PEOPLE:
        raise InputError(
            "faces", f"{directory} shows fewer than {MIN_PEOPLE} people that a head can be made of"
        )
    return cast[:limit]


def _heads(image: RgbImage, engine: FaceEngine) -> Iterable[Head]:
    faces = engine.detect(image, MAX_FACES)
    for face in faces:
        if _is_usable(face, image):
            others = [other for other in faces if other is not face]
            alone = _cut_out(_without(image, others), face) if others else image
            found = engine.detect(alone, 1)
            if found:
                yield build_head(alone, found[0].landmarks)


def _is_usable(face: FaceGeometry, image: RgbImage) -> bool:
    """Tell whether a head can be made of it: a whole face, near enough, that looks into the camera."""
    points = keep_tracked(face.landmarks)
    pose = head_pose(points)
    frontal = abs(pose.yaw) <= MAX_YAW and abs(pose.pitch) <= MAX_PITCH
    # What lies outside of the photo would be painted with its last row or column.
    whole = (face.landmarks[:, :2] >= 0).all() and (face.landmarks[:, :2] < image.shape[1::-1]).all()
    return frontal and bool(whole) and inter_eye_distance(points) >= MIN_INTER_EYE


def _member(name: str, head: Head, engine: FaceEngine, cast: Sequence[Member]) -> Member | None:
    """Return the head with its person; None when its own picture does not show one face alone."""
    picture = head.render(NEUTRAL)
    faces = engine.detect(picture, MAX_FACES)
    if len(faces) != 1:
        return None
    embedding = engine.embed(picture, faces[0])
    known = next((m.person for m in cast if float(m.embedding @ embedding) >= SAME_PERSON), None)
    person = len({member.person for member in cast}) if known is None else known
    return Member(name, person, head, embedding)


def _without(image: RgbImage, faces: Sequence[FaceGeometry]) -> RgbImage:
    """Return the picture with some faces blurred away."""
    blurred = image.copy()
    for face in faces:
        width = face_width(keep_tracked(face.landmarks))
        x, y = np.round(face.landmarks[:, :2].mean(axis=0)).astype(int).tolist()
        reach = round(2 * BLOT * width)
        left, top = max(0, x - reach), max(0, y - reach)
        part = blurred[top : max(0, y + reach), left : max(0, x + reach)]
        if part.size:
            _blot(part, (x - left, y - top), width)
    return blurred


def _blot(part: RgbImage, middle: tuple[int, int], width: float) -> None:
    """Blur a disc of `part` in place."""
    spot = np.zeros(part.shape[:2], np.uint8)
    cv2.circle(spot, middle, round(BLOT * width), 255, -1)
    share = cv2.GaussianBlur(spot, (0, 0), max(BLUR * width / 2, 1.0))[..., None] / 255.0
    soft = cv2.GaussianBlur(part, (0, 0), max(BLUR * width, 1.0))
    part[:] = (part * (1 - share) + soft * share).astype(np.uint8)


def _cut_out(image: RgbImage, face: FaceGeometry) -> RgbImage:
    width = face_width(keep_tracked(face.landmarks))
    x, y = face.landmarks[:, :2].mean(axis=0)
    aside, up, down = (reach * width for reach in REACH)
    left, top = max(0, round(x - aside)), max(0, round(y - up))
    return np.ascontiguousarray(image[top : round(y + down), left : round(x + aside)])
