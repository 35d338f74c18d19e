"""Pictures of one colour that stand for people, and an engine that tells them apart by it."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from app.inference.types import Demographics, Embedding, FaceEngine, FaceGeometry, RgbImage

SIZE = 32
BLACK = (0, 0, 0)


class ColourEngine(FaceEngine):
    """One face in every picture that is not black; its embedding, age and gender come from the colour."""

    landmarker_name = "test-mesh"
    recognition_model = "test-net"
    pad_model = "none"
    demographics_models = ("none",)

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """As many faces as the brightest blue says, at least one when there is any colour."""
        brightest = image.reshape(-1, 3).max(axis=0)
        count = 0 if not brightest.any() else max(1, int(brightest[2]))
        box = (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))
        return [FaceGeometry(np.zeros((478, 3), np.float32), box, 1.0)] * min(count, max_faces)

    def embed(self, image: RgbImage, face: FaceGeometry) -> Embedding:
        """A direction that red decides, and green a little."""
        red, green, _blue = (int(value) for value in image.reshape(-1, 3).max(axis=0))
        person = np.random.default_rng(red).standard_normal(16)
        look = np.random.default_rng(1000 + green).standard_normal(16)
        vector = person + 0.2 * look
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def estimate_demographics(self, image: RgbImage, face: FaceGeometry) -> Demographics:
        """Red is the age in years; green above the middle is male."""
        red, green, _blue = (int(value) for value in image.reshape(-1, 3).max(axis=0))
        return Demographics(float(red), green / 255)

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        """Never asked for here."""
        raise NotImplementedError


def paint(folder: Path, name: str, colour: tuple[int, int, int]) -> str:
    """Write a picture of one colour, red first; returns its name."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    image = np.full((SIZE, SIZE, 3), colour[::-1], np.uint8)
    cv2.imwrite(str(folder / name), image)
    return name


def write_list(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """Write a label file."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
