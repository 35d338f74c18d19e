"""What axe-core finds on the hosted page: every step, every help, every end, and every error page."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pipeline.light import PALETTE
from tests.browser.axe import violations
from tests.browser.page_harness import Refusal, Script, challenge, outcome, serve, shine, status
from tests.browser.page_visit import QUICK, ready, visit
from tests.browser.test_page_steps import BLOCKED, DISMISSED, INSTAGRAM, MISSING

LIGHT_DESKTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
DARK_PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
# A step fades in; until then axe would see half a colour.
STILL = {"reduced_motion": "reduce"}
on_both_screens = pytest.mark.parametrize("screen", [LIGHT_DESKTOP, DARK_PHONE], ids=["light", "dark phone"])
in_every_language = pytest.mark.parametrize("language", ["en", "ar", "de"])


def press(page: Page, *buttons: str) -> None:
    for button in buttons:
        page.click(button)


def open_camera(view: str, page: Page) -> None:
    page.click("#start-camera")
    page.wait_for_selector(f"html[data-view={view}]")


def stand_in_light(page: Page) -> None:
    open_camera("capture", page)
    page.wait_for_selector("html[data-phase=light]")


def open_languages(page: Page) -> None:
    page.click(".languages summary")
    expect(page.locator(".languages a").first).to_be_visible()


def all_verifiers() -> Script:
    script = ready()
    script.page["verifiers"] = ["liveness", "faceRecognition", "age", "gender"]
    script.page["challenge"] = {"level": "Advanced", "flashing": True}
    return script


def with_sandbox() -> Script:
    return Script(page={"sandbox": {"assetUrl": "/sandbox/head.json"}})


def long_light() -> Script:
    script = ready(frames=[shine(*PALETTE[:2], ms=5000, last=False)])
    script.page["challenge"] = {"level": "Advanced", "flashing": True}
    return script


Scene = tuple[Callable[[], Script], Callable[[Page], None], dict[str, Any]]
CAMERA, HELP, RESULT = (partial(open_camera, view) for view in ("capture", "help", "result"))
SCENES: dict[str, Scene] = {
    "consent": (Script, press, {}),
    "choosing a language": (Script, open_languages, {}),
    "sandbox": (with_sandbox, press, {}),
    "primer": (ready, press, {}),
    "primer of everything": (all_verifiers, press, {}),
    "finding the place": (partial(ready, frames=[status(guidance="move_closer")]), CAMERA, {}),
    "movement": (partial(ready, frames=[challenge(2, "look_left", 0.45)]), CAMERA, {}),
    "light": (long_light, stand_in_light, {"reduced_motion": "no-preference"}),
    "checking": (partial(ready, frames=[status(state="processing")]), partial(open_camera, "checking"), {}),
    "blocked camera": (ready, HELP, {"init": BLOCKED}),
    "dismissed question": (ready, HELP, {"init": DISMISSED}),
    "no camera": (ready, HELP, {"init": MISSING}),
    "an app without camera": (ready, HELP, {"init": BLOCKED, "user_agent": INSTAGRAM}),
    "another attempt": (partial(ready, frames=[outcome("retry", "low_quality")]), HELP, {}),
    "opened elsewhere": (partial(ready, start=[Refusal(409, "page-superseded")]), HELP, {}),
    "fault of the server": (partial(ready, start=[Refusal(500)]), HELP, {}),
    "passed": (partial(ready, frames=[outcome("passed")]), RESULT, {}),
    "failed": (partial(ready, frames=[outcome("failed", "face_mismatch")]), RESULT, {}),
    "in review": (partial(ready, frames=[outcome("review", "review_pending")]), RESULT, {}),
    "over": (partial(ready, start=[Refusal(410, "link-gone")]), RESULT, {}),
}


@on_both_screens
@pytest.mark.parametrize("scene", SCENES)
def test_no_step_shuts_anybody_out(browser: Browser, scene: str, screen: dict[str, Any]) -> None:
    make, act, options = SCENES[scene]
    with visit(browser, make(), **STILL | screen | options) as page:
        act(page)
        assert violations(page) == []


@in_every_language
def test_no_language_shuts_anybody_out(browser: Browser, language: str) -> None:
    with visit(browser, Script(page={"capture": QUICK}), query=f"?locale={language}", **STILL) as page:
        found = violations(page)
        page.click("#consent-accept")
        page.wait_for_selector("html[data-view=primer]")
        assert found + violations(page) == []


ENDS = (
    "/finished?result=passed",
    "/finished?result=failed&reason=session_expired",
    "/error?status=410&title=This+link+has+expired&detail=Go+back+to+the+site.&technical=LinkGone",
    "/error?status=403&title=Not+valid&detail=Go+back.&technical=wrong&field=reSignature",
    "/error?status=500&title=Sorry&detail=Something+broke.&retry_url=/session/1",
)


@on_both_screens
@pytest.mark.parametrize("path", ENDS)
def test_no_end_and_no_error_shuts_anybody_out(browser: Browser, path: str, screen: dict[str, Any]) -> None:
    with serve(Script()) as address:
        page = browser.new_page(**STILL | screen)
        page.goto(address.removesuffix("/session/1") + path)
        assert page.locator("h1").count() == 1
        assert violations(page) == []
        page.close()
