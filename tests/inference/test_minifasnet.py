"""The optional passive liveness networks: what they are shown, and who speaks when they are there."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import ModelPackError
from app.inference.engine import OpenPackEngine
from app.inference.manifest import OPEN_PACK, PLUS_PACK, Manifest, load_manifest
from app.inference.minifasnet import surroundings
from app.inference.types import FaceGeometry, RgbImage
from app.modelpack.minifasnet import convert
from tests.unit.torch_checkpoint import checkpoint, network

SIZE = 80


def face_at(left: float, top: float, right: float, bottom: float) -> FaceGeometry:
    """Return a face whose mesh fills a rectangle; the eye centres, which are no part of it, lie elsewhere."""
    points = np.zeros((478, 3), np.float32)
    points[:468, :2] = np.random.default_rng(1).uniform((left, top), (right, bottom), (468, 2))
    points[0, :2], points[1, :2] = (left, top), (right, bottom)
    points[468:, :2] = -500
    return FaceGeometry(points, (0.0, 0.0, 1.0, 1.0), 1.0)


def coordinates(width: int, height: int) -> RgbImage:
    """Return a picture whose red tells the column and whose green tells the row."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.arange(width)
    picture[..., 1] = np.arange(height)[:, None]
    return picture


def span(chip: RgbImage) -> tuple[int, int, int, int]:
    """Return the first and last column, first and last row that a chip of `coordinates` shows."""
    columns, rows = chip[0, :, 0].astype(int), chip[:, 0, 1].astype(int)
    return columns[0], columns[-1], rows[0], rows[-1]


def test_the_crop_lies_around_the_face_at_the_scale_asked_for() -> None:
    chip = surroundings(coordinates(240, 200), face_at(100, 80, 130, 120), 2.0, SIZE)
    assert chip.shape == (SIZE, SIZE, 3)
    assert span(chip) == pytest.approx((85, 145, 60, 140), abs=1)


def test_a_crop_that_would_leave_the_picture_is_moved_inside() -> None:
    chip = surroundings(coordinates(240, 200), face_at(5, 150, 35, 190), 2.7, SIZE)
    assert span(chip) == pytest.approx((0, 81, 92, 199), abs=1)


def test_a_crop_larger_than_the_picture_shrinks_in_both_directions() -> None:
    chip = surroundings(coordinates(240, 120), face_at(100, 40, 130, 80), 4.0, SIZE)
    assert span(chip) == pytest.approx((70, 160, 0, 119), abs=1)


def test_a_shrunken_crop_reaches_from_edge_to_edge_whatever_the_rounding() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        width, height = (int(side) for side in rng.integers(100, 255, 2))
        left, top = rng.uniform(0, width / 2), rng.uniform(0, height / 2)
        face = face_at(left, top, left + width / 2, top + height / 2)
        assert span(surroundings(coordinates(width, height), face, 2.7, SIZE)) == pytest.approx(
            (0, width - 1, 0, height - 1), abs=2
        )


@pytest.mark.parametrize("rectangle", [(-90, -90, -60, -50), (300, 10, 340, 50), (50, 50, 50, 50)])
def test_a_face_outside_or_without_extent_still_gives_a_chip(rectangle: tuple[float, ...]) -> None:
    left, top, right, bottom = rectangle
    for picture in (coordinates(240, 200), coordinates(3, 2), coordinates(1, 1)):
        assert surroundings(picture, face_at(left, top, right, bottom), 2.7, SIZE).shape == (SIZE, SIZE, 3)


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    """Both networks, of made-up weights."""
    return {key: convert(checkpoint(network(len(key))), key) for key in load_manifest().keys_of(PLUS_PACK)}


@pytest.fixture
def manifest(built: dict[str, bytes]) -> Manifest:
    pinned = load_manifest()
    hashes = {key: hashlib.sha256(content).hexdigest() for key, content in built.items()}
    models = {
        key: replace(model, sha256=hashes[key]) if key in hashes else model
        for key, model in pinned.models.items()
    }
    return Manifest(pinned.archives, models)


@pytest.fixture
def both_packs(tmp_path: Path, models_dir: Path, manifest: Manifest, built: dict[str, bytes]) -> Path:
    for key in manifest.keys_of(OPEN_PACK):
        (tmp_path / manifest.models[key].file).symlink_to(models_dir / manifest.models[key].file)
    for key, content in built.items():
        (tmp_path / manifest.models[key].file).write_bytes(content)
    return tmp_path


def test_the_plus_pack_judges_when_it_is_installed(
    both_packs: Path, manifest: Manifest, engine: OpenPackEngine, astronaut: RgbImage, face: FaceGeometry
) -> None:
    plus = OpenPackEngine.from_manifest(both_packs, manifest=manifest)
    assert plus.pad_model == "minifasnet-v2-2.7+minifasnet-v1se-4.0"
    plus.warm_up()
    score = plus.bona_fide_score(astronaut, face)
    assert 0 < score < 1
    assert score == plus.bona_fide_score(astronaut, face)
    assert score != engine.bona_fide_score(astronaut, face)
    assert np.array_equal(plus.embed(astronaut, face), engine.embed(astronaut, face))


def test_the_score_is_the_mean_of_both_networks(
    both_packs: Path, manifest: Manifest, astronaut: RgbImage, face: FaceGeometry
) -> None:
    engine = OpenPackEngine.from_manifest(both_packs, manifest=manifest)
    alone = [
        onnx.run(surroundings(astronaut, face, scale, SIZE))["scores"][0, 1]
        for scale, onnx in engine._pad._networks.items()  # type: ignore[union-attr]
    ]
    assert len(alone) == 2
    assert engine.bona_fide_score(astronaut, face) == pytest.approx(np.mean(alone), abs=1e-6)


def test_without_the_plus_pack_the_open_one_judges(
    both_packs: Path, manifest: Manifest, built: dict[str, bytes]
) -> None:
    for key in built:
        (both_packs / manifest.models[key].file).unlink()
    assert OpenPackEngine.from_manifest(both_packs, manifest=manifest).pad_model == "human-liveness-v1"


def test_an_altered_or_lone_network_is_refused(both_packs: Path, manifest: Manifest) -> None:
    path = both_packs / "minifasnet_v2.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelPackError, match=r"minifasnet_v2\.onnx is not the pinned file"):
        OpenPackEngine.from_manifest(both_packs, manifest=manifest)
    path.unlink()
    with pytest.raises(ModelPackError, match=r"minifasnet_v2\.onnx is missing"):
        OpenPackEngine.from_manifest(both_packs, manifest=manifest)
