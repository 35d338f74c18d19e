"""The head camera in a real browser: same picture as the Python renderer, human manners."""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Error, Page, Route

from app.sandbox.assets import describe, encode_jpeg
from app.sandbox.head import Head, build_head
from app.sandbox.pose import NEUTRAL, HeadPose
from app.sandbox.render import ScreenLight
from tests.simulator.camera_script import Behaviour, bundled, init_script
from tests.simulator.chromium import chromium
from tests.simulator.drawn import drawn_landmarks, drawn_photo

STATIC = Path(__file__).resolve().parents[2] / "static"
SITE = "http://localhost"
PLAIN = "<!doctype html><title>Page</title>"
STRICT = {"Content-Security-Policy": "default-src 'self'"}
USE_MODULE = """
import { HeadCamera } from "/static/sandbox/head-camera.js";
window.headCamera = new HeadCamera({ assetUrl: "/head/head.json" });
"""
OPEN_CAMERA = (
    "navigator.mediaDevices.getUserMedia({ video: true }).then((stream) => { window.stream = stream; })"
)
PIXELS = """async ([pose, light]) => {
  await headCamera.start();
  const { image, painters } = headCamera;
  painters[0].paint(image, pose, light, 0);
  let text = "";
  for (let at = 0; at < image.data.length; at += 32768)
    text += String.fromCharCode(...image.data.subarray(at, at + 32768));
  return btoa(text);
}"""
SAY = "([guidance, step]) => Object.assign(document.documentElement.dataset, { guidance, step })"


@pytest.fixture(scope="module")
def head() -> Head:
    return build_head(drawn_photo(), drawn_landmarks())


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(running: Browser, head: Head) -> Iterator[Page]:
    """A page of a site with a strict policy that serves the sandbox's modules and one asset."""

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path.startswith("/static/"):
            route.fulfill(
                path=STATIC / path.removeprefix("/static/"), headers=STRICT, content_type="text/javascript"
            )
            return
        bodies: dict[str, tuple[str, str | bytes]] = {
            "/sandbox": ("text/html", PLAIN + '<script type="module" src="/page.js"></script>'),
            "/page.js": ("text/javascript", USE_MODULE),
            "/head/head.json": ("application/json", json.dumps(describe(head, "head.jpg"))),
            "/head/head.jpg": ("image/jpeg", encode_jpeg(head.texture)),
        }
        kind, body = bodies.get(path, ("text/html", PLAIN))
        route.fulfill(body=body, content_type=kind, headers=STRICT)

    context = running.new_context()
    page = context.new_page()
    page.route(f"{SITE}/**", serve)
    yield page
    context.close()


def visit(page: Page, script: str) -> Page:
    page.add_init_script(script)
    page.goto(SITE)
    return page


def say(page: Page, guidance: str, step: int = 1) -> None:
    page.evaluate(SAY, [guidance, str(step)])


def seconds_until(page: Page, condition: str) -> float:
    """Wait for a JavaScript condition; `page.wait_for_function` would need `unsafe-eval`."""
    seconds = page.evaluate(
        f"""async () => {{
          const began = performance.now();
          const passed = () => (performance.now() - began) / 1000;
          while (!({condition})) {{
            if (passed() > 8) return -1;
            await new Promise((done) => setTimeout(done, 5));
          }}
          return passed();
        }}"""
    )
    assert seconds >= 0, f"never came true: {condition}"
    return float(seconds)


def goal_is(channel: str, value: float) -> str:
    return f"Math.abs(headCamera.motion.goal.{channel} - {value}) < 0.001"


def painted(page: Page, pose: HeadPose, light: dict[str, Any] | None = None) -> np.ndarray:
    data = base64.b64decode(page.evaluate(PIXELS, [asdict(pose), light]))
    return np.frombuffer(data, np.uint8).reshape(480, 640, 4)[..., :3].astype(int)


