"""A filmed challenge: the person reacts late, moves softly and arrives."""

import numpy as np
import pytest

from app.sandbox.head import Head, build_head
from app.vocabulary import Guidance
from tests.simulator.attacks import on_screen, photo_sheet, show
from tests.simulator.camera import Webcam
from tests.simulator.drawn import drawn_landmarks, drawn_photo
from tests.simulator.performance import REACTION, motionless, perform

SMALL = (160, 120)
STEPS = (Guidance.LOOK_STRAIGHT, Guidance.LOOK_LEFT, Guidance.COME_NEARER)


@pytest.fixture(scope="module")
def head() -> Head:
    return build_head(drawn_photo(), drawn_landmarks())


def test_a_cooperative_person_arrives_at_every_target(head: Head) -> None:
    frames = perform(head, STEPS, size=SMALL)
    last = {frame.guidance: frame.pose for frame in frames}
    assert last[Guidance.LOOK_LEFT].yaw_deg == pytest.approx(28, abs=1)
    assert last[Guidance.COME_NEARER].distance == pytest.approx(1 / 1.5, abs=0.02)


def test_nobody_moves_before_they_can_have_read_the_instruction(head: Head) -> None:
    frames = perform(head, STEPS, size=SMALL)
    early = [frame for frame in frames if 1.6 <= frame.at < 1.6 + REACTION[0]]
    assert early
    assert max(abs(frame.pose.yaw_deg) for frame in early) < 1


def test_the_clock_of_a_film_only_runs_forward(head: Head) -> None:
    times = [frame.at for frame in perform(head, STEPS, camera=Webcam(1, jitter=0.4), size=SMALL)]
    assert np.all(np.diff(times) > 0)


def test_the_same_seed_films_the_same_person_and_another_seed_another(head: Head) -> None:
    films = [
        [frame.image.tobytes() for frame in perform(head, STEPS[:1], seed=seed, size=SMALL)]
        for seed in (1, 1, 2)
    ]
    assert films[0] == films[1] != films[2]


def test_no_two_frames_of_a_motionless_photo_are_identical(head: Head) -> None:
    film = perform(photo_sheet(head), STEPS, answer=motionless, size=SMALL)
    assert len({frame.image.tobytes() for frame in film}) == len(film)


def test_a_dim_camera_gives_darker_and_noisier_pictures(head: Head) -> None:
    bright, dim = (Webcam(1, gain=gain, jpeg_quality=0).capture(head.render()) for gain in (1.0, 0.3))
    assert dim.mean() < 0.7 * bright.mean()


def test_a_video_on_a_screen_shows_what_was_filmed(head: Head) -> None:
    film = head.render()
    replay = show(photo_sheet(head), film, screen=True).render()
    assert np.abs(replay.astype(int) - on_screen(film))[4:-4, 4:-4].mean() < 2
    assert np.abs(replay.astype(int) - film).mean() > 3
