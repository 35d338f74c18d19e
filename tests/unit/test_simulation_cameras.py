"""Cameras adapt, rooms take their share of the screen's light, and the grid mixes both."""

from collections import Counter

import numpy as np
import pytest

from app.pipeline.light import linear_rgb
from app.sandbox.head import Head, build_head
from app.sandbox.pose import HeadPose
from app.sandbox.render import ScreenLight
from app.simulation.adaptation import Adaptation
from app.simulation.camera import Webcam
from app.simulation.grid import CAMERA_FACTORS, CAMERA_GRID, LARGEST_SHARE, LEAST_SHARE
from app.simulation.light import Room
from app.simulation.sheets import cut_out, photo_sheet
from tests.simulator.drawn import drawn_landmarks, drawn_photo

GREY = np.array([0.2, 0.2, 0.2])
FACE, WALL = (slice(150, 200), slice(220, 260)), (slice(10, 60), slice(10, 60))


@pytest.fixture(scope="module")
def head() -> Head:
    return build_head(drawn_photo(), drawn_landmarks())


def test_a_camera_has_settled_on_the_first_picture() -> None:
    assert Adaptation(0.9, 0.5).gains(np.array([0.5, 0.1, 0.2]), 0.0) == pytest.approx([1, 1, 1])


def test_auto_exposure_makes_up_for_more_light_in_the_end_but_not_at_once() -> None:
    adaptation = Adaptation(exposure=1.0)
    adaptation.gains(GREY, 0.0)
    at_once, later = (float(adaptation.gains(2 * GREY, at)[1]) for at in (0.05, 20.0))
    assert at_once > 0.9
    assert later == pytest.approx(0.5, abs=0.01)


def test_auto_white_balance_takes_back_a_part_of_a_change_of_colour() -> None:
    adaptation = Adaptation(balance=0.5)
    adaptation.gains(GREY, 0.0)
    red, green, _ = adaptation.gains(GREY * (1.5, 1.0, 1.0), 60.0)
    assert 1 / 1.5 < red / green < 0.9


def test_without_automatics_no_light_changes_the_gains() -> None:
    adaptation = Adaptation()
    adaptation.gains(GREY, 0.0)
    assert adaptation.gains(3 * GREY, 9.0) == pytest.approx([1, 1, 1])


def test_a_camera_without_a_clock_does_not_adapt(head: Head) -> None:
    dark, bright = (np.clip(head.render() * factor, 0, 255).astype(np.uint8) for factor in (0.5, 1.0))
    webcam = Webcam(1, noise=0, jpeg_quality=0, auto_exposure=1.0)
    webcam.capture(dark)
    assert np.abs(webcam.capture(bright).astype(int) - bright).max() <= 1


def test_the_noise_of_a_camera_has_the_strength_that_it_says() -> None:
    grey = np.full((120, 160, 3), 128, np.uint8)
    assert Webcam(3, noise=4.0, jpeg_quality=0).capture(grey).std() == pytest.approx(4.0, rel=0.05)


def test_the_screen_gives_the_face_its_share_of_the_rooms_light() -> None:
    light = Room(screen_share=0.2).light("#ffffff")
    assert light is not None
    assert light.screen_rgb == pytest.approx((0.2, 0.2, 0.2))
    assert Room().light(None) is None


def test_a_warm_room_leaves_the_screens_blue_more_to_do() -> None:
    light = Room(colour=(1.3, 1.0, 0.65), screen_share=0.2).light("#c4c4c4")
    assert light is not None
    assert light.screen_rgb[2] == pytest.approx(2 * light.screen_rgb[0])


def test_the_colour_of_the_screen_shows_on_the_face_and_hardly_on_the_wall(head: Head) -> None:
    size = (480, 360)
    plain = head.render(size=size).astype(float)
    lit = head.render(size=size, light=Room(screen_share=0.3, wall_share=0.2).light("#ffa0ff")).astype(float)
    on_face, on_wall = (lit[part].mean((0, 1)) / plain[part].mean((0, 1)) - 1 for part in (FACE, WALL))
    assert np.all(on_face > 0.01)
    assert on_face[0] > 1.5 * on_face[1]
    assert np.all(on_wall < 0.3 * on_face)
    assert linear_rgb("#ffa0ff")[0] == 1


def test_the_cheek_that_is_turned_to_the_screen_gets_more_light(head: Head) -> None:
    light = Room(screen_share=0.4).light("#ffffff")
    gains = [[cheek_gain(head, pose, light, columns) for columns in CHEEKS] for pose in TURNED]
    assert gains[0][0] / gains[0][1] == pytest.approx(gains[1][1] / gains[1][0], rel=0.03)
    assert abs(gains[0][0] / gains[0][1] - 1) > 0.02


CHEEKS = (slice(265, 295), slice(345, 375))
TURNED = (HeadPose(yaw_deg=30), HeadPose(yaw_deg=-30))


def cheek_gain(head: Head, pose: HeadPose, light: ScreenLight | None, columns: slice) -> float:
    plain, lit = (head.render(pose, light=each).astype(float)[215:245, columns] for each in (None, light))
    return float(lit.mean() / plain.mean())


def test_paper_is_lit_up_to_its_edges_and_a_cut_out_leaves_the_room_dark(head: Head) -> None:
    light, size = Room(screen_share=0.4, wall_share=0.0).light("#ffffff"), (480, 360)
    gains = {}
    for name, sheet in (("whole", photo_sheet(head)), ("cut", cut_out(head))):
        plain, lit = (sheet.render(size=size, light=each).astype(float) for each in (None, light))
        gains[name] = [float(lit[part].mean() / plain[part].mean()) for part in (FACE, WALL)]
    assert gains["whole"][1] - 1 > 0.5 * (gains["whole"][0] - 1) > 0.05
    assert gains["cut"][0] == pytest.approx(gains["whole"][0], rel=0.02)
    assert gains["cut"][1] == pytest.approx(1.0, abs=0.01)


def test_the_grid_has_every_level_of_every_factor_about_equally_often() -> None:
    for name, levels in CAMERA_FACTORS.items():
        if name == "gain":  # the room's level is in it
            continue
        counts = Counter(setting.camera[name] for setting in CAMERA_GRID)
        assert set(counts) == set(levels)
        assert max(counts.values()) - min(counts.values()) <= 1
    assert all(LEAST_SHARE <= setting.room.screen_share <= LARGEST_SHARE for setting in CAMERA_GRID)


def test_every_camera_of_the_grid_takes_a_picture(head: Head) -> None:
    scene = head.render(size=(160, 120))
    assert all(setting.build(1).capture(scene, 0.0).shape == scene.shape for setting in CAMERA_GRID)
