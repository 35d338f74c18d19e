"""`flask calibrate solid-head` on made-up movements: what it fits, and what it tells of it."""

import numpy as np

from app.evaluation.solid_head import BPCERS, Example, cross_validated, examples_of_photos, fit
from app.pipeline.landmarks import TrackedPoints, rows
from app.pipeline.verifiers.solid_head import FEATURES, MASK, SHEET
from tests.measurements import flat_landmarks

PLACE = {"head": 0.0, SHEET: -3.0, MASK: 3.0}


def crowd(seed: int = 3) -> list[Example]:
    rng = np.random.default_rng(seed)
    return [
        Example(kind, f"person {person}", False, rng.normal(place, 1, len(FEATURES)))
        for kind, place in PLACE.items()
        for person in range(16)
        for _ in range(6)
    ]


def test_each_discriminant_tells_heads_from_its_own_kind_of_picture() -> None:
    found = fit(crowd())
    head, sheet, mask = (np.full(len(FEATURES), place) for place in PLACE.values())
    assert found[SHEET].part(head) > found[SHEET].part(sheet)
    assert found[MASK].part(head) > found[MASK].part(mask)


def test_the_rates_are_of_people_whom_the_weights_have_never_seen() -> None:
    rates = cross_validated(crowd(), np.random.default_rng(0))
    assert [rate["bpcerRendered"] for rate in rates[SHEET]] == list(BPCERS)
    assert rates[SHEET][-1]["apcer"][SHEET] < 0.05
    assert rates[SHEET][-1]["bpcerPhotos"] is None


# Eyes, sides, forehead, chin and nose of a face that looks straight; the other points are anywhere.
UPRIGHT = {
    **{33: (-45.0, -30.0, 0.0), 263: (45.0, -30.0, 0.0), 234: (-70.0, 0.0, 40.0), 454: (70.0, 0.0, 40.0)},
    **{10: (0.0, -90.0, 0.0), 152: (0.0, 90.0, 0.0), 2: (0.0, 20.0, 0.0)},
}


def upright() -> TrackedPoints:
    points = flat_landmarks(0.0, 0.0)
    points[rows(tuple(UPRIGHT))] = list(UPRIGHT.values())
    return points


def looking(yaw: float = 0.0, pitch: float = 0.0) -> TrackedPoints:
    """Return the landmarks of a face turned as a rigid body, degrees."""
    across, up = np.radians(yaw), np.radians(pitch)
    turn = [[np.cos(across), 0, -np.sin(across)], [0, 1, 0], [np.sin(across), 0, np.cos(across)]]
    nod = [[1, 0, 0], [0, np.cos(up), np.sin(up)], [0, -np.sin(up), np.cos(up)]]
    return np.asarray(upright() @ (np.array(turn) @ np.array(nod)).T, np.float32)


def test_photos_of_one_person_make_a_movement_only_when_one_is_straight_one_turned_and_one_nodding() -> None:
    photos = {
        "Anna": [looking(), looking(yaw=20), looking(pitch=15)],
        "Ben": [looking(), looking(), looking(yaw=20)],
        "Clara": [looking(yaw=40), looking(yaw=60), looking(yaw=40, pitch=15)],
    }
    found = list(examples_of_photos(photos, np.random.default_rng(0)))
    assert [(example.name, example.kind, example.real) for example in found] == [("Anna", "head", True)]
