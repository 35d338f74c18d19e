"""From a desktop to a phone and back, in Debian's Chromium: the code is read off the screen as phones do."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.inference.engine import OpenPackEngine
from app.sandbox.head import Head
from tests.browser.axe import violations
from tests.browser.chromium import launch
from tests.browser.live_service import LiveService, running_service
from tests.simulator.camera_script import init_script
from tests.simulator.faces import head

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
WAIT_MS, VERDICT_MS = 15_000, 60_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with running_service(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def alice(engine: OpenPackEngine) -> Head:
    return head("astronaut", engine)


@pytest.fixture
def verification(service: LiveService) -> str:
    return service.publish(
        verifierConfigs={"liveness": {"type": "Verification"}}, securityConfig={"maxAttempts": 1}
    )


@pytest.fixture
def desktop(chromium: Browser, service: LiveService, verification: str) -> Iterator[Page]:
    """A desktop, past the consent."""
    context = chromium.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(service.link(verification))
    page.click("#consent-accept")
    yield page
    context.close()


@pytest.fixture
def phone(chromium: Browser, alice: Head) -> Iterator[BrowserContext]:
    """A phone in Alice's hand."""
    context = chromium.new_context(viewport=PHONE, user_agent=ANDROID)  # type: ignore[arg-type]
    context.add_init_script(init_script(alice))
    yield context
    context.close()


def scan(desktop: Page) -> str:
    """Read the code off the desktop's screen."""
    expect(desktop.locator("#handover-picture")).to_be_visible()
    expect(desktop.locator("#handover-picture")).to_have_js_property("complete", True)
    picture = desktop.locator("#handover-picture").screenshot()
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    text = next((found for found in _readings(pixels) if found), "")
    assert text, "the code cannot be read"
    return text


def _readings(pixels: np.ndarray) -> Iterator[str]:
    """Yield what a reader makes of the picture at several sizes, as a phone does that moves before it.

    The library's reader fails on some codes at some sizes.
    """
    for scale in (3.0, 2.0, 4.0, 2.5, 1.5, 5.0):
        larger = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
        for reader in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
            yield str(reader.detectAndDecode(larger)[0])


def take_over(phone: BrowserContext, address: str) -> Page:
    page = phone.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.click("#take-offer")
    return page


def test_the_phone_does_the_check_and_the_desktop_brings_the_result_home(
    desktop: Page, phone: BrowserContext, service: LiveService, verification: str
) -> None:
    said = desktop.locator("#handover-said")
    desktop.click("#use-phone")
    expect(said).to_have_text("Waiting for your phone …")
    page = take_over(phone, scan(desktop))
    expect(page.locator("#use-phone")).to_be_hidden()
    expect(said).to_contain_text("connected")
    page.click("#start-camera")
    expect(said).to_contain_text("camera of your phone is on")
    expect(page.locator("#result-return")).to_contain_text("go back to the device", timeout=VERDICT_MS)
    desktop.wait_for_url("**/v1/healthz?**", timeout=WAIT_MS)
    assert service.check(verification, desktop.url).passed
    expect(page.locator("#result-title")).to_have_text("Thank you, that is all")
    page.click("#continue")
    page.wait_for_url("**/v1/healthz?**")
    assert service.check(verification, page.url).passed


def test_whoever_stays_goes_on_at_the_desktop_and_the_code_is_worthless(
    desktop: Page, phone: BrowserContext
) -> None:
    desktop.click("#use-phone")
    address = scan(desktop)
    desktop.click("#handover-stay")
    expect(desktop.locator("#start-camera")).to_be_visible()
    page = phone.new_page()
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 410


def test_the_keyboard_reaches_everything_and_axe_has_no_complaint(
    desktop: Page, phone: BrowserContext
) -> None:
    # A hidden button takes no focus, and Playwright does not say so.
    expect(desktop.locator("#use-phone")).to_be_visible()
    desktop.focus("#use-phone")
    desktop.keyboard.press("Enter")
    address = scan(desktop)
    assert desktop.evaluate("document.activeElement.id") == "handover-title"
    assert violations(desktop) == []
    page = phone.new_page()
    page.goto(address)
    assert violations(page) == []


def test_a_desktop_without_a_camera_is_offered_the_phone(
    chromium: Browser, service: LiveService, verification: str
) -> None:
    context = chromium.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    context.add_init_script("navigator.mediaDevices.enumerateDevices = async () => [];")
    refuse = "navigator.mediaDevices.getUserMedia = async () => {throw new DOMException('', 'NotFoundError')}"
    context.add_init_script(refuse)
    page = context.new_page()
    page.goto(service.link(verification))
    page.click("#consent-accept")
    page.click("#start-camera")
    page.click("#help-phone")
    assert "/handover/" in scan(page)
    context.close()
