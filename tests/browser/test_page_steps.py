"""The hosted page in a real browser, against a stand-in that answers as written beforehand."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.page_harness import Json, Refusal, Script, challenge, outcome, status
from tests.browser.page_visit import QUICK, ready, visit

WEIGHT_LIMIT = 150_000  # bytes before the camera opens, as the product promises

# What a page sees of a camera that is not allowed, or not there, until `allow()` is called.
REFUSING_CAMERA = """
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    const permission = Object.assign(new EventTarget(), {{ state: "{state}" }});
    let fails = true;
    navigator.permissions.query = async () => permission;
    navigator.mediaDevices.getUserMedia = async (wish) => {{
      if (fails) throw new DOMException("{message}", "{error}");
      return real(wish);
    }};
    window.allow = () => {{ fails = false; permission.state = "granted"; }};
    window.announce = () => permission.dispatchEvent(new Event("change"));
"""
BLOCKED = REFUSING_CAMERA.format(state="denied", message="Permission denied", error="NotAllowedError")
DISMISSED = REFUSING_CAMERA.format(state="prompt", message="Permission dismissed", error="NotAllowedError")
MISSING = REFUSING_CAMERA.format(state="prompt", message="Requested device not found", error="NotFoundError")
# A camera whose picture is red on its left half and blue on its right.
TWO_COLOURED_CAMERA = """
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
      const brush = canvas.getContext("2d");
      setInterval(() => {
        brush.fillStyle = "#f00"; brush.fillRect(0, 0, 320, 480);
        brush.fillStyle = "#00f"; brush.fillRect(320, 0, 320, 480);
      }, 20);
      return canvas.captureStream(30);
    };
