"""The light part of a challenge: told step by step, once, and replaced by targets where it cannot be seen."""

import json
import random
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from app.capture.challenge import Challenge, prepare
from app.capture.coach import advance, begin
from app.capture.evidence_codec import decode_progress, encode_progress
from app.capture.light import CLEAR_P_VALUE, LOOKAHEAD_MS, LightProgress, Shown, draw_light
from app.capture.progress import CapturePhase, CaptureProgress
from app.pipeline.light import BASE, linear_rgb
from app.pipeline.movement import NODS, TURNS, YAW_DEGREES
from app.pipeline.types import FrameMeasurement, LightRecord, MeasurementNeeds
from app.pipeline.verifiers.light_reflection import light_response
from app.vocabulary import ChallengeAction, ChallengePath, ChallengeType, Guidance, PathReason
from tests.measurements import a_face, a_frame

ADVANCED = [prepare(random.Random(seed), ChallengeType.ADVANCED) for seed in range(300)]
POSES: dict[ChallengeAction, dict[str, float]] = {
    ChallengeAction.LEFT: {"yaw": YAW_DEGREES + 6},
    ChallengeAction.RIGHT: {"yaw": -YAW_DEGREES - 6},
    ChallengeAction.UP: {"pitch": 14},
    ChallengeAction.DOWN: {"pitch": -14},
    ChallengeAction.NEARER: {"width": 0.48},
    ChallengeAction.FARTHER: {"width": 0.26},
}


@dataclass
class Page:
    """The page and the person before it: four frames a batch, ten a second, one clock for everybody."""

    progress: CaptureProgress
    reflects: float = 0.2
    shows: bool = True
    noise: float = 0.0
    """Standard deviation of each colour of the face, as a share of it."""
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    now: float = 0.0
    frames: list[FrameMeasurement] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    reported: int = 0

    def colour(self, at: float) -> str:
        light = self.progress.light
        told = [(item, light.steps[item.step]) for item in self.shown] if light else []
        begun = [(item, step) for item, step in told if item.at_ms <= at - 100]
        if light is None or not begun:
            return BASE
        item, step = begun[-1]
        is_over = light.all_told and item is self.shown[-1] and at - 100 >= item.at_ms + step.ms
        return BASE if is_over else step.colour

    def look(self) -> FrameMeasurement:
        self.now += 100.0
        if self.shows:
            self._show()
        pose = POSES.get(self.progress.target, {}) if self.progress.target else {}
        light = linear_rgb(self.colour(self.now))
        red, green, blue = (
            skin * (1 + self.reflects * share + self.rng.gauss(0, self.noise))
            for skin, share in zip((0.5, 0.3, 0.2), light, strict=True)
        )
        face = a_face(**pose, face_rgb=(red, green, blue))  # type: ignore[arg-type]
        return a_frame(len(self.frames), face, client_ms=self.now, received_ms=self.now)

    def _show(self) -> None:
        light = self.progress.light
        while light is not None and len(self.shown) < len(light.released):
            last = self.shown[-1] if self.shown else None
            due = self.now if last is None else last.at_ms + light.steps[last.step].ms
            if due > self.now:
                return
            # a page that had run dry shows what comes next when it hears of it
            self.shown.append(Shown(len(self.shown), max(due, self.now - 99.0)))

    def batch(self) -> None:
        before, frames = list(self.frames), []
        for _ in range(4):
            frames.append(self.look())
            self.frames.append(frames[-1])
        new = self.shown[self.reported :]
        self.reported = len(self.shown)
        self.progress = advance(self.progress, frames, self.now, shown=new, before=before)
        # what rests between two requests is sealed JSON
        self.progress = decode_progress(json.loads(json.dumps(encode_progress(self.progress))))

    def until(self, phase: CapturePhase) -> None:
        for _ in range(60):
            if self.progress.phase is phase:
                return
            self.batch()
        raise AssertionError(f"{self.progress.phase} instead of {phase}")


def page(**more: float | bool) -> Page:
    return Page(begin(ADVANCED[0], MeasurementNeeds(), single_person=False), **more)  # type: ignore[arg-type]


def test_an_advanced_challenge_has_a_turn_a_nod_and_eight_colours() -> None:
    for challenge in ADVANCED:
        assert len(challenge.targets) == 2
        assert TURNS & set(challenge.targets)
        assert NODS & set(challenge.targets)
        assert len(challenge.light) == 8
        assert challenge.path is ChallengePath.LIGHT


@pytest.mark.parametrize("reason", PathReason)
@pytest.mark.parametrize("misses", [0, 1])
def test_without_light_there_are_at_least_five_targets_and_none_follows_itself(
    reason: PathReason, misses: int
) -> None:
    for challenge in ADVANCED:
        instead = challenge.without_light(reason, misses)
        targets = instead.sequence(misses)
        assert len(targets) >= 5
        assert targets[: len(challenge.sequence(misses))] == challenge.sequence(misses)
        assert all(a is not b for a, b in pairwise(targets))
        assert (instead.light, instead.path, instead.path_reason) == ((), ChallengePath.MOVEMENT, reason)


@pytest.mark.parametrize("level", [None, ChallengeType.BASIC, ChallengeType.BALANCED])
def test_no_other_level_ever_has_a_colour(level: ChallengeType | None) -> None:
    challenges = [prepare(random.Random(seed), level) for seed in range(200)]
    assert not any(challenge.light or challenge.path for challenge in challenges)


def test_who_declines_flashing_gets_the_movement_path() -> None:
    challenge = prepare(random.Random(1), ChallengeType.ADVANCED, PathReason.FLASHING_DECLINED)
    assert (len(challenge.targets), challenge.light) == (5, ())
    assert Challenge.from_json(json.loads(json.dumps(challenge.to_json()))) == challenge


