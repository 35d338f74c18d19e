"""Eight bits a number decide how much is compared again, never who is found."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.faces.search.gallery import Gallery
from app.faces.search.quantised import (
    approximate_similarities,
    exact_similarities,
    quantise_probe,
    quantise_rows,
)
from app.faces.search.recheck import nearest
from app.faces.search.scan import Scanner
from app.inference.integer_products import (
    DIGIT_ZERO,
    LARGEST_CODE,
    LARGEST_DIGIT,
    IntegerProducts,
    multiplication,
)
from tests.unit.face_world import KIND, OTHER_KIND

DIMENSIONS = 16
PRODUCTS = IntegerProducts()
SCANNER = Scanner()
# Takes a dozen faces for as many as others take a million for: several blocks, parts and threads.
SMALL_SCANNER = Scanner(block=4, blocks_at_once=3)
# How far apart the faces of one crowd are: equal, a float32 apart, less than a code apart, anything.
SPREADS = [0.0, 1e-7, 1e-5, 1e-3, 3e-2, 1.0]

crowds = st.tuples(
    st.sampled_from(["random", "one axis", "all equal", "alternating"]),
    st.sampled_from(SPREADS),
    st.integers(1, 60),
    st.integers(0, 2**32 - 1),
)


def crowd(shape: str, spread: float, size: int, seed: int) -> NDArray[np.float32]:
    """Return (size, DIMENSIONS) unit vectors about one centre, some of them equal."""
    rng = np.random.default_rng(seed)
    axis = np.zeros(DIMENSIONS)
    axis[seed % DIMENSIONS] = 1.0
    centres = {
        "random": rng.standard_normal(DIMENSIONS),
        "one axis": axis,
        "all equal": np.ones(DIMENSIONS),
        "alternating": np.resize([1.0, -1.0], DIMENSIONS),
    }
    rows = centres[shape] + spread * rng.standard_normal((size, DIMENSIONS))
    rows = rows[rng.integers(0, size, size)] if seed % 3 == 0 else rows
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def id_of(number: int) -> str:
    return np.random.default_rng(number).bytes(16).hex()


def filled(
    templates: NDArray[np.float32], scanner: Scanner = SCANNER
) -> tuple[Gallery, dict[str, NDArray[np.float32]]]:
    stored = {id_of(number): template for number, template in enumerate(templates)}
    gallery = Gallery(DIMENSIONS, scanner)
    gallery.put(list(stored), [row.tobytes() for row in stored.values()], KIND, range(len(stored)))
    gallery.revision = len(stored)
    return gallery, stored


def brute_force(
    stored: dict[str, NDArray[np.float32]], probe: NDArray[np.float32], top: int, threshold: float
) -> list[tuple[str, float]]:
    similarities = exact_similarities(np.stack(list(stored.values())), probe)
    ranked = sorted(zip(-similarities, stored, strict=True))
    return [(face_id, -value) for value, face_id in ranked if -value >= threshold][:top]


@settings(max_examples=300, deadline=None)
@given(crowds, crowds, st.integers(1, 70), st.sampled_from([-1.0, 0.0, 0.95, 1.0]), st.sampled_from(SPREADS))
def test_the_search_finds_what_comparing_with_everybody_finds(
    one: tuple[str, float, int, int],
    other: tuple[str, float, int, int],
    top: int,
    threshold: float,
    probe_spread: float,
) -> None:
    gallery, stored = filled(np.concatenate([crowd(*one), crowd(*other)]), SMALL_SCANNER)
    probe = crowd(one[0], probe_spread, 1, one[3])[0]
    found = nearest(
        lambda ids: [
            (face_id, brute_force({face_id: stored[face_id]}, probe, 1, -1.0)[0][1]) for face_id in ids
        ],
        gallery.candidates(quantise_probe(probe), KIND, top, threshold, ()),
        top,
        threshold,
    )
    assert found == brute_force(stored, probe, top, threshold)


@settings(max_examples=200, deadline=None)
@given(crowds, crowds)
def test_no_similarity_leaves_its_bounds(
    rows: tuple[str, float, int, int], probes: tuple[str, float, int, int]
) -> None:
    templates, probe = crowd(*rows), crowd(*probes)[0]
    kept, asked = quantise_rows(templates), quantise_probe(probe)
    codes, similarities = np.ascontiguousarray(kept.codes.T)[None], np.empty(len(templates), np.float32)
    approximate_similarities(PRODUCTS, codes, kept.steps, asked, out=similarities)
    true = templates.astype(np.float64) @ probe.astype(np.float64)
    assert (np.abs(similarities - true) <= kept.errors * asked.length + asked.slack).all()


def test_few_of_many_random_faces_are_compared_again() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((20_000, DIMENSIONS)).astype(np.float32)
    gallery, _ = filled(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    probe = quantise_probe(rows[3] / np.linalg.norm(rows[3]))
    again = list(gallery.candidates(probe, KIND, 1, -1.0, ()))
    assert again[0].face_id == id_of(3)
    assert len(again) < 20


def test_faces_of_another_kind_and_excluded_ones_are_no_candidates() -> None:
    gallery, stored = filled(crowd("random", 0.0, 4, 1))
    gallery.put([id_of(2)], [stored[id_of(2)].tobytes()], OTHER_KIND, [9])
    probe = quantise_probe(stored[id_of(0)])
    left = {each.face_id for each in gallery.candidates(probe, KIND, 9, -1.0, [id_of(0)])}
    assert left == {id_of(1), id_of(3)}
    assert (gallery.count(KIND), gallery.count(KIND, [id_of(0)])) == (3, 2)


def test_a_forgotten_face_leaves_the_memory() -> None:
    gallery, stored = filled(crowd("random", 1.0, 5, 1))
    [codes] = quantise_rows(stored[id_of(1)][None]).codes
    assert (gallery._codes == codes[:, None]).all(axis=1).any()
    gallery.remove([id_of(1), id_of(4)])
    assert not (gallery._codes == codes[:, None]).all(axis=1).any()
    probe = quantise_probe(stored[id_of(0)])
    assert {each.face_id for each in gallery.candidates(probe, KIND, 9, -1.0, ())} == {
        id_of(0), id_of(2), id_of(3),
    }  # fmt: skip


@pytest.mark.parametrize("damage", [np.float32("nan"), np.float32("inf"), np.float32(2.0)])
def test_a_damaged_template_is_refused_and_not_overlooked(damage: np.float32) -> None:
    rows = crowd("random", 1.0, 3, 1)
    rows[1, 2] = damage
    with pytest.raises(ValueError, match="longer than 1 or not a number"), np.errstate(invalid="ignore"):
        quantise_rows(rows)


@pytest.mark.parametrize(("columns", "dimensions"), [(1, 1), (7, 128), (300, 512), (1024, 1024)])
def test_products_of_extreme_codes_are_exact(columns: int, dimensions: int) -> None:
    codes = np.full((3, dimensions, columns), LARGEST_CODE, np.int8)
    codes[:, :, ::2] = -LARGEST_CODE
    digits = np.full((2, dimensions), DIGIT_ZERO + LARGEST_DIGIT, np.uint8)
    digits[1] = DIGIT_ZERO - LARGEST_DIGIT
    expected = (digits.astype(np.int64) - DIGIT_ZERO) @ codes.astype(np.int64)
    np.testing.assert_array_equal(PRODUCTS.multiply(digits, codes), expected)


def test_one_extreme_face_of_1024_dimensions_does_not_overflow() -> None:
    template = np.full((1, 1024), 1 / 32, np.float32)
    kept, similarity = quantise_rows(template), np.empty(1, np.float32)
    codes = np.ascontiguousarray(kept.codes.T)[None]
    approximate_similarities(PRODUCTS, codes, kept.steps, quantise_probe(-template[0]), out=similarity)
    assert similarity[0] == pytest.approx(-1.0, abs=1e-6)


def test_faces_come_and_go_across_blocks() -> None:
    rows = crowd("random", 1.0, 50, 1)
    gallery, stored = filled(rows, SMALL_SCANNER)
    for number in (0, 49, 17, 30, 5):
        gallery.remove([id_of(number)])
        del stored[id_of(number)]
    changed = [id_of(number) for number in (44, 2, 3, 31)]
    stored.update(zip(changed, crowd("one axis", 1.0, 60, 2), strict=False))
    gallery.put(changed, [stored[face_id].tobytes() for face_id in changed], KIND, range(4))
    for face_id, template in stored.items():
        best = next(iter(gallery.candidates(quantise_probe(template), KIND, 1, -1.0, ())))
        assert best.face_id == face_id


def test_the_model_of_the_product_is_a_valid_one() -> None:
    onnx.checker.check_model(onnx.load_from_string(multiplication()), full_check=True)
