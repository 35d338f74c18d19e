"""The console in Chromium: an operator's first hour by keyboard alone, and no page that shuts anybody out."""

import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.console.accounts.sessions import Stage
from app.inference.engine import OpenPackEngine
from tests.browser.axe import violations
from tests.browser.console_house import House, console_house
from tests.browser.live_service import LiveService, running_service
from tests.simulator.camera_script import init_script
from tests.simulator.faces import head

PASSWORD = "nine quiet lanterns on the ferry"
VERDICT_MS = 60_000
LIGHT_DESKTOP = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
DARK_PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
# More stops than any page has.
MANY_TABS = 150


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, engine: OpenPackEngine) -> Iterator[House]:
    with console_house(tmp_path_factory.mktemp("console"), engine) as built:
        yield built


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with running_service(tmp_path_factory.mktemp("live")) as running:
        yield running


class Keyboard:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str) -> None:
        """Press Tab until the element with this name has the focus, which must be seen."""
        for _ in range(MANY_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(NAME_OF_FOCUS) == name:
                assert self.page.evaluate(FOCUS_IS_SEEN), f"nobody sees that {name} has the focus"
                return
        raise AssertionError(f"Tab never reaches {name!r} on {self.page.url}")

    def press(self, name: str) -> None:
        self.go_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, name: str, text: str) -> None:
        self.go_to(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


NAME_OF_FOCUS = """() => {
  const element = document.activeElement;
  const label = element.labels?.[0] ?? element;
  const words = (label.querySelector("strong") ?? label).textContent;
  return (element.getAttribute("aria-label") ?? words).trim();
}"""
FOCUS_IS_SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def test_a_new_operator_publishes_and_tries_one_account_per_person_by_keyboard_alone(
    browser: Browser, service: LiveService, engine: OpenPackEngine
) -> None:
    links = re.findall(r"http://\S+/console/setup/\S+", service.log.read_text())
    assert len(links) == 1  # of all workers one says it
    context = browser.new_context(**LIGHT_DESKTOP)
    page, keyboard = context.new_page(), Keyboard(context.pages[0])
    set_up_account(page, keyboard, links[0])
    keyboard.press("New configuration")
    keyboard.go_to("Age gate 18+")
    page.keyboard.press("ArrowDown")
    keyboard.press("Begin")
    keyboard.fill("Name", "Harbour library")
    expect(page.locator("[data-check-status]")).to_have_text("Valid, not saved")
    expect(page.locator("[data-json]")).to_contain_text('"name": "Harbour library"')
    keyboard.press("Save and look at publishing")
    keyboard.press("Publish version 1")
    expect(page.get_by_role("status")).to_contain_text("Published.")
    keyboard.press("Try it")
    link = page.get_by_role("link", name="Open it").get_attribute("href")
    assert link
    be_verified(browser, link, init_script(head("astronaut", engine)))
    keyboard.press("Sessions")
    keyboard.press(page.locator("td a[aria-label]").first.get_attribute("aria-label") or "")
    expect(page.locator("h1 + .actions .state")).to_have_text("passed")
    expect(page.locator("#no-images")).to_contain_text("There is no image to show.")
    expect(page.get_by_text("✓ met").first).to_be_visible()
    context.close()


def set_up_account(page: Page, keyboard: Keyboard, link: str) -> None:
    page.goto(link)
    keyboard.fill("E-mail address", "anna@shop.example")
    keyboard.fill("Password", PASSWORD)
    keyboard.fill("The same again", PASSWORD)
    keyboard.press("Continue")
    secret = page.locator("[data-copy-text]").text_content() or ""
    keyboard.fill("Code", pyotp.TOTP(secret).at(int(time.time())))
    keyboard.press("Switch on")
    expect(page.locator(".codes li")).to_have_count(10)
    keyboard.press("I have kept them")
    expect(page.locator("h1")).to_have_text("Configurations")


def be_verified(browser: Browser, link: str, camera: str) -> None:
    """Be the person who opens the link."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script(camera)
    page = context.new_page()
    page.goto(link)
    page.click("#consent-accept")
    page.click("#start-camera")
    page.wait_for_url("**/return**", timeout=VERDICT_MS)
    context.close()


@pytest.mark.parametrize("options", [LIGHT_DESKTOP, DARK_PHONE], ids=["light desktop", "dark phone"])
def test_no_page_shuts_anybody_out(browser: Browser, house: House, options: dict[str, object]) -> None:
    context = house.enter(browser, **options)
    found = {path: what for path in every_page(house, context) if (what := wrong_with(context, house, path))}
    context.close()
    assert found == {}


@pytest.mark.parametrize("options", [LIGHT_DESKTOP, DARK_PHONE], ids=["light desktop", "dark phone"])
def test_no_page_before_the_console_shuts_anybody_out(
    browser: Browser, house: House, options: dict[str, object]
) -> None:
    doors = (
        (browser.new_context(**options), ("/console/login", house.setup_path, "/console/setup/gone")),  # type: ignore[arg-type]
        (house.enter(browser, Stage.SECOND_FACTOR, **options), ("/console/second-factor",)),
        (house.enter(browser, Stage.ENROLMENT, protected=False, **options), ("/console/enrolment",)),
        (house.enter(browser, **options), ("/console/confirm", "/console/sessions/gone")),
    )
    for context, paths in doors:
        assert {path: what for path in paths if (what := wrong_with(context, house, path))} == {}
        context.close()


def wrong_with(context: BrowserContext, house: House, path: str) -> list[str]:
    """What axe finds, what the browser complains of, and what is wider than the window."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    page.goto(house.url + path)
    complaints += violations(page)
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    complaints += [f"{width} px wider than the window"] if width > 0 else []
    page.close()
    return complaints


def every_page(house: House, context: BrowserContext) -> list[str]:
    """Follow the links from the first page on; one path for each view."""
    app: Flask = house.app
    views: dict[str, str] = {}
    preview = f"/console/configurations/{house.verification_id}/look/preview"
    waiting = ["/console/configurations", f"/console/sessions/{house.decided}", preview]
    router = app.url_map.bind("localhost")
    while waiting:
        path = waiting.pop(0)
        endpoint, _ = router.match(urlsplit(path).path)
        if endpoint in views or not endpoint.startswith("console."):
            continue
        answer = context.request.get(house.url + path)
        if "text/html" not in answer.headers["content-type"]:
            continue
        views[endpoint] = path
        waiting += re.findall(r'href="(/console/[^"#]*)"', answer.text().replace("&amp;", "&"))
    assert len(views) >= 12
    return list(views.values())


def test_errors_appear_at_their_fields_while_one_types(browser: Browser, house: House) -> None:
    context = house.enter(browser, **LIGHT_DESKTOP)
    page = context.new_page()
    page.goto(f"{house.url}/console/configurations/{house.verification_id}/edit")
    field = page.get_by_label("False matches: one in")
    field.fill("7")
    error = page.locator("#field-verifierConfigs-faceRecognition-falseMatchRate-error")
    expect(error).to_be_visible()
    assert error.get_attribute("id") in (field.get_attribute("aria-describedby") or "")
    assert violations(page) == []
    field.fill("1000")
    expect(error).to_have_count(0)
    expect(page.locator("[data-meaning]")).to_contain_text("1 in 1,000 pairs of strangers")
    page.get_by_role("combobox", name="Age", exact=True).select_option("ThresholdVerification")
    page.get_by_label("Buffer").fill("3")
    picture = page.locator(".age-picture svg[role=img]")
    expect(picture).to_have_attribute("aria-label", re.compile("Estimates of 21 and more pass"))
    context.close()


def test_the_preview_follows_what_is_typed(browser: Browser, house: House) -> None:
    context = house.enter(browser, **LIGHT_DESKTOP)
    page = context.new_page()
    page.goto(f"{house.url}/console/configurations/{house.verification_id}/look")
    frame = page.frame_locator("iframe[name=preview]")
    page.get_by_label("Name of the site").fill("Not yet the library")
    page.get_by_label("Colour of buttons and links").fill("#ffe000")
    expect(frame.locator(".brand")).to_have_text("Not yet the library")
    assert violations(page) == []
    shown = page.frame(name="preview")
    assert shown is not None
    page.goto(shown.url)  # what was saved is still what it was
    expect(page.locator(".brand")).not_to_have_text("Not yet the library")
    context.close()
