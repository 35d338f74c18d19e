"""Rates, intervals, thresholds and tails come out as theory says."""

import numpy as np
import pytest

from app.errors import InputError
from app.evaluation.calibrating import FALSE_MATCH_RATES, Provenance, calibrate
from app.evaluation.intervals import mean_interval, wilson
from app.evaluation.operating import templates_report
from app.evaluation.pairs import PairScores, best_threshold, cross_validated, pairs_report
from app.evaluation.tables import render_report
from app.evaluation.tail import fit_tail
from app.evaluation.templates import TemplateScores, compare_templates
from app.inference.types import Embedding

SEED = 7


def scores(genuine: list[float], impostor: list[float]) -> TemplateScores:
    ascending = [np.sort(np.array(values, np.float32)) for values in (genuine, impostor, impostor)]
    return TemplateScores((1, 1), 10, 10, *ascending)


def people(count: int, photos: int, noise: float = 0.25) -> dict[str, list[Embedding]]:
    rng = np.random.default_rng(SEED)
    centres = rng.standard_normal((count, 16)) + 2.0  # faces are more alike than random directions
    looks = centres[:, None] + noise * rng.standard_normal((count, photos, 16))
    looks /= np.linalg.norm(looks, axis=2, keepdims=True)
    return {f"person {number}": list(each.astype(np.float32)) for number, each in enumerate(looks)}


def test_the_wilson_interval_equals_published_values() -> None:
    # 10 of 100: R, prop.test(10, 100, correct = FALSE)
    assert wilson(10, 100) == pytest.approx((0.05522914, 0.17436566), abs=1e-6)
    assert wilson(0, 100)[0] == 0.0
    assert wilson(0, 100)[1] == pytest.approx(0.0369935, abs=1e-6)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_mean_is_surer_with_more_values() -> None:
    assert mean_interval(5.0, 2.0, 400) == pytest.approx((4.804, 5.196), abs=1e-3)


def test_a_threshold_lets_through_no_more_than_it_says() -> None:
    measured = scores([0.9], [number / 1000 for number in range(1000)])
    for rate in (0.1, 0.01, 0.001, 0.0001):
        assert measured.false_match_rate(measured.threshold_at(rate)) <= rate
    assert measured.false_match_rate(measured.threshold_at(0.01)) == pytest.approx(0.01)


def test_ties_at_the_threshold_are_kept_out() -> None:
    measured = scores([0.9], [0.1] * 90 + [0.5] * 10)
    assert measured.false_match_rate(measured.threshold_at(0.05)) == 0.0


def test_rates_count_scores_on_their_side_of_the_threshold() -> None:
    measured = scores([0.2, 0.6, 0.8, 0.9], [0.1, 0.3, 0.6])
    assert measured.false_non_match_rate(0.6) == 0.25
    assert measured.false_match_rate(0.6) == pytest.approx(1 / 3)
    assert measured.pairs_above(0.3) == 2


def test_templates_of_one_person_share_no_photo() -> None:
    same = people(6, 2)
    measured = compare_templates(same, (1, 1), np.random.default_rng(SEED), rounds=3)
    assert len(measured.genuine) == 6 * 3
    assert measured.genuine.max() < 0.9999
    assert len(measured.impostor) == 6 * 5 * 3
    assert len(measured.pair_maxima) == 15


def test_whoever_has_too_few_photos_meets_only_others_or_nobody() -> None:
    few = people(4, 3)
    few["person 0"] = few["person 0"][:1]
    few["person 1"] = few["person 1"][:2]
    measured = compare_templates(few, (2, 2), np.random.default_rng(SEED), rounds=1)
    assert (measured.people, len(measured.genuine), len(measured.impostor)) == (3, 0, 6)
    with pytest.raises(InputError, match="two people"):
        compare_templates(few, (4, 4), np.random.default_rng(SEED), rounds=1)


def test_more_photos_tell_people_apart_better() -> None:
    photos = people(40, 6, noise=0.6)
    rates = []
    for size in (1, 3):
        measured = compare_templates(photos, (size, size), np.random.default_rng(SEED), rounds=4)
        rates.append(measured.false_non_match_rate(measured.threshold_at(0.01)))
    assert rates[1] < rates[0]


