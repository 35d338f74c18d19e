"""Whole attempts in both tiers: people pass, attacks fail, and the tiers agree."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from app.capture.challenge import prepare
from app.decision.policy import Policy
from app.errors import InputError
from app.factory import ROOT
from app.inference.types import FaceEngine
from app.sandbox.pose import NEUTRAL
from app.simulation.attacks import SPECIES
from app.simulation.attacks.screens import Late, OtherColours, another_session
from app.simulation.attempt import Attempt
from app.simulation.campaign import Campaign
from app.simulation.cast import Member, load_cast
from app.simulation.grid import CAMERA_GRID, Setting
from app.simulation.measurements import Library
from app.simulation.pixels import scene_of
from app.simulation.sight import Overlay, Sight, View
from app.simulation.trials import BONA_FIDE, Tier, World, summarized
from app.vocabulary import ChallengeType, Evidence, Guidance, Reason
from tests.simulator.faces import DIRECTORY, head

POLICY = Policy.load(ROOT / "config" / "policy.toml")
BALANCED, ADVANCED = ChallengeType.BALANCED, ChallengeType.ADVANCED
# Ordinary cameras: 15 to 30 pictures a second, moderate noise.
SETTINGS: Sequence[Setting] = [
    setting for setting in CAMERA_GRID if setting.camera["fps"] >= 15 and setting.camera["noise"] <= 3.5
][:2]


@pytest.fixture(scope="module")
def cast(engine: FaceEngine) -> list[Member]:
    members = []
    for person, name in enumerate(("obama", "biden")):
        body = head(name, engine)
        picture = body.render(NEUTRAL)
        members.append(Member(name, person, body, engine.embed(picture, engine.detect(picture, 1)[0])))
    return members


@pytest.fixture(scope="module")
def quick(engine: FaceEngine, cast: list[Member]) -> World:
    return World(engine, cast, POLICY, Tier.MEASUREMENTS, settings=SETTINGS)


@pytest.fixture(scope="module")
def whole(engine: FaceEngine, cast: list[Member]) -> World:
    return World(engine, cast, POLICY, Tier.PIXELS, settings=SETTINGS)


def score(attempt: Attempt, evidence: Evidence) -> float:
    [found] = [finding.score for finding in attempt.findings if finding.evidence is evidence]
    assert found is not None
    return found


@pytest.mark.parametrize("level", [BALANCED, ADVANCED])
def test_both_tiers_measure_the_same_person_alike(quick: World, whole: World, level: ChallengeType) -> None:
    attempts = [world.run(BONA_FIDE, level, 1) for world in (quick, whole)]
    assert [attempt.passed for attempt in attempts] == [True, True]
    for evidence, tolerance in (
        (Evidence.HEAD_MOVEMENT, 0.01),
        (Evidence.SOLID_HEAD, 6.0),
        (Evidence.CONTINUITY, 0.02),
        (Evidence.PRESENTATION_ATTACK, 0.3),
    ):
        first, second = (score(attempt, evidence) for attempt in attempts)
        assert first == pytest.approx(second, abs=tolerance), evidence
    if level is ADVANCED:
        assert all(score(attempt, Evidence.LIGHT_REFLECTION) < 0.001 for attempt in attempts)


@pytest.mark.parametrize(
    ("name", "level"),
    [("moved-photo", BALANCED), ("planar-warp", BALANCED), ("replay", ADVANCED), ("frozen-frames", BALANCED)],
)
def test_an_attack_fails_in_the_tier_of_measurements(quick: World, name: str, level: ChallengeType) -> None:
    assert not [number for number in range(2) if summarized(quick, name, level, number).passed]


def test_a_flat_photo_fails_in_the_tier_of_pixels(whole: World) -> None:
    assert whole.run("planar-warp", BALANCED, 0).reason is Reason.LIVENESS_FAILED


def test_the_same_numbers_play_the_same_trial(quick: World) -> None:
    first, second, other = (summarized(quick, BONA_FIDE, BALANCED, number) for number in (3, 3, 4))
    assert first == second
    assert first.seconds != other.seconds


@pytest.mark.parametrize("name", sorted(SPECIES))
def test_every_species_has_something_to_show(quick: World, name: str) -> None:
    species = SPECIES[name]
    actor = species.make(quick.draw(name, species.levels[-1], 0))
    sights = [actor.look(at, Page(at)) for at in (0.0, 1500.0, 3000.0)]
    assert all(scene_of(sight, (160, 120)).shape == (120, 160, 3) for sight in sights)


class Page:
    """Shows a colour from the second second on."""

    def __init__(self, until: float) -> None:
        self.until = until

    def view(self, at_ms: float) -> View:
        assert at_ms <= self.until
        colour = "#72d3ff" if at_ms >= 1000 else None
        return View(Guidance.WATCH_LIGHT, 2, 2, colour, lighting=colour is not None)


def test_a_relay_sees_what_was_and_other_colours_are_others() -> None:
    assert Late(Page(2000.0), 1500.0).view(2000.0).colour is None
    others = [OtherColours(np.random.default_rng(seed))(0.0, Page(2000.0).view(2000.0)) for seed in range(12)]
    assert len({view.colour for view in others}) > 2


def test_a_recorded_session_has_a_challenge_of_its_own_and_ends_for_good() -> None:
    sessions = [another_session(ADVANCED, np.random.default_rng(seed)) for seed in range(8)]
    assert len({tuple(view.guidance for view in session.views) for session in sessions}) > 2
    assert all(session.view(1e9).guidance is Guidance.HOLD_STILL for session in sessions)
    light = prepare(random.Random(1), ADVANCED).light
    assert len(sessions[0].views) == len(("position", "turn", "nod", "back", "base", *light, "end"))


def test_a_painted_colour_is_the_same_all_over_the_picture(cast: list[Member]) -> None:
    plain = scene_of(Sight(cast[0].head)).astype(float)
    painted = scene_of(Sight(cast[0].head, overlay=Overlay((1.0, 0.0, 0.0), 0.3))).astype(float)
    mid = (plain[..., 0] > 60) & (plain[..., 0] < 200)
    ratio = painted[..., 0][mid] / plain[..., 0][mid]
    assert ratio.std() < 0.01
    np.testing.assert_array_equal(painted[..., 1:], plain[..., 1:])


def test_what_is_not_rendered_is_looked_up_and_no_face_stays_no_face(
    engine: FaceEngine, cast: list[Member]
) -> None:
    table = Library(engine, [cast[0].head]).table(cast[0].head, on_display=False)
    row = table.row(3.0, 1.0)
    assert row is not None
    assert table.row(3.0, 1.0) is not row
    assert table.row(178.0, 0.0) is None


def test_a_cast_is_made_of_the_faces_in_a_folder(engine: FaceEngine) -> None:
    cast = load_cast(DIRECTORY, engine, limit=3)
    assert [member.name.split()[0] for member in cast] == ["astronaut", "biden", "obama"]
    assert [member.person for member in cast] == [0, 1, 2]


def test_a_folder_without_people_is_refused(
    engine: FaceEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(InputError, match="faces"):
        load_cast(tmp_path_factory.mktemp("empty"), engine)


def test_an_unknown_species_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(InputError, match="species"):
        Campaign(DIRECTORY, ROOT / "models", ROOT, "mediapipe", Tier.PIXELS, 1, 1, (BALANCED,), ("hologram",))
