"""Each verifier on made-up records: what it measures, and that it never makes anything up."""

import logging
import math
from dataclasses import replace

import numpy as np
import pytest

from app.inference.types import Demographics, Embedding
from app.pipeline import runner
from app.pipeline.fusion import fuse, recognition_embeddings, variety
from app.pipeline.types import CaptureRecord, ChallengeStep, Finding, FrameMeasurement
from app.pipeline.verifier import unmeasurable
from app.pipeline.verifiers.age import AgeVerifier
from app.pipeline.verifiers.capture_integrity import CaptureIntegrityVerifier
from app.pipeline.verifiers.continuity import ContinuityVerifier
from app.pipeline.verifiers.face_presence import FacePresenceVerifier
from app.pipeline.verifiers.gender import GenderVerifier
from app.pipeline.verifiers.image_quality import ImageQualityVerifier
from app.pipeline.verifiers.presentation_attack import PresentationAttackVerifier
from app.vocabulary import ChallengeAction, Evidence
from tests.measurements import GOOD_QUALITY, a_face, a_frame, a_record, embedding_of, flat_landmarks


def moving_frames(count: int = 20) -> list[FrameMeasurement]:
    return [
        a_frame(i, a_face(landmarks=flat_landmarks(320 + 0.3 * i)), received_ms=(i // 4) * 400 + 350)
        for i in range(count)
    ]


def measured(verifier: object, frames: list[FrameMeasurement]) -> Finding:
    return verifier.verify(a_record(frames))  # type: ignore[attr-defined,no-any-return]


class Crashing:
    evidence = Evidence.AGE
    unit = "years"
    method = "made to crash"

    def verify(self, record: CaptureRecord) -> Finding:
        raise ZeroDivisionError("the age of Ada Lovelace")


def test_every_verifier_gives_one_finding_in_the_declared_order() -> None:
    found = [finding.evidence for finding in runner.run(a_record(moving_frames()))]
    assert found == [verifier.evidence for verifier in runner.VERIFIERS]
    assert set(found) == set(Evidence) - {Evidence.FACE_COMPARISON, Evidence.BLOCK_LIST}


@pytest.mark.parametrize("frames", [[], [a_frame(0)], [a_frame(i) for i in range(9)]])
def test_without_a_face_nothing_but_its_absence_is_measured(frames: list[FrameMeasurement]) -> None:
    measurable = {finding.evidence for finding in runner.run(a_record(frames)) if finding.measurable}
    assert measurable <= {Evidence.FACE_PRESENCE, Evidence.CAPTURE_INTEGRITY}


def test_a_verifier_that_crashes_has_measured_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        finding = runner.run(a_record(), [Crashing()])[0]
    assert finding.score is None
    assert "ZeroDivisionError" in caplog.text
    assert "Lovelace" not in caplog.text + str(finding.details)


def test_an_unmeasurable_finding_says_why() -> None:
    assert unmeasurable(Crashing(), "no light").details == {"unmeasurable": "no light"}


def test_presence_counts_frames_and_people() -> None:
    frames = [a_frame(i, a_face() if i else None) for i in range(10)]
    frames[5] = replace(frames[5], face_count=3)
    frames[6:8] = [replace(frame, face_count=2) for frame in frames[6:8]]
    finding = measured(FacePresenceVerifier(), frames)
    assert finding.score == 0.9
    assert finding.details["most_faces"] == 3
    assert finding.details["face_count"] == 2
    assert finding.details["multiple_share"] == pytest.approx(0.3)


def test_a_passer_by_before_the_capture_is_not_counted() -> None:
    frames = [replace(frame, face_count=2 if frame.number < 8 else 1) for frame in moving_frames(24)]
    assert measured(FacePresenceVerifier(), frames).details["multiple_share"] == 0


def test_quality_names_what_limits() -> None:
    dark = replace(GOOD_QUALITY, luminance=0.02)
    frames = [a_frame(i, a_face(quality=dark if i < 3 else GOOD_QUALITY)) for i in range(4)]
    finding = measured(ImageQualityVerifier(), frames)
    assert (finding.score, finding.details["limiting"]) == (0.25, "luminance")


def test_one_lucky_frame_does_not_hide_an_attack() -> None:
    frames = [a_frame(i, a_face(bona_fide=score)) for i, score in enumerate([0.1, 0.2, 0.99, 0.1, 0.2])]
    assert measured(PresentationAttackVerifier(), frames).score == 0.2


def test_age_and_gender_are_means_with_their_spread() -> None:
    frames = [
        a_frame(i, a_face(demographics=Demographics(age, male)))
        for i, (age, male) in enumerate([(20.0, 0.1), (24.0, 0.3), (22.0, 0.2)])
    ]
    age, gender = measured(AgeVerifier(), frames), measured(GenderVerifier(), frames)
    assert (age.score, age.details["frames"]) == (22.0, 3)
    assert age.details["spread"] == pytest.approx(1.633, abs=0.001)
    assert gender.score == pytest.approx(0.8)
    assert gender.details["gender"] == "female"


def test_the_age_of_somebody_who_only_held_the_camera_does_not_count() -> None:
    adult = [a_frame(i, a_face(pitch=-20, demographics=Demographics(40.0, 0.5))) for i in range(4)]
    child = [a_frame(i, a_face(demographics=Demographics(11.0, 0.5))) for i in range(4, 9)]
    steps = (ChallengeStep(ChallengeAction.UP, 850.0, None),)
    assert AgeVerifier().verify(a_record([*adult, *child], steps)).score == 11.0
    assert AgeVerifier().verify(a_record(adult, steps)).score == 40.0


def test_one_person_throughout_is_continuous() -> None:
    finding = measured(ContinuityVerifier(), moving_frames())
    assert finding.score == pytest.approx(1.0)
    assert finding.details["longest_unchecked_frames"] == 0


@pytest.mark.parametrize("swapped", [range(10, 20), range(8, 11), range(3)])
def test_another_person_for_a_while_is_not(swapped: range) -> None:
    frames = [a_frame(i, a_face(person=2 if i in swapped else 1)) for i in range(20)]
    score = measured(ContinuityVerifier(), frames).score
    assert score is not None
    assert score < 0.3


def test_two_people_who_look_alike_are_compared_whole_when_one_takes_over_from_the_other() -> None:
    alike = embedding_between(1, 2, likeness=0.914)
    faces = [a_face(person=1)] * 3 + [a_face(embedding=alike)] * 2
    finding = measured(ContinuityVerifier(), [a_frame(i, face) for i, face in enumerate(faces)])
    assert finding.score == pytest.approx(0.914, abs=1e-6)
    assert (finding.details["lowest_single"] or 0) > 0.93


def embedding_between(person: int, other: int, likeness: float) -> Embedding:
    """Return somebody's embedding who is so much like `person`."""
    one, another = embedding_of(person), embedding_of(other)
    aside = another - (another @ one) * one
    mixed = likeness * one + math.sqrt(1 - likeness**2) * aside / np.linalg.norm(aside)
    return np.asarray(mixed, np.float32)


def test_another_person_in_a_turned_pose_is_noticed_too() -> None:
    frames = [a_frame(i, a_face(yaw=20 * (i in (8, 9)), person=2 if i in (8, 9) else 1)) for i in range(20)]
    finding = measured(ContinuityVerifier(), frames)
    assert finding.score == pytest.approx(1.0)
    assert float(finding.details["lowest_turned"] or 0) < 0.3
    assert float(finding.details["lowest_any_pose"] or 0) < 0.3


def test_a_single_frame_of_another_person_is_noticed_among_many() -> None:
    frames = [a_frame(i, a_face(person=2 if i == 11 else 1)) for i in range(20)]
    assert float(measured(ContinuityVerifier(), frames).details["lowest_single"] or 0) < 0.3


def test_a_jump_and_an_absence_leave_a_trace() -> None:
    frames = moving_frames(20)
    frames[9] = replace(frames[9], face=a_face(center=(0.9, 0.5)))
    frames[12:15] = [a_frame(i) for i in range(12, 15)]
    details = measured(ContinuityVerifier(), frames).details
    assert float(details["largest_track_speed"] or 0) > 10
    assert details["longest_faceless_frames"] == 3
    assert details["faceless_share"] == 0.15


def test_frames_nobody_looked_at_are_counted() -> None:
    frames = [a_frame(i, a_face(person=1 if i in (0, 15) else None)) for i in range(20)]
    assert measured(ContinuityVerifier(), frames).details["longest_unchecked_frames"] == 14


def test_fresh_frames_in_time_are_sound() -> None:
    finding = measured(CaptureIntegrityVerifier(), moving_frames())
    assert finding.score == 1.0
    assert finding.details["clock_ratio"] == pytest.approx(1.0)
    assert finding.details["frame_rate"] == pytest.approx(10.0)


def test_a_still_picture_stalls_even_in_different_files() -> None:
    repeated = [replace(frame, digest="same") for frame in moving_frames()]
    frozen = [a_frame(i, a_face(), noise=0.5) for i in range(20)]
    for frames in (repeated, frozen):
        assert measured(CaptureIntegrityVerifier(), frames).details["stalled_share"] == 0.95


def test_a_loop_comes_back_and_a_slow_camera_does_not() -> None:
    loop = [replace(frame, digest=str(frame.number % 5)) for frame in moving_frames()]
    slow = [replace(frame, digest=str(frame.number // 2)) for frame in moving_frames()]
    assert measured(CaptureIntegrityVerifier(), loop).score == 0.25
    assert measured(CaptureIntegrityVerifier(), slow).score == 1.0
    assert measured(CaptureIntegrityVerifier(), slow).details["stalled_share"] == 0.5


def test_a_recording_handed_over_at_once_is_found() -> None:
    at_once = [replace(frame, received_ms=100.0 + frame.number // 10) for frame in moving_frames()]
    assert float(measured(CaptureIntegrityVerifier(), at_once).details["clock_ratio"] or 0) < 0.01


def test_a_browser_clock_that_stands_still_is_found() -> None:
    stopped = [replace(frame, client_ms=0.0) for frame in moving_frames()]
    details = measured(CaptureIntegrityVerifier(), stopped).details
    assert details["clock_ratio"] == 0.0
    assert float(details["frame_rate"] or 0) > 1000


def test_copies_of_one_frame_are_worth_one() -> None:
    fused, size = fuse([embedding_of(1)] * 7)
    assert size == pytest.approx(1.0)
    assert fused == pytest.approx(embedding_of(1), abs=1e-6)


def test_independent_frames_count_each() -> None:
    fused, size = fuse([embedding_of(1), embedding_of(2), embedding_of(3)])
    assert size == pytest.approx(3.0)
    assert np.linalg.norm(fused) == pytest.approx(1.0, abs=1e-6)


def test_copies_do_not_outvote_another_frame() -> None:
    fused, size = fuse([embedding_of(1)] * 9 + [embedding_of(2)])
    assert size == pytest.approx(2.0)
    assert fused @ embedding_of(1) == pytest.approx(fused @ embedding_of(2), abs=1e-5)


def test_nearly_the_same_frame_again_and_again_is_worth_hardly_more_than_one() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((30, len(embedding_of(1)))) * 0.005
    frames = [(embedding_of(1) + each).astype(np.float32) for each in noise]
    _, size = fuse([frame / np.linalg.norm(frame) for frame in frames])
    assert 1.0 <= size < 1.3


def test_how_much_pose_and_light_varied_is_told() -> None:
    dim, bright = (replace(GOOD_QUALITY, luminance=luminance) for luminance in (0.1, 0.4))
    faces = [a_face(quality=dim), a_face(quality=bright, yaw=6), a_face(quality=bright, pitch=-9)]
    assert variety(faces) == {"fused_frames": 3, "pose_spread": 9.0, "light_spread": 2.0}
    assert variety(faces[:1]) == {"fused_frames": 1, "pose_spread": 0.0, "light_spread": 0.0}


def test_nothing_cannot_be_fused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        fuse([])


def test_recognition_uses_what_continuity_has_compared_and_good_frames_of_that() -> None:
    blurred = a_face(quality=replace(GOOD_QUALITY, sharpness=1.0))
    frames = [a_frame(i, a_face()) for i in range(4)]
    frames += [a_frame(4, a_face(yaw=30, person=2)), a_frame(5, blurred)]
    assert len(recognition_embeddings(a_record(frames))) == 4
    assert len(recognition_embeddings(a_record([frames[5]]))) == 1
    assert recognition_embeddings(a_record([a_frame(0)])) == []


def test_another_person_who_holds_the_head_differently_gets_into_no_template() -> None:
    frames = [a_frame(i, a_face()) for i in range(9)]
    frames += [a_frame(i, a_face(pitch=20, person=2)) for i in range(9, 12)]
    embeddings = recognition_embeddings(a_record(frames, (ChallengeStep(ChallengeAction.UP, 400.0, None),)))
    assert len(embeddings) == 9
    assert all(np.array_equal(each, embedding_of(1)) for each in embeddings)
