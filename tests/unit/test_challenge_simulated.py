"""Whole attempts: simulated people and attackers before a simulated camera, judged by the real models."""

import random
from collections.abc import Callable

import numpy as np
import pytest

from app.capture import coach
from app.capture.challenge import prepare
from app.capture.intake import read_sample
from app.capture.progress import CaptureProgress
from app.decision.decide import decide
from app.decision.policy import Policy
from app.decision.types import Decision, Requirements
from app.factory import ROOT
from app.inference.types import FaceEngine, RgbImage
from app.pipeline import runner
from app.pipeline.measure import measure_batch
from app.pipeline.types import CaptureRecord, FrameMeasurement, MeasurementNeeds
from app.sandbox.assets import encode_jpeg
from app.sandbox.pose import NEUTRAL, HeadMotion, HeadPose, IdleLife
from app.vocabulary import GUIDANCE_OF_ACTION, ChallengeType, Guidance, Outcome, Reason
from tests.simulator import attacks, camera, faces
from tests.simulator.performance import cooperative

POLICY = Policy.load(ROOT / "config" / "policy.toml")
BALANCED = Requirements(ChallengeType.BALANCED, None, None, gender=False, fail_on_multiple_faces=False)
FRAME_MS, BATCH, LATENCY_MS, LIMIT_MS = 100.0, 4, 120.0, 14_000.0

Scene = Callable[[float, Guidance], RgbImage]
"""What the camera sees at a moment (ms), given what the page says."""


def attempt(engine: FaceEngine, scene: Scene, seed: int) -> tuple[CaptureProgress, Decision]:
    """Run one attempt, batches and delays included, until it ends or the time is up."""
    needs = MeasurementNeeds(bona_fide=True)
    progress = coach.begin(prepare(random.Random(seed), ChallengeType.BALANCED), needs, single_person=False)
    frames: list[FrameMeasurement] = []
    shown, heard = progress.guidance, [(0.0, progress.guidance)]
    while not (progress.complete or progress.failed) and len(frames) * FRAME_MS < LIMIT_MS:
        times = [(len(frames) + i + 1) * FRAME_MS for i in range(BATCH)]
        arrival, samples = times[-1] + LATENCY_MS, []
        for at in times:
            shown = [guidance for since, guidance in heard if since <= at][-1]
            data = encode_jpeg(scene(at, shown), 85)
            number = len(frames) + len(samples)
            samples.append(read_sample(data, number=number, client_ms=at, received_ms=arrival))
        measured = measure_batch(samples, engine, needs, frames, quick=progress.quick)
        frames += measured
        progress = coach.advance(progress, measured, arrival)
        heard.append((arrival + LATENCY_MS, progress.guidance))
    record = CaptureRecord(tuple(frames), progress.steps, "l", engine.recognition_model, engine.pad_model, ())
    return progress, decide(runner.run(record), BALANCED, POLICY)


def acted(subject: faces.Head, answer: Callable[[Guidance], HeadPose], seed: int) -> Scene:
    """Return somebody who answers what the page says after a third of a second, in half a second."""
    motion, webcam, rng = HeadMotion(IdleLife(seed)), camera.laptop(seed), np.random.default_rng(seed)
    heard: list[tuple[Guidance, float]] = []

    def scene(at_ms: float, guidance: Guidance) -> RgbImage:
        at = at_ms / 1000
        if not heard or heard[-1][0] is not guidance:
            heard.append((guidance, at))
            motion.move(answer(guidance), at + float(rng.uniform(0.25, 0.45)), 0.5)
        return subject.render(motion.pose(at), (480, 360), webcam)

    return scene


@pytest.mark.parametrize(("name", "seed"), [("obama", 5), ("biden", 6)])
def test_a_cooperative_person_passes_quickly(engine: FaceEngine, name: str, seed: int) -> None:
    progress, decision = attempt(engine, acted(faces.head(name, engine), cooperative, seed), seed)
    assert (progress.complete, progress.misses) == (True, 0)
    assert (decision.outcome, decision.reason) == (Outcome.PASSED, None)
    assert progress.steps[-1].reached_ms is not None
    assert progress.steps[-1].reached_ms < 7000


def wrung(guidance: Guidance) -> HeadPose:
    """Turn a sheet of paper as far as it takes."""
    pose = cooperative(guidance)
    return HeadPose(pose.yaw_deg * 1.7, pose.pitch_deg * 2, 0, pose.distance)


@pytest.mark.parametrize("bend", [0.0, 200.0])
def test_a_printed_photo_does_not_pass_however_it_is_bent_and_turned(engine: FaceEngine, bend: float) -> None:
    sheet = attacks.photo_sheet(faces.head("obama", engine), bend)
    _, decision = attempt(engine, acted(sheet, wrung, 3), 11)
    assert (decision.outcome, decision.reason) == (Outcome.FAILED, Reason.LIVENESS_FAILED)


def test_somebody_who_does_nothing_does_not_pass(engine: FaceEngine) -> None:
    _, decision = attempt(engine, acted(faces.head("biden", engine), lambda _: NEUTRAL, 4), 4)
    assert decision.reason is Reason.LIVENESS_FAILED


def test_somebody_else_who_takes_over_at_the_end_is_noticed(engine: FaceEngine) -> None:
    first, second = (acted(faces.head(name, engine), cooperative, 5) for name in ("biden", "obama"))

    moves: set[Guidance] = set()

    def scene(at_ms: float, guidance: Guidance) -> RgbImage:
        moves.update({guidance} & set(GUIDANCE_OF_ACTION.values()))
        over = len(moves) == 3 and guidance not in GUIDANCE_OF_ACTION.values()
        pictures = first(at_ms, guidance), second(at_ms, guidance)
        return pictures[over]

    _, decision = attempt(engine, scene, 5)
    assert decision.reason is Reason.FACE_INCONSISTENT


def test_a_picture_that_never_changes_is_no_camera(engine: FaceEngine) -> None:
    still = camera.laptop(1).capture(faces.head("obama", engine).render(NEUTRAL, (480, 360)))
    _, decision = attempt(engine, lambda *_: still, 5)
    assert decision.reason is Reason.INJECTION_SUSPECTED