@pytest.mark.parametrize("pose", [NEUTRAL, HeadPose(28, -5, 4, 0.8, 0.02, 0.01), HeadPose(-20, 20, 0, 1.3)])
def test_browser_and_python_paint_the_same_picture(page: Page, head: Head, pose: HeadPose) -> None:
    visit(page, init_script(head))
    difference = np.abs(painted(page, pose) - head.render(pose))
    assert difference.mean() < 2.5
    assert np.percentile(difference, 99) < 14


def test_browser_and_python_shine_the_same_light(page: Page, head: Head) -> None:
    visit(page, init_script(head))
    light = {"screenRgb": [0.5, 0.1, 0.3], "ambient": 0.7}
    expected = head.render(light=ScreenLight((0.5, 0.1, 0.3), 0.7))
    assert np.abs(painted(page, NEUTRAL, light) - expected).mean() < 2.5


def test_the_colour_of_the_page_falls_on_the_face_and_less_on_the_wall(page: Page, head: Head) -> None:
    visit(page, init_script(head)).evaluate("headCamera.start()")
    shine = """([colour, x, y]) => {
      document.documentElement.style.setProperty("--visavis-light", colour);
      const { image, painters } = headCamera;
      painters[0].paint(image, {yaw_deg: 0, pitch_deg: 0, roll_deg: 0, distance: 1, dx: 0, dy: 0},
        headCamera.getLight(), 0);
      return [...image.data.subarray(4 * (640 * y + x), 4 * (640 * y + x) + 3)];
    }"""
    face, wall = (320, 225), (40, 60)
    dark, red = ([np.array(page.evaluate(shine, [c, *at])) for at in (face, wall)] for c in ("", "#ff0000"))
    assert red[0][0] > dark[0][0] * 1.06
    assert 1 < red[1][0] / dark[1][0] < (red[0][0] / dark[0][0] - 1) * 0.4 + 1
    np.testing.assert_array_equal(red[0][1:], dark[0][1:])


def test_the_module_works_under_a_strict_content_security_policy(page: Page) -> None:
    page.goto(SITE + "/sandbox")
    seconds_until(page, "window.headCamera")
    page.evaluate("headCamera.start().then(() => { window.stream = headCamera.stream(); })")
    settings = page.evaluate("stream.getVideoTracks().map((track) => track.readyState)")
    assert settings == ["live"]


def test_the_camera_films_at_least_twelve_pictures_a_second(page: Page, head: Head) -> None:
    visit(page, init_script(head)).evaluate(OPEN_CAMERA)
    rates = []
    for _ in range(5):  # the best of five: other work on the machine is not the camera's fault
        frames = page.evaluate("headCamera.frames")
        rates.append(12 / seconds_until(page, f"headCamera.frames >= {frames + 12}"))
        if rates[-1] >= 12:
            return
    pytest.fail(f"pictures a second: {rates}")


def test_filming_ends_when_the_page_stops_the_track(page: Page, head: Head) -> None:
    visit(page, init_script(head)).evaluate(OPEN_CAMERA)
    page.evaluate("stream.getTracks().forEach((track) => track.stop())")
    seconds_until(page, "headCamera.timer === null")


def test_a_person_reacts_within_human_time(page: Page, head: Head) -> None:
    visit(page, init_script(head, fps=24)).evaluate(OPEN_CAMERA)
    say(page, "look_left")
    assert 0.2 < seconds_until(page, goal_is("yaw_deg", 28)) < 1.5


def test_a_person_obeys_one_instruction_after_the_other(page: Page, head: Head) -> None:
    visit(page, init_script(head)).evaluate(OPEN_CAMERA)
    for step, (guidance, channel, value) in enumerate(
        [("look_up", "pitch_deg", 20), ("come_nearer", "distance", 1 / 1.5), ("good", "distance", 1)]
    ):
        say(page, guidance, step)
        seconds_until(page, goal_is(channel, value))


