"""A head survives the way to the disk and back."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.errors import InputError
from app.sandbox.assets import inline_asset, load_asset, write_asset
from app.sandbox.head import Head, build_head
from app.sandbox.pose import HeadPose
from tests.simulator.drawn import drawn_landmarks, drawn_photo


@pytest.fixture(scope="module")
def head() -> Head:
    return build_head(drawn_photo(), drawn_landmarks())


def test_a_head_that_was_written_is_read_again(head: Head, tmp_path: Path) -> None:
    read = load_asset(write_asset(head, tmp_path, "person"))
    pose = HeadPose(20, 5)
    np.testing.assert_allclose(read.landmarks(pose), head.landmarks(pose), atol=0.1)
    assert np.abs(read.render(pose).astype(int) - head.render(pose)).mean() < 2


def test_only_the_two_files_are_left(head: Head, tmp_path: Path) -> None:
    write_asset(head, tmp_path, "person")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["person.jpg", "person.json"]


def test_an_inline_asset_is_one_json_document(head: Head) -> None:
    document = json.loads(json.dumps(inline_asset(head)))
    assert document["texture"]["url"].startswith("data:image/jpeg;base64,")
    assert document["poses"]["look_left"]["yaw_deg"] == 28


def test_an_asset_of_another_format_is_refused(head: Head, tmp_path: Path) -> None:
    path = write_asset(head, tmp_path, "person")
    path.write_text(path.read_text().replace("visavis-head-1", "visavis-head-9"))
    with pytest.raises(InputError, match="format"):
        load_asset(path)


@pytest.mark.parametrize("part", ["vertices", "triangles", "texture", "frame", "cameraDistance"])
def test_an_asset_with_a_part_missing_is_refused(head: Head, tmp_path: Path, part: str) -> None:
    path = write_asset(head, tmp_path, "person")
    document = json.loads(path.read_text())
    del document[part]
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="asset"):
        load_asset(path)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "person.json").write_text("<html>")
    with pytest.raises(InputError, match="no JSON"):
        load_asset(tmp_path / "person.json")


def test_the_texture_is_read_from_beside_the_document_only(head: Head, tmp_path: Path) -> None:
    path = write_asset(head, tmp_path / "heads", "person")
    (tmp_path / "heads" / "person.jpg").rename(tmp_path / "person.jpg")
    path.write_text(path.read_text().replace('"person.jpg"', '"../person.jpg"'))
    with pytest.raises(FileNotFoundError):
        load_asset(path)
