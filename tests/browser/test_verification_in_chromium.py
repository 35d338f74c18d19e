"""The main road in Debian's Chromium: only the camera is rendered, from a real photo; all else is real."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect, sync_playwright
from visavis_client import VerifiedResult

from app.inference.engine import OpenPackEngine
from app.sandbox.head import Head
from tests.browser.chromium import launch
from tests.browser.live_service import LiveService, running_service
from tests.simulator.camera_script import Behaviour, init_script
from tests.simulator.faces import head

RETURN_VISIT = {
    "reDisableLivenessVerifier": True,
    "reDisableAgeVerifier": True,
    "reDisableGenderVerifier": True,
}
EVERYTHING = {
    "liveness": {"type": "Verification", "challengeType": "Balanced"},
    "faceRecognition": {"type": "UniqueMatchVerification"},
    "age": {"type": "CalculationOnly"},
    "gender": {"type": "CalculationOnly"},
}
VERDICT_MS = 60_000


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


@pytest.fixture(scope="module")
def bob(engine: OpenPackEngine) -> Head:
    return head("obama", engine)


@pytest.fixture
def account(service: LiveService) -> str:
    """A verification of its own for each test, so that each begins with an empty collection."""
    return service.publish(
        verifierConfigs=EVERYTHING,
        securityConfig={"maxAttempts": 1},
        sessionOverrideConfig={"allowVerifierOverrides": True},
    )


class Visitor:
    """Somebody with a browser; every method is something they do."""

    def __init__(self, chromium: Browser, service: LiveService, camera: str) -> None:
        self.service = service
        self.context: BrowserContext = chromium.new_context(viewport={"width": 390, "height": 844})
        self.context.add_init_script(camera)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, verification_id: str, **parameters: Any) -> None:
        self.verification_id = verification_id
        self.page.goto(self.service.link(verification_id, **parameters))

    def agree_and_start(self) -> None:
        self.page.click("#consent-accept")
        self.page.click("#start-camera")

    def come_back(self, timeout: float = VERDICT_MS) -> VerifiedResult:
        """Wait until the service sends the browser back, and verify the result as the site does."""
        try:
            self.page.wait_for_url("**/v1/healthz?**", timeout=timeout)
        except TimeoutError as stuck:
            shows = self.page.evaluate("JSON.stringify(document.documentElement.dataset)")
            raise AssertionError(f"nobody came back; the page shows {shows}") from stuck
        url = self.page.url
        self.context.close()
        assert self.complaints == []
        assert urlsplit(url).path == "/v1/healthz"
        return self.service.check(self.verification_id, url)

    def visit(self, verification_id: str, **parameters: Any) -> VerifiedResult:
        self.open(verification_id, **parameters)
        self.agree_and_start()
        return self.come_back()


def test_a_first_visit_enrols_and_the_return_visit_matches(
    chromium: Browser, service: LiveService, account: str, alice: Head
) -> None:
    first = Visitor(chromium, service, init_script(alice)).visit(account, external_id="alice")
    assert first.passed, first.failed_reason
    assert first.get("reLivenessResult") == "passed"
    again = Visitor(chromium, service, init_script(alice, seed=2)).visit(
        account, external_id="alice", **RETURN_VISIT
    )
    assert again.passed, again.failed_reason
    assert again.get("reLivenessResult") is None


def test_another_person_under_the_same_id_is_a_mismatch_and_the_same_under_another_a_duplicate(
    chromium: Browser, service: LiveService, account: str, alice: Head, bob: Head
) -> None:
    assert Visitor(chromium, service, init_script(alice)).visit(account, external_id="alice").passed
    other = Visitor(chromium, service, init_script(bob)).visit(account, external_id="alice")
    assert (other.passed, other.failed_reason) == (False, "face_mismatch")
    again = Visitor(chromium, service, init_script(alice)).visit(account, external_id="mallory")
    assert (again.passed, again.failed_reason) == (False, "duplicate_face")


def test_a_still_photo_fails_liveness(
    chromium: Browser, service: LiveService, account: str, alice: Head
) -> None:
    camera = init_script(alice, Behaviour.STILL_PHOTO)
    result = Visitor(chromium, service, camera).visit(account, external_id="alice")
    assert (result.passed, result.failed_reason) == (False, "liveness_failed")


def test_an_empty_room_gets_guidance_and_then_a_timeout(chromium: Browser, service: LiveService) -> None:
    impatient = service.publish(
        verifierConfigs={"liveness": {"type": "Verification"}},
        experienceConfig={"timeouts": {"challengeSeconds": 6}},
    )
    visitor = Visitor(chromium, service, init_script(None, Behaviour.NO_FACE))
    visitor.open(impatient)
    visitor.agree_and_start()
    expect(visitor.page.locator("html")).to_have_attribute("data-guidance", "no_face", timeout=10_000)
    result = visitor.come_back()
    assert (result.passed, result.failed_reason) == (False, "timeout")


def test_two_people_fail_where_only_one_is_allowed(
    chromium: Browser, service: LiveService, alice: Head, bob: Head
) -> None:
    alone = service.publish(
        verifierConfigs={"failOnMultipleFacesDetected": True, "liveness": {"type": "Verification"}},
        securityConfig={"maxAttempts": 1},
    )
    camera = init_script(alice, Behaviour.TWO_PEOPLE, bob)
    result = Visitor(chromium, service, camera).visit(alone)
    assert (result.passed, result.failed_reason) == (False, "multiple_faces")


def test_declined_consent_is_told_to_the_site(
    chromium: Browser, service: LiveService, account: str, alice: Head
) -> None:
    visitor = Visitor(chromium, service, init_script(alice))
    visitor.open(account, external_id="alice")
    visitor.page.click("#consent-decline")
    assert visitor.come_back().failed_reason == "consent_refused"


def test_a_cancelled_visit_is_told_to_the_site(
    chromium: Browser, service: LiveService, account: str, alice: Head
) -> None:
    visitor = Visitor(chromium, service, init_script(alice))
    visitor.open(account, external_id="alice")
    visitor.page.click("#consent-accept")
    visitor.page.click("#cancel")
    assert visitor.come_back().failed_reason == "cancelled"


def test_a_refused_camera_is_coached_and_then_told_to_the_site(
    chromium: Browser, service: LiveService, account: str
) -> None:
    visitor = Visitor(chromium, service, init_script(None, Behaviour.DENIED))
    visitor.open(account, external_id="alice")
    visitor.agree_and_start()
    expect(visitor.page.locator("#without-camera")).to_be_visible()
    visitor.page.click("#without-camera")
    assert visitor.come_back().failed_reason == "camera_denied"


def test_the_page_stores_nothing_and_asks_no_third_party(
    chromium: Browser, service: LiveService, account: str, alice: Head, tmp_path: Path
) -> None:
    visitor = Visitor(chromium, service, init_script(alice))
    hosts: set[str] = set()
    visitor.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    assert visitor.visit(account, external_id="alice").passed
    assert {host for host in hosts if host} == {urlsplit(service.url).netloc}