def test_a_person_goes_through_targets_and_light() -> None:
    visit = page()
    visit.until(CapturePhase.LIGHT)
    assert not visit.progress.light_is_on or visit.progress.guidance is Guidance.WATCH_LIGHT
    visit.until(CapturePhase.COMPLETE)
    light = visit.progress.light
    assert light is not None
    assert len(light.shown) == len(light.steps) == 8
    assert visit.now < 9500


def shown_to(visit: Page) -> LightProgress:
    visit.until(CapturePhase.COMPLETE)
    light = visit.progress.light
    assert light is not None
    assert len(light.shown) == len(light.steps)
    return light


def test_an_answer_that_leaves_a_doubt_is_followed_by_four_more_colours_that_settle_it() -> None:
    prolonged = 0
    for seed in range(3, 8):
        visit = page(noise=0.08, rng=random.Random(seed))
        light = shown_to(visit)
        eight = LightRecord(light.steps[:8], light.released[:8], light.shown[:8])
        before, after = light_response(visit.frames, eight), light_response(visit.frames, light.record)
        assert before is not None
        assert after is not None
        if len(light.steps) == 12:
            prolonged += 1
            assert after.p_value < before.p_value
            assert after.p_value <= CLEAR_P_VALUE
    assert prolonged >= 2


@pytest.mark.parametrize("noise", [0.001, 10.0], ids=["clear", "hopeless"])
def test_an_answer_that_leaves_no_doubt_is_followed_by_none(noise: float) -> None:
    assert len(shown_to(page(noise=noise)).steps) == 8


def test_spare_colours_go_on_where_the_others_end() -> None:
    for challenge in ADVANCED:
        assert len(challenge.light_spares) == 4
        whole = [step.colour for step in (*challenge.light, *challenge.light_spares)]
        assert all(a != b for a, b in pairwise(whole))
    assert Challenge.from_json(json.loads(json.dumps(ADVANCED[0].to_json()))) == ADVANCED[0]


def test_no_page_is_told_that_the_colours_end_while_more_may_come() -> None:
    light = LightProgress(ADVANCED[0].light, spares=ADVANCED[0].light_spares).release(1000.0)
    told = light.release(1e6)
    assert len(told.released) == len(told.steps)
    assert not told.all_told
    assert told.prolonged().release(1e6).all_told


def test_colours_are_told_just_in_time() -> None:
    visit = page()
    visit.until(CapturePhase.LIGHT)
    while not visit.progress.light_is_on:
        visit.batch()
    light = visit.progress.light
    assert light is not None
    told = sum(step.ms for step in light.told[:-1])
    assert told <= LOOKAHEAD_MS
    assert len(light.told) < len(light.steps)


def test_in_a_room_too_bright_for_the_screen_more_targets_take_its_place() -> None:
    visit = page(reflects=0.0)
    visit.until(CapturePhase.LIGHT)
    visit.until(CapturePhase.CHALLENGE)
    visit.until(CapturePhase.COMPLETE)
    challenge = visit.progress.challenge
    assert (challenge.path, challenge.path_reason) == (ChallengePath.MOVEMENT, PathReason.TOO_BRIGHT)
    assert visit.progress.steps_reached == 5
    assert visit.progress.light is None


def test_a_page_that_never_shows_a_colour_ends_without_light_and_not_on_the_movement_path() -> None:
    visit = page(shows=False)
    visit.until(CapturePhase.COMPLETE)
    light = visit.progress.light
    assert light is not None
    assert light.shown == ()
    assert visit.progress.challenge.path is ChallengePath.LIGHT


LIGHT = LightProgress(draw_light(random.Random(3)))
TOLD = LIGHT.release(1000.0)


@pytest.mark.parametrize(
    ("shown", "taken"),
    [
        ([Shown(0, 1010.0), Shown(1, 1400.0)], 2),
        ([Shown(1, 1400.0)], 0),
        ([Shown(1, 1400.0), Shown(0, 1010.0)], 1),
        ([Shown(0, 1010.0), Shown(0, 1020.0)], 1),
        ([Shown(0, 1400.0), Shown(1, 1010.0)], 1),
        ([Shown(6, 3000.0)], 0),
    ],
    ids=["in order", "a gap", "reordered", "repeated", "back in time", "not yet told"],
)
def test_the_page_cannot_skip_reorder_repeat_or_anticipate_a_step(shown: list[Shown], taken: int) -> None:
    assert len(TOLD.note_shown(shown).shown) == taken


def test_a_step_once_told_keeps_its_time() -> None:
    later = TOLD.release(1600.0)
    assert later.released[: len(TOLD.released)] == TOLD.released
    assert len(later.released) > len(TOLD.released)
    assert replace(later).release(1600.0) == later


def seen_every(gap_ms: float) -> list[FrameMeasurement]:
    return [a_frame(number, a_face(), client_ms=number * gap_ms) for number in range(12)]


def test_a_slow_camera_gets_slower_colours_in_the_same_order() -> None:
    light = LightProgress(draw_light(random.Random(4)))
    slower = light.at_the_pace_of(seen_every(200.0))
    assert [step.colour for step in slower.steps] == [step.colour for step in light.steps]
    assert all(375 <= step.ms <= 450 for step in slower.steps)


@pytest.mark.parametrize("frames", [seen_every(100.0), seen_every(0.0), [], seen_every(200.0)[:1]])
def test_any_other_camera_keeps_the_pace(frames: list[FrameMeasurement]) -> None:
    light = LightProgress(draw_light(random.Random(4)))
    assert light.at_the_pace_of(frames) == light
