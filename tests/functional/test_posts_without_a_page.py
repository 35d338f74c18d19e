"""Scripts that talk to the capture endpoints themselves: forged clocks, colours and tokens."""

import json
from typing import Any

import pytest
from webtest import TestApp

from app.capture.attempts import load_progress
from app.inference.engine import OpenPackEngine
from app.inference.types import RgbImage
from app.models import CaptureAttempt
from app.runtime import Runtime
from app.sandbox.assets import encode_jpeg
from app.sandbox.pose import NEUTRAL, HeadPose
from tests.functional.people import Cast
from tests.functional.visit import SIZE, Visit
from tests.service import RelyingSite, new_browser
from tests.simulator.camera import Webcam
from tests.simulator.scenes import empty_room

EMPTY = empty_room().render(NEUTRAL, SIZE)
ADVANCED = {"liveness": {"type": "Verification", "challengeType": "Advanced"}}


@pytest.fixture
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


def opened(site: RelyingSite, browser: TestApp, **configuration: Any) -> Visit:
    visit = Visit.open(browser, site.runtime.clock, site.link(site.publish(**configuration)))
    visit.consent()
    visit.start()
    return visit


def post(
    visit: Visit, pictures: list[RgbImage], clock_ms: list[float], status: int = 200, **meta: Any
) -> Any:
    document = {"attempt": 1, "first": visit.status["nextFrame"], "clientMs": clock_ms} | meta
    files = [("frame", f"{n}.jpg", encode_jpeg(image, 85)) for n, image in enumerate(pictures)]
    headers = {"X-Visavis-Page": visit.page["token"]}
    url = visit.page["urls"]["frames"]
    form = {"meta": json.dumps(document)}
    response = visit.browser.post(url, form, upload_files=files, headers=headers, status=status)
    if status == 200:
        visit.status = response.json
    return response.json


def test_another_sessions_token_opens_nothing(site: RelyingSite, browser: TestApp, runtime: Runtime) -> None:
    own = opened(site, new_browser(runtime))
    other = opened(site, browser)
    token, other.page["token"] = other.page["token"], own.page["token"]
    post(other, [EMPTY], [0.0], status=409)
    other.page["token"] = token
    assert other.look()["nextFrame"] == 0


def test_frames_that_skip_ahead_are_not_taken(site: RelyingSite, browser: TestApp) -> None:
    visit = opened(site, browser)
    assert post(visit, [EMPTY], [0.0], status=400, first=40)["field"] == "meta.first"
    assert visit.look()["nextFrame"] == 0


def test_a_recording_that_is_handed_over_at_once_does_not_pass(
    site: RelyingSite, browser: TestApp, cast: Cast
) -> None:
    visit = opened(site, browser)
    webcam = Webcam(3)
    poses = [HeadPose(yaw_deg=yaw, pitch_deg=pitch) for yaw, pitch in ((0, 0), (28, 0), (0, 20), (-28, 0))]
    for number in range(3):
        film = [cast.bob.render(poses[(number + n // 5) % 4], SIZE, webcam) for n in range(20)]
        visit.clock.pass_seconds(0.02)
        post(visit, film, [100.0 * (20 * number + n) for n in range(20)])
    assert visit.outcome is None or visit.outcome["result"] != "passed"
    assert visit.status["phase"] != "checking"


@pytest.mark.parametrize("shown", [[{"step": 0, "at": 10.0}], [{"step": 6, "at": 10.0}]])
def test_colours_that_were_never_told_cannot_have_been_shown(
    site: RelyingSite, browser: TestApp, runtime: Runtime, shown: list[dict[str, float]]
) -> None:
    visit = opened(site, browser, verifierConfigs=ADVANCED)
    post(visit, [EMPTY], [20.0], shown=shown)
    assert visit.status["light"] is None
    with runtime.database.reading() as db:
        [attempt] = db.query(CaptureAttempt).all()
        progress = load_progress(runtime.sealer, attempt)
    assert progress.light is None