@pytest.mark.parametrize("exponent", [4.0, 11.0])
def test_the_fitted_tail_finds_the_exponent_it_was_drawn_from(exponent: float) -> None:
    chance = np.random.default_rng(SEED).uniform(size=200_000)
    impostor = np.sort(1.0 - 0.5 * chance ** (1.0 / exponent)).astype(np.float32)
    tail = fit_tail(impostor)
    assert tail.exponent == pytest.approx(exponent, rel=0.2)
    true_threshold = 1.0 - 0.5 * 1e-6 ** (1.0 / exponent)
    assert tail.threshold_at(1e-6) == pytest.approx(true_threshold, abs=0.02)
    assert tail.threshold_at(tail.share) == pytest.approx(tail.start)


def test_the_best_threshold_lies_between_the_two_kinds() -> None:
    pairs = PairScores(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))
    assert 0.2 < best_threshold(pairs) < 0.8


def test_a_pair_without_a_face_is_never_right() -> None:
    pairs = PairScores(np.array([0.1, np.nan, np.nan]), np.array([False, False, True]))
    assert pairs.right_at(0.5).tolist() == [True, False, False]
    assert pairs.failed == 2


def test_cross_validation_never_looks_at_the_pair_it_judges() -> None:
    # Ten pairs: the best threshold of nine of them is wrong about the tenth, an impostor who looks genuine.
    similarity = np.array([0.1, 0.2, 0.3, 0.4, 0.95, 0.6, 0.7, 0.8, 0.9, 0.85])
    same = np.array([False] * 5 + [True] * 5)
    assert cross_validated(PairScores(similarity, same)).tolist() == [True] * 4 + [False] + [True] * 5


def test_the_pairs_report_says_both_accuracies() -> None:
    similarity = np.concatenate([np.linspace(0.1, 0.4, 20), np.linspace(0.6, 0.9, 20)])
    report = pairs_report(PairScores(similarity, np.arange(40) >= 20), shipped_threshold=0.7)
    assert (report["n"], report["accuracy"], report["failedToAcquire"]) == (40, 1.0, 0)
    assert report["accuracyAtShippedThreshold"] == pytest.approx(33 / 40)
    assert "accuracyAtShippedThreshold" in render_report(report)


@pytest.fixture(scope="module")
def photos() -> dict[str, list[Embedding]]:
    return people(30, 10)


def test_a_calibration_holds_what_it_promises(photos: dict[str, list[Embedding]]) -> None:
    made = calibrate(photos, Provenance("test-net", "test-mesh", "made up", "2026-01-01"), SEED)
    assert (made.people, made.photos, made.sizes) == (30, 300, [1, 2, 3, 5])
    for table in made.tables:
        assert [point.fmr for point in table.points] == list(FALSE_MATCH_RATES)
        assert table.points[-1].extrapolated
        assert all(point.fmr95 >= point.fmr for point in table.points if not point.extrapolated)
        assert all(point.fmr95 > 1e-3 for point in table.points)  # 30 people prove no more
        assert all(point.fnmr95 > max(point.fnmr, 0.1) for point in table.points if point.fnmr < 0.9)
    again = calibrate(photos, Provenance("test-net", "test-mesh", "made up", "2026-01-01"), SEED)
    assert again == made


def test_the_templates_report_measures_the_shipped_thresholds(photos: dict[str, list[Embedding]]) -> None:
    made = calibrate(photos, Provenance("test-net", "test-mesh", "made up", "2026-01-01"), SEED)
    measured = compare_templates(photos, (3, 3), np.random.default_rng(SEED), rounds=4)
    report = templates_report(measured, made)
    points, shipped = report["operatingPoints"], report["shippedThresholds"]
    assert report["size"] == 3
    assert isinstance(points, list)
    assert isinstance(shipped, list)
    assert [point["fmr"] for point in points] == [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
    assert [point["oneIn"] for point in shipped] == [100, 1000, 10_000, 100_000, 1_000_000]
    assert shipped[0]["threshold"] == made.threshold(3, 3, 1e-2)
    assert shipped[0]["fmr"] <= 0.02
