"""Whether a face follows the light of the screen: an honest p-value, and what gives an attack away."""

from dataclasses import replace

import pytest

from app.capture.light import LEAST_ACTIVITY
from app.pipeline.seen_colours import face_activity
from app.pipeline.types import Finding, LightRecord
from app.pipeline.verifiers.light_reflection import LightReflectionVerifier
from tests.light import Scene, film
from tests.measurements import a_record

SEEDS = range(12)


def finding_of(scene: Scene, seed: int = 1) -> Finding:
    frames, light = film(scene, seed)
    return LightReflectionVerifier().verify(replace(a_record(frames), light=light))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_face_before_the_screen_follows_its_light(seed: int) -> None:
    finding = finding_of(Scene(), seed)
    assert finding.score is not None
    assert finding.score <= 0.001
    assert 50 <= float(finding.details["lag_ms"] or 0) <= 175
    assert float(finding.details["background_share"] or 0) < 0.4
    assert float(finding.details["evenness"] or 0) < 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_before_a_wall_that_tells_nothing_the_rim_of_the_face_tells_light_from_tint(seed: int) -> None:
    person, tint = finding_of(Scene(readable=0), seed), finding_of(Scene(readable=0, overlay=0.1), seed)
    assert person.score is not None
    assert person.score <= 0.0001
    assert person.details["background_share"] is None
    assert float(person.details["evenness"] or 0) < 0.4
    assert float(tint.details["evenness"] or 0) > 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_frames_without_a_background_are_left_out_when_most_have_one(seed: int) -> None:
    finding = finding_of(Scene(readable=0.8), seed)
    assert float(finding.details["background_share"] or 0) < 0.4
    assert int(finding.details["frames"] or 0) < int(finding_of(Scene(), seed).details["frames"] or 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_window_behind_the_screen_that_lights_the_rim_as_well_costs_nobody_anything(
    seed: int,
) -> None:
    finding = finding_of(Scene(rim=1.0), seed)
    assert 0.15 < float(finding.details["evenness"] or 0) < 0.48


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tint_that_a_dark_wall_half_hides_is_given_away_by_the_rim(seed: int) -> None:
    finding = finding_of(Scene(wall=0.45, rim=1.0), seed)
    assert float(finding.details["evenness"] or 0) > 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_skin_whose_red_is_clipped_is_judged_by_its_blue(seed: int) -> None:
    finding = finding_of(Scene(exposure=1.9), seed)
    assert finding.score is not None
    assert finding.score <= 0.001
    assert float(finding.details["evenness"] or 0) < 0.3
    assert 0.3 < float(finding.details["rim_share"] or 0) < 0.7


@pytest.mark.parametrize("exposure", [1.0, 1.9, 9.0])
def test_however_overexposed_a_face_a_tint_is_no_light(exposure: float) -> None:
    for seed in SEEDS:
        finding = finding_of(Scene(exposure=exposure, overlay=0.1), seed)
        assert finding.score is not None
        assert finding.score > 0.0001 or float(finding.details["evenness"] or 0) > 0.5


def test_a_background_that_comes_and_goes_is_none() -> None:
    finding = finding_of(Scene(readable=0.5))
    assert finding.details["background_share"] is None
    assert finding.details["frames"] == finding_of(Scene()).details["frames"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_face_that_does_not_answer_while_the_wall_does_counts_as_tinted(seed: int) -> None:
    finding = finding_of(Scene(gain=-0.02, wall=8.0), seed)
    assert float(finding.details["face_gain"] or 0) < 0
    assert finding.details["evenness"] == pytest.approx(1.0)


def test_a_slow_uplink_of_five_frames_a_second_is_enough() -> None:
    scores = [finding_of(Scene(fps=5), seed).score for seed in SEEDS]
    assert sum(score is not None and score <= 0.001 for score in scores) >= 11


def test_a_face_in_bright_daylight_hardly_changes() -> None:
    levels = [face_activity(*film(Scene(gain=0.0, noise=0.003), seed)) for seed in SEEDS]
    assert all(level is not None and level < LEAST_ACTIVITY for level in levels)


@pytest.mark.parametrize(
    "scene",
    [Scene(shuffled=True), Scene(delay_ms=800.0), Scene(delay_ms=1500.0), Scene(overlay=0.1)],
    ids=["another sequence", "delayed", "long delayed", "overlay"],
)
def test_a_picture_with_some_other_light_is_never_taken_for_a_bright_room(scene: Scene) -> None:
    levels = [face_activity(*film(scene, seed)) for seed in SEEDS]
    assert all(level is not None and level > LEAST_ACTIVITY for level in levels)


def test_p_values_of_faces_that_do_not_reflect_are_spread_evenly() -> None:
    scores = [finding_of(Scene(gain=0.0), seed).score or 0.0 for seed in range(60)]
    assert 0.3 < sum(scores) / len(scores) < 0.7
    assert min(scores) > 0.001


@pytest.mark.parametrize("seed", SEEDS)
def test_a_recording_with_the_colours_of_another_session_fits_no_better_than_chance(seed: int) -> None:
    finding = finding_of(Scene(shuffled=True), seed)
    assert finding.score is not None
    assert finding.score > 0.001


@pytest.mark.parametrize("delay_ms", [200.0, 400.0, 800.0, 1500.0])
def test_a_picture_that_is_under_way_for_too_long_gives_itself_away(delay_ms: float) -> None:
    for seed in SEEDS:
        finding = finding_of(Scene(delay_ms=delay_ms), seed)
        assert finding.score is not None
        assert finding.score > 0.001 or float(finding.details["lag_ms"] or 0) > 200
        assert float(finding.details["late_correlation"] or 0) > 0.6


def test_a_colour_laid_over_the_whole_picture_tints_the_wall_as_well() -> None:
    for seed in SEEDS:
        finding = finding_of(Scene(overlay=0.1), seed)
        assert finding.score is not None
        assert finding.score > 0.001 or float(finding.details["evenness"] or 0) > 0.6


def test_a_sequence_that_was_not_shown_to_its_end_measures_nothing() -> None:
    frames, light = film(Scene())
    cut = replace(light, shown=light.shown[:-1])
    finding = LightReflectionVerifier().verify(replace(a_record(frames), light=cut))
    assert not finding.measurable


def test_without_a_sequence_or_without_frames_nothing_is_measured() -> None:
    frames, light = film(Scene())
    assert not LightReflectionVerifier().verify(a_record(frames)).measurable
    assert not LightReflectionVerifier().verify(replace(a_record(frames[:6]), light=light)).measurable


def test_colours_that_were_shown_before_they_were_told_are_noticed() -> None:
    frames, light = film(Scene())
    late = LightRecord(light.steps, tuple(at + 900 for at in light.released), light.shown)
    finding = LightReflectionVerifier().verify(replace(a_record(frames), light=late))
    assert float(finding.details["earliest_show_ms"] or 0) < -60


def test_a_page_that_withholds_the_colours_is_noticed() -> None:
    frames, light = film(Scene())
    early = LightRecord(light.steps, tuple(at - 4000 for at in light.released), light.shown)
    finding = LightReflectionVerifier().verify(replace(a_record(frames), light=early))
    assert float(finding.details["latest_show_ms"] or 0) > 2500


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wall_that_shines_back_almost_as_much_as_the_face_does_not_hide_it(seed: int) -> None:
    finding = finding_of(Scene(wall=0.9), seed)
    assert finding.score is not None
    assert finding.score <= 0.0001