def test_a_person_who_is_asked_to_move_closer_keeps_coming(page: Page, head: Head) -> None:
    visit(page, init_script(head)).evaluate(OPEN_CAMERA)
    say(page, "move_closer")
    seconds_until(page, "headCamera.motion.seat < 0.95")


def test_a_disobedient_person_moves_elsewhere(page: Page, head: Head) -> None:
    visit(page, init_script(head, Behaviour.DISOBEDIENT)).evaluate(OPEN_CAMERA)
    say(page, "look_left")
    seconds_until(page, goal_is("pitch_deg", -20))
    assert page.evaluate("headCamera.motion.goal.yaw_deg") == 0


def test_a_still_photo_does_not_move_but_its_pictures_differ(page: Page, head: Head) -> None:
    visit(page, init_script(head, Behaviour.STILL_PHOTO)).evaluate(OPEN_CAMERA)
    say(page, "look_left")
    seconds_until(page, "headCamera.cooperation.read && !headCamera.cooperation.pending")
    assert page.evaluate("headCamera.motion.pose(performance.now()).yaw_deg") == 0
    first = "const before = headCamera.canvas.toDataURL('image/png'); headCamera.draw(performance.now());"
    assert page.evaluate(f"() => {{ {first} return before !== headCamera.canvas.toDataURL('image/png'); }}")


def test_another_head_takes_over_after_the_first_step(page: Page, head: Head) -> None:
    second = replace(head, texture=255 - head.texture)
    visit(page, init_script(head, Behaviour.SWAP, second)).evaluate(OPEN_CAMERA)
    shown = "headCamera.painters.indexOf(headCamera.visible()[0])"
    for guidance, step in (("look_straight", 0), ("look_left", 1)):
        say(page, guidance, step)
        seconds_until(page, f"headCamera.cooperation.read?.guidance === {guidance!r}")
        assert page.evaluate(shown) == 0
    say(page, "look_right", 2)
    seconds_until(page, f"{shown} === 1")


def test_two_people_stand_side_by_side(page: Page, head: Head) -> None:
    second = replace(head, texture=255 - head.texture)
    visit(page, init_script(head, Behaviour.TWO_PEOPLE, second)).evaluate(OPEN_CAMERA)
    left, right = page.evaluate(
        "[10, 330].map((x) => [...headCamera.context.getImageData(x, 240, 1, 1).data.subarray(0, 3)])"
    )
    np.testing.assert_allclose(left, 255 - np.array(right), atol=16)


@pytest.mark.parametrize(
    ("behaviour", "error", "devices"),
    [(Behaviour.DENIED, "NotAllowedError", 1), (Behaviour.NONE, "NotFoundError", 0)],
)
def test_a_camera_that_does_not_open_says_why(
    page: Page, behaviour: Behaviour, error: str, devices: int
) -> None:
    visit(page, init_script(None, behaviour))
    with pytest.raises(Error, match=error):
        page.evaluate(OPEN_CAMERA)
    assert page.evaluate("navigator.mediaDevices.enumerateDevices().then((all) => all.length)") == devices


def test_permission_is_asked_for_once_and_then_granted(page: Page, head: Head) -> None:
    visit(page, init_script(head))
    state = "navigator.permissions.query({ name: 'camera' }).then((permission) => permission.state)"
    assert page.evaluate(state) == "prompt"
    page.evaluate(OPEN_CAMERA)
    assert page.evaluate(state) == "granted"


def test_an_empty_room_needs_no_head() -> None:
    assert "HeadCamera" in init_script(None, Behaviour.NO_FACE)


@pytest.mark.parametrize("behaviour", [Behaviour.SWAP, Behaviour.TWO_PEOPLE])
def test_a_second_head_must_be_given(head: Head, behaviour: Behaviour) -> None:
    with pytest.raises(ValueError, match="second"):
        init_script(head, behaviour)


def test_the_init_script_leaves_no_import_or_export_behind() -> None:
    lines = [line.strip() for line in bundled().splitlines()]
    assert not [line for line in lines if line.startswith(("import ", "export "))]