"""
INSTAGRAM = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/126.0.0.0 Mobile Safari/537.36 Instagram 340.0.0.22 Android"
)


def _wait_for_view(page: Page, name: str) -> None:
    page.wait_for_selector(f"html[data-view={name}]")


def _focused_text(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def _camera_is_off(page: Page) -> bool:
    return bool(page.evaluate("document.getElementById('preview').srcObject === null"))


# Who the person browses with, and where the directions for giving the camera back are.
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
BROWSERS = [
    (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "blocked_safari_ios", None),
    (f"{IPHONE} CriOS/126.0.0.0 Mobile/15E148 Safari/604.1", "blocked_other_ios", None),
    (f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/468.0]", "blocked_other_ios", "Facebook"),
    (f"{IPHONE} Mobile/15E148", "blocked_other_ios", ""),
    (f"{ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36", "blocked_chrome_android", None),
    (f"{ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", "blocked_samsung", None),
    ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "blocked_firefox_android", None),
    (INSTAGRAM, "blocked_chrome_android", "Instagram"),
    (f"{WINDOWS} AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36", "blocked_chrome_desktop", None),
    (f"{WINDOWS} AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "blocked_edge", None),
    (f"{WINDOWS[:-1]}; rv:127.0) Gecko/20100101 Firefox/127.0", "blocked_firefox_desktop", None),
    (f"{MAC} AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15", "blocked_safari_mac", None),
    ("Something/1.0", "blocked_other", None),
]


def _is_without_gaps(batches: list[Json]) -> bool:
    ends = [batch["first"] + len(batch["clientMs"]) for batch in batches]
    return [batch["first"] for batch in batches] == [0, *ends[:-1]]


# The way through -------------------------------------------------------------------------------------------


def test_a_person_gets_from_consent_to_the_website(browser: Browser) -> None:
    script = Script()
    with visit(browser, script) as page:
        page.click("#consent-accept")
        page.click("#start-camera")
        _wait_for_view(page, "result")
        expect(page.locator("#result-title")).to_have_text("Thank you, that is all")
        page.wait_for_url("**/return")
    assert script.bodies("consent") == [{"accepted": True, "textHash": "a1b2"}]
    assert script.bodies("start")[0]["camera"]["width"] == 640
    batches = script.bodies("frames")
    assert len(batches) == 5
    assert _is_without_gaps(batches)
    times = [at for batch in batches for at in batch["clientMs"]]
    assert times == sorted(times)
    assert 0 <= times[0] < 5000


def test_the_keyboard_alone_is_enough_and_every_heading_gets_the_focus(browser: Browser) -> None:
    with visit(browser, Script()) as page:
        page.locator("#consent-accept").focus()
        page.keyboard.press("Enter")
        _wait_for_view(page, "primer")
        assert _focused_text(page) == "A quick look into the camera"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "start-camera"
        page.keyboard.press("Enter")
        _wait_for_view(page, "capture")
        assert _focused_text(page) == "The camera is on"
        _wait_for_view(page, "result")
        assert _focused_text(page) == "Thank you, that is all"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/return")


def test_declining_takes_no_picture_and_leads_back(browser: Browser) -> None:
    refused = outcome("failed", "consent_refused", state="cancelled")
    script = Script(answers={"consent": [refused]})
    with visit(browser, script) as page:
        page.click("#consent-decline")
        expect(page.locator("#result-hint")).to_have_text("No picture was taken.")
        page.click("#continue")
        page.wait_for_url("**/return")
    assert script.bodies("consent")[0]["accepted"] is False
    assert script.pictures == []


def test_the_page_shows_what_the_server_says_now(browser: Browser) -> None:
    with visit(browser, ready(frames=[challenge(2, "look_left", 0.45)])) as page:
        page.click("#start-camera")
        page.wait_for_selector("html[data-guidance=look_left][data-step='2'][data-phase=challenge]")
        expect(page.locator("#instruction")).to_have_text("Turn your head to the left")
        expect(page.locator("#step-count")).to_have_text("Step 2 of 3")
        expect(page.locator("#progress")).to_have_attribute("aria-valuenow", "45")
        arrow, oval = (page.locator(part).bounding_box() for part in (".arrow", ".ring-track"))
        assert arrow is not None
        assert oval is not None
        assert arrow["x"] < oval["x"] + oval["width"] / 4


def test_pictures_are_sent_as_the_camera_sees_them_and_not_as_in_the_mirror(browser: Browser) -> None:
    script = ready(frames=[status()])
    with visit(browser, script, init=TWO_COLOURED_CAMERA) as page:
        page.click("#start-camera")
        with page.expect_response("**/frames"):
            pass
        page.wait_for_timeout(200)
        mirrored = page.evaluate("getComputedStyle(document.getElementById('preview')).transform")
    picture = cv2.imdecode(np.frombuffer(script.pictures[-1], np.uint8), cv2.IMREAD_COLOR)
    assert mirrored == "matrix(-1, 0, 0, 1, 0, 0)"
    assert picture is not None
    assert picture.shape == (360, 480, 3)
    blue, _, red = picture[180, 60]
    assert red > 200 > blue


def test_a_slow_way_up_drops_pictures_but_numbers_stay_without_gaps(browser: Browser) -> None:
    script = ready(frames=[status(), status(), status(), outcome("passed")])
    script.seconds_per_batch = 0.4
    with visit(browser, script) as page:
        page.click("#start-camera")
        _wait_for_view(page, "result")
    assert script.most_under_way == 1
    batches = script.bodies("frames")
    assert _is_without_gaps(batches)
    gap = batches[2]["clientMs"][0] - batches[1]["clientMs"][-1]
    assert gap > 200


def test_a_camera_of_five_pictures_a_second_is_enough(browser: Browser) -> None:
    script = ready(frames=[status(), status(), status(), outcome("passed")])
    script.page["capture"] = QUICK | {"intervalMs": 100, "framesPerBatch": 4}
    slow_camera = TWO_COLOURED_CAMERA.replace("captureStream(30)", "captureStream(5)")
    with visit(browser, script, init=slow_camera) as page:
        page.click("#start-camera")
        _wait_for_view(page, "result")
    sizes = [len(batch["clientMs"]) for batch in script.bodies("frames")]
    assert min(sizes) >= 1
    # A busy page may find a whole batch waiting; one that waited for whole batches would send nothing else.
    assert min(sizes) < 4


def test_a_long_check_is_waited_for(browser: Browser) -> None:
    checking = status(state="processing", phase="checking", guidance="checking")
    with visit(browser, ready(frames=[checking], status=[checking, outcome("passed")])) as page:
        page.click("#start-camera")
        _wait_for_view(page, "checking")
        assert _camera_is_off(page)
        _wait_for_view(page, "result")


# Answers that are not a pass -------------------------------------------------------------------------------


def test_a_retry_says_why_and_starts_again(browser: Browser) -> None:
    script = ready(frames=[outcome("retry", "low_quality"), outcome("passed")])
    with visit(browser, script) as page:
        page.click("#start-camera")
        expect(page.locator("#help-title")).to_have_text("The picture was not clear enough")
        expect(page.locator("#help-note")).to_have_text("Attempts left: 2")
        assert _camera_is_off(page)
        page.click("#try-again")
        _wait_for_view(page, "result")
    assert len(script.bodies("start")) == 2


def test_a_refusal_about_another_person_explains_nothing_and_waits_for_its_reader(browser: Browser) -> None:
    with visit(browser, ready(frames=[outcome("failed", "duplicate_face")])) as page:
        page.click("#start-camera")
        expect(page.locator("#result-title")).to_have_text("We could not complete this verification")
        page.keyboard.press("Shift")
        expect(page.locator("#result-return")).to_be_empty()
        page.click("#continue")
        page.wait_for_url("**/return")


@pytest.mark.parametrize(
    ("button", "reason"), [("#cancel", "cancelled"), ("#other-way", "alternative_requested")]
)
def test_there_is_a_way_out_while_the_camera_runs(browser: Browser, button: str, reason: str) -> None:
    script = ready(frames=[status()], exit=[outcome("failed", reason, state="cancelled")])
    with visit(browser, script) as page:
        page.click("#start-camera")
        _wait_for_view(page, "capture")
        page.click(button)
        _wait_for_view(page, "result")
        assert _camera_is_off(page)
    assert script.bodies("exit") == [{"reason": reason}]


# Camera trouble --------------------------------------------------------------------------------------------


def test_a_blocked_camera_gets_directions_and_goes_on_by_itself_once_allowed(browser: Browser) -> None:
    with visit(browser, ready(), init=BLOCKED) as page:
        page.click("#start-camera")
        expect(page.locator("#help-title")).to_have_text("The camera is blocked")
        assert _focused_text(page) == "The camera is blocked"
        expect(page.locator("#help-steps li")).to_have_count(3)
        page.evaluate("allow(); announce()")
        _wait_for_view(page, "result")


def test_a_dismissed_question_is_asked_again_with_one_press(browser: Browser) -> None:
    with visit(browser, ready(), init=DISMISSED) as page:
        page.click("#start-camera")
        expect(page.locator("#help-title")).to_have_text("The camera was not allowed yet")
        page.evaluate("allow()")
        page.click("#try-again")
        _wait_for_view(page, "result")


def test_a_blocked_camera_can_be_left_with_a_result(browser: Browser) -> None:
    script = ready(exit=[outcome("failed", "camera_denied", state="cancelled")])
    with visit(browser, script, init=BLOCKED) as page:
        page.click("#start-camera")
        page.click("#without-camera")
        _wait_for_view(page, "result")
    assert script.bodies("exit") == [{"reason": "camera_denied"}]


def test_a_new_camera_is_noticed(browser: Browser) -> None:
    with visit(browser, ready(), init=MISSING) as page:
        page.click("#start-camera")
        expect(page.locator("#help-title")).to_have_text("No camera was found")
        page.evaluate("allow(); navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
        _wait_for_view(page, "result")


def test_an_app_without_camera_shows_the_way_to_the_browser(browser: Browser) -> None:
    script = ready(exit=[outcome("failed", "camera_unavailable", state="cancelled")])
    with visit(browser, script, init=BLOCKED, user_agent=INSTAGRAM) as page:
        page.click("#start-camera")
        expect(page.locator("#help-hint")).to_contain_text("Instagram")
        address = page.get_attribute("#open-elsewhere", "href") or ""
        assert re.fullmatch(r"intent://127\.0\.0\.1:\d+/session/1#Intent;scheme=http;end", address)
        expect(page.locator("#copy-link")).to_be_visible()
        page.click("#without-camera")
        _wait_for_view(page, "result")
    assert script.bodies("exit") == [{"reason": "camera_unavailable"}]


def test_the_sandbox_says_so_and_lends_a_head_where_there_is_no_camera(browser: Browser) -> None:
    script = ready()
    script.page["sandbox"] = {"assetUrl": "/sandbox/head.json"}
    module = """
      export class HeadCamera {
        constructor({ assetUrl }) { this.canvas = document.createElement("canvas"); window.asset = assetUrl; }
        async start() {
          const brush = this.canvas.getContext("2d");
          setInterval(() => brush.fillRect(0, 0, 9, 9), 20);
        }
        obey(guidance) { window.obeyed = guidance; }
        stream() { return this.canvas.captureStream(30); }
      }
    """
    with visit(browser, script, init=MISSING) as page:
        page.route(
            "**/head-camera.js", lambda call: call.fulfill(body=module, content_type="text/javascript")
        )
        expect(page.locator("#sandbox-banner")).to_contain_text("Sandbox: results are worth nothing")
        page.click("#start-camera")
        _wait_for_view(page, "help")
        page.click("#use-sandbox")
        _wait_for_view(page, "result")
        assert page.evaluate("window.asset") == "/sandbox/head.json"
        assert page.evaluate("window.obeyed().guidance") == page.get_attribute("html", "data-guidance")


def test_directions_fit_the_browser(browser: Browser) -> None:
    look = """(agent) => import("/static/hosted/browsers.js").then((browsers) => {
        const found = browsers.recognise(agent);
        return [browsers.directionsFor(found), found.inApp];
    })"""
    with visit(browser, Script()) as page:
        recognised = [(agent, *page.evaluate(look, agent)) for agent, _, _ in BROWSERS]
    assert recognised == BROWSERS


# Trouble on the way to the server --------------------------------------------------------------------------


def test_a_lost_connection_is_said_and_the_same_pictures_are_sent_again(browser: Browser) -> None:
    script = ready(frames=[status(), status(), outcome("passed")])
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(re.findall(r'"first":(\d+)', route.request.post_data_buffer.decode("latin-1"))[0])  # type: ignore[union-attr]
        route.abort("internetdisconnected")

    script.answers["return"] = [Refusal(599)]  # tells the visit that failed requests are meant to be
    with visit(browser, script) as page:
        page.route("**/frames", lose)
        page.click("#start-camera")
        expect(page.locator("#connection")).to_contain_text("Connection lost")
        expect(page.locator("#cancel")).to_be_visible()
        page.unroute("**/frames")
        page.click("#reconnect")
        _wait_for_view(page, "result")
        expect(page.locator("#reconnect")).to_be_hidden()
    assert set(lost) == {"0"}
    assert _is_without_gaps(script.bodies("frames"))


def test_a_reload_goes_on_where_the_person_was(browser: Browser) -> None:
    script = ready(frames=[challenge(1, "look_up", 0.3), outcome("passed")], status=[status()])
    script.page["state"] = "capturing"
    script.next_frame = 12
    with visit(browser, script, permissions=["camera"]) as page:
        _wait_for_view(page, "result")
    assert script.bodies("start") == []
    assert script.bodies("frames")[0]["first"] == 12


def test_a_page_that_was_opened_elsewhere_steps_back_and_can_take_over(browser: Browser) -> None:
    script = ready(start=[Refusal(409, "page-superseded"), status()], frames=[status()])
    with visit(browser, script) as page:
        page.click("#start-camera")
        expect(page.locator("#help-title")).to_have_text("This check was opened somewhere else")
        assert _camera_is_off(page)
        expect(page.locator("#cancel")).to_be_hidden()
        page.click("#try-again")
        page.click("#start-camera")
        _wait_for_view(page, "capture")


def test_a_session_that_is_over_leads_back(browser: Browser) -> None:
    with visit(browser, ready(start=[Refusal(410, "link-gone")])) as page:
        page.click("#start-camera")
        expect(page.locator("#result-title")).to_have_text("This session has expired")
        page.click("#continue")
        page.wait_for_url("**/return")


def test_a_fault_of_the_server_offers_to_go_on(browser: Browser) -> None:
    script = ready(start=[Refusal(500), status()], status=[status(state="created", phase="ready")])
    with visit(browser, script) as page:
        page.click("#start-camera")
        expect(page.locator("#help-title")).to_have_text("That did not work")
        page.click("#try-again")
        page.click("#start-camera")
        _wait_for_view(page, "result")


def test_a_short_rush_is_sat_out(browser: Browser) -> None:
    script = ready(start=[Refusal(429, "rate-limited", {"Retry-After": "1"}), status()])
    with visit(browser, script) as page:
        page.click("#start-camera")
        expect(page.locator("#connection")).to_contain_text("Many people are here")
        _wait_for_view(page, "result")


def test_a_page_whose_scripts_do_not_arrive_says_so(browser: Browser) -> None:
    script = ready(start=[Refusal(599)])  # tells the visit that failed requests are meant to be
    with visit(browser, script) as page:
        page.route("**/visit.js", lambda call: call.abort())
        page.reload()
        expect(page.locator("#not-loaded a")).to_be_visible()
        page.unroute("**/visit.js")
        page.click("#not-loaded a")
        expect(page.locator("#not-loaded")).to_be_hidden()


# The page itself -------------------------------------------------------------------------------------------


def test_the_page_is_light_before_the_camera_opens(browser: Browser) -> None:
    loaded = """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
        .map((entry) => entry.encodedBodySize)"""
    with visit(browser, Script(), query="?locale=ar") as page:  # the language with the longest bytes
        page.wait_for_load_state("networkidle")
        sizes = page.evaluate(loaded)
    assert len(sizes) > 10
    assert 0 < sum(sizes) <= WEIGHT_LIMIT


@pytest.mark.parametrize("language", ["en", "ar", "de"])
def test_nothing_sticks_out_of_a_small_screen(browser: Browser, language: str) -> None:
    script = Script(answers={"frames": [outcome("retry", "face_obscured")]})
    script.page["sandbox"] = {"assetUrl": "/sandbox/head.json"}
    too_wide = "document.documentElement.scrollWidth > innerWidth"
    size = {"width": 320, "height": 568}
    with visit(browser, script, query=f"?locale={language}", viewport=size) as page:
        assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
        wide = [page.evaluate(too_wide)]
        page.click("#consent-accept")
        _wait_for_view(page, "primer")
        wide.append(page.evaluate(too_wide))
        page.click("#start-camera")
        _wait_for_view(page, "help")
        wide.append(page.evaluate(too_wide))
    assert wide == [False, False, False]


def test_whoever_asks_for_stillness_gets_it(browser: Browser) -> None:
    with visit(browser, ready(frames=[challenge(1, "look_left", 0.2)]), reduced_motion="reduce") as page:
        moving = "document.getAnimations().length"
        assert page.evaluate(moving) == 0
        page.click("#start-camera")
        page.wait_for_selector("html[data-guidance=look_left]")
        assert page.evaluate(moving) == 0


def test_every_control_has_a_name_and_room_for_a_finger(browser: Browser) -> None:
    with visit(browser, Script(page={"sandbox": {"assetUrl": "/x"}}), query="?locale=de") as page:
        for view in ("consent", "primer", "help", "result"):
            page.evaluate("name => import('/static/hosted/steps.js').then((steps) => steps.show(name))", view)
            controls = page.locator("button:visible, a:visible, summary:visible").all()
            boxes = [control.bounding_box() for control in controls]
            assert [box for box in boxes if not box or min(box["width"], box["height"]) < 24] == []
            assert all(control.inner_text().strip() for control in controls)
            assert page.locator(".view:not([hidden]) h1").count() == 1
