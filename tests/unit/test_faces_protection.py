"""Template protection: distances stay, everything else is hidden."""

import os

import numpy as np
import pytest

from app.errors import InputError
from app.faces.protection import open_rotation, protect, random_rotation, seal_rotation, unprotect
from app.sealing import SealBrokenError
from tests.unit.face_world import SEALER, face_of, unit

FACES = [unit(np.random.default_rng(person).standard_normal(128)) for person in range(40)]


def test_a_rotation_keeps_every_cosine() -> None:
    rotation = random_rotation(128, os.urandom)
    protected = [protect(rotation, face) for face in FACES]
    plain, hidden = np.stack(FACES), np.stack(protected)
    np.testing.assert_allclose(hidden @ hidden.T, plain @ plain.T, atol=1e-5)


def test_a_rotation_is_orthonormal() -> None:
    rotation = random_rotation(128, os.urandom)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(128), atol=1e-5)


def test_one_face_in_two_collections_cannot_be_linked() -> None:
    first, second = random_rotation(128, os.urandom), random_rotation(128, os.urandom)
    cosines = [float(protect(first, face) @ protect(second, face)) for face in FACES]
    # Two random directions in 128 dimensions: mean 0, standard deviation 1/√128 = 0.088.
    assert abs(np.mean(cosines)) < 5 * 0.088 / np.sqrt(len(FACES))
    assert np.std(cosines) < 0.15


def test_protection_can_be_undone_with_the_key() -> None:
    rotation = random_rotation(128, os.urandom)
    np.testing.assert_allclose(unprotect(rotation, protect(rotation, FACES[0])), FACES[0], atol=1e-5)


def test_the_rotation_comes_from_the_given_randomness_alone() -> None:
    def zeros_and_ones(count: int) -> bytes:
        return bytes(index * 7 % 251 for index in range(count))

    np.testing.assert_array_equal(random_rotation(8, zeros_and_ones), random_rotation(8, zeros_and_ones))
    assert not np.allclose(random_rotation(8, os.urandom), random_rotation(8, os.urandom))


def test_a_sealed_rotation_opens_for_its_own_collection_alone() -> None:
    rotation = random_rotation(16, os.urandom)
    sealed = seal_rotation(SEALER, "first", rotation)
    np.testing.assert_array_equal(open_rotation(SEALER, "first", sealed, 16), rotation)
    with pytest.raises(SealBrokenError):
        open_rotation(SEALER, "second", sealed, 16)


@pytest.mark.parametrize(
    "vector",
    [
        face_of(1) * 2,
        face_of(1) * np.float32("nan"),
        np.zeros(32, np.float32),
        face_of(1)[:16],
        np.stack([face_of(1)]),
    ],
    ids=["too long", "not a number", "zero", "too few numbers", "wrong shape"],
)
def test_what_is_not_a_template_is_refused(vector: np.ndarray) -> None:
    with pytest.raises(InputError, match="template"):
        protect(random_rotation(32, os.urandom), vector)
