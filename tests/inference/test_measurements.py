"""Embedding, age, gender and passive liveness on known pictures."""

from collections.abc import Callable

import numpy as np
import pytest

from app.inference.alignment import cut, similarity_transform
from app.inference.dlib_resnet import ALIGNMENT_POINTS, chip_points
from app.inference.engine import OpenPackEngine
from app.inference.types import Embedding, FaceGeometry, RgbImage

# First components for the astronaut, by engine.
GOLDEN_EMBEDDING = {
    "engine": (-0.0485, 0.0078, 0.0214, -0.0306, -0.1226, -0.0117),
    "onnx_engine": (-0.0427, 0.0100, 0.0217, -0.0294, -0.1172, -0.0098),
}


def embed(engine: OpenPackEngine, image: RgbImage) -> Embedding:
    image = np.ascontiguousarray(image)
    [found] = engine.detect(image, 1)
    return engine.embed(image, found)


@pytest.fixture(scope="module")
def template(engine: OpenPackEngine, astronaut: RgbImage) -> Embedding:
    return embed(engine, astronaut)


@pytest.mark.parametrize("name", GOLDEN_EMBEDDING)
def test_an_embedding_has_length_1_and_the_known_values(
    request: pytest.FixtureRequest, name: str, astronaut: RgbImage
) -> None:
    embedding = embed(request.getfixturevalue(name), astronaut)
    assert embedding.shape == (128,)
    assert embedding.dtype == np.float32
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-6)
    assert embedding[:6] == pytest.approx(GOLDEN_EMBEDDING[name], abs=0.003)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image[:, ::-1],
        lambda image: (image * 0.6).astype(np.uint8),
        lambda image: np.clip(image * 1.3, 0, 255).astype(np.uint8),
    ],
    ids=["mirrored", "darker", "brighter"],
)
def test_a_changed_picture_of_one_person_stays_close(
    engine: OpenPackEngine,
    astronaut: RgbImage,
    template: Embedding,
    change: Callable[[RgbImage], RgbImage],
) -> None:
    assert template @ embed(engine, change(astronaut)) > 0.99


@pytest.mark.parametrize("name", ["biden", "curls", "obama"])
def test_another_person_is_far(
    engine: OpenPackEngine, template: Embedding, name: str, portrait: Callable[[str], RgbImage]
) -> None:
    assert template @ embed(engine, portrait(name)) < 0.9


def test_two_photos_of_one_person_are_closer_than_two_people(
    engine: OpenPackEngine, portrait: Callable[[str], RgbImage]
) -> None:
    names = ("obama_speaking", "obama_standing", "biden")
    speaking, standing, other = (embed(engine, portrait(name)) for name in names)
    assert speaking @ standing > 0.94
    assert speaking @ other < 0.9


def test_both_engines_give_nearly_the_same_embedding(
    onnx_engine: OpenPackEngine, astronaut: RgbImage, template: Embedding
) -> None:
    assert template @ embed(onnx_engine, astronaut) > 0.995


def test_alignment_puts_the_points_onto_the_mean_shape(astronaut: RgbImage, face: FaceGeometry) -> None:
    source = face.landmarks[list(ALIGNMENT_POINTS), :2].astype(np.float64)
    matrix = similarity_transform(source, chip_points(150))
    placed = source @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(placed - chip_points(150)).max() < 4
    assert cut(astronaut, matrix, 150).shape == (150, 150, 3)


def test_age_and_gender_are_the_known_values(
    engine: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    demographics = engine.estimate_demographics(astronaut, face)
    assert demographics.age_years == pytest.approx(32.2, abs=0.5)
    assert demographics.male_probability == pytest.approx(0.28, abs=0.05)


@pytest.mark.parametrize(
    ("name", "youngest", "oldest", "male"),
    [("obama", 40, 60, True), ("biden", 55, 80, True), ("curls", 20, 40, False)],
)
def test_age_and_gender_are_plausible(
    engine: OpenPackEngine,
    portrait: Callable[[str], RgbImage],
    name: str,
    youngest: int,
    oldest: int,
    male: bool,
) -> None:
    image = portrait(name)
    demographics = engine.estimate_demographics(image, engine.detect(image, 1)[0])
    assert youngest < demographics.age_years < oldest
    assert (demographics.male_probability > 0.8) is male
    assert (demographics.male_probability < 0.2) is not male


def test_a_real_photo_gets_a_high_bona_fide_score(
    engine: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    assert engine.bona_fide_score(astronaut, face) == pytest.approx(0.998, abs=0.01)


def test_noise_in_place_of_a_face_gets_a_lower_bona_fide_score(
    engine: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, astronaut.shape, dtype=np.uint8)
    assert engine.bona_fide_score(noise, face) < engine.bona_fide_score(astronaut, face)
