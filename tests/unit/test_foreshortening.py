"""What tells a head from a picture of one: lengths that change otherwise than a plane's do."""

import numpy as np
import pytest

from app.pipeline.discriminant import LinearDiscriminant, read_discriminants
from app.pipeline.foreshortening import NOD_FEATURES, TURN_FEATURES, nod_features, turn_features
from app.pipeline.landmarks import TrackedPoints
from app.pipeline.pose import head_pose
from app.pipeline.types import TRACKED_LANDMARKS
from app.pipeline.verifiers.solid_head import FEATURES, MASK, SHEET, WEIGHTS_FILE

FLAT = np.random.default_rng(5).normal(0, 60, (len(TRACKED_LANDMARKS), 3)).astype(np.float32)
WIDTHS = slice(0, 6)


def squeezed(points: TrackedPoints, factor: float) -> TrackedPoints:
    return np.asarray(points * (factor, 1.0, 1.0), np.float32)


def test_a_face_that_did_not_move_changed_nothing() -> None:
    pose = head_pose(FLAT)
    assert turn_features(FLAT, pose, FLAT, pose) == pytest.approx(np.zeros(len(TURN_FEATURES)))
    assert nod_features(FLAT, pose, FLAT, pose) == pytest.approx(np.zeros(len(NOD_FEATURES)))


def test_a_plane_that_narrows_as_its_angle_says_has_nothing_beyond_it() -> None:
    pose = head_pose(FLAT)
    turned = type(pose)(pose.yaw + 30.0, pose.pitch, pose.roll)
    explained = np.log(np.cos(np.radians(turned.yaw)) / np.cos(np.radians(pose.yaw)))
    still = turn_features(FLAT, turned, FLAT, pose)
    assert still[WIDTHS] == pytest.approx(np.full(6, -explained))


def test_a_narrower_face_has_smaller_widths() -> None:
    pose = head_pose(FLAT)
    narrow = turn_features(squeezed(FLAT, 0.5), pose, FLAT, pose)
    assert (narrow[WIDTHS] < 0).all()


def test_the_size_of_a_face_does_not_matter_to_asymmetries() -> None:
    pose = head_pose(FLAT)
    larger = turn_features(np.asarray(FLAT * 2, np.float32), pose, FLAT, pose)
    assert larger[11:13] == pytest.approx(np.zeros(2), abs=1e-5)


def test_a_discriminant_tells_the_classes_it_was_fitted_to() -> None:
    rng = np.random.default_rng(1)
    heads, sheets = rng.normal(1, 1, (300, 4)), rng.normal(-1, 1, (300, 4))
    found = LinearDiscriminant.fit(("a", "b", "c", "d"), heads, sheets, shrinkage=0.05)
    right = sum(found.part(each) + found.bias > 0 for each in heads)
    wrong = sum(found.part(each) + found.bias > 0 for each in sheets)
    assert (right, wrong) > (285, 0)
    assert wrong < 15


def test_a_discriminant_survives_its_file_and_refuses_other_features() -> None:
    found = read_discriminants(WEIGHTS_FILE, FEATURES)
    assert set(found) == {SHEET, MASK}
    document = found[SHEET].to_json()
    assert LinearDiscriminant.from_json(document, FEATURES).bias == pytest.approx(found[SHEET].bias)
    with pytest.raises(ValueError, match="other features"):
        LinearDiscriminant.from_json(document, FEATURES[1:])
