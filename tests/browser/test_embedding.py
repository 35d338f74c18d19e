"""Embedding in Chromium: pages of the relying site and of others, each on a port of its own."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

from app.factory import ROOT
from tests.browser.chromium import launch
from tests.browser.live_service import LiveService, free_port, prepare, start_server

LOADER = ROOT / "sdk" / "javascript" / "browser.js"
WAIT_MS = 15_000
LOOK_MS = 20
PAGE = """<!doctype html><title>A site</title><link rel=icon href=data:,><div id=place></div>
<script src="{service}/static/embed/visavis.js"></script>
<script>
  window.heard = [];
  addEventListener("message", (event) => heard.push(event.data));
  window.start = (options) => {{
    window.outcome = null;
    Visavis.open(options).then(
      ({{ redirectedTo }}) => (window.outcome = ["resolved", redirectedTo]),
      (error) => (window.outcome = ["rejected", error.code ?? error.name]),
    );
  }};
</script>"""
FRAMING = (
    """<!doctype html><title>Framing</title><link rel=icon href=data:,><iframe src="{address}"></iframe>"""
)


@dataclass
class Site:
    """A page somewhere that can open verifications."""

    origin: str

    def open(self, browser: Browser, path: str = "/") -> Page:
        page = browser.new_context().new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(self.origin + path)
        return page


@contextmanager
def serve_site(service: LiveService, host: str) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, address = self.path.partition("?")
            if path == "/redirecting":
                self.send_response(303)
                self.send_header("Location", service.link(address))
                self.end_headers()
                return
            pages = {
                "/framing": FRAMING.format(address=address),
                "/loader.js": LOADER.read_text(encoding="utf-8"),
            }
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if path == "/loader.js" else "text/html")
            self.end_headers()
            self.wfile.write(pages.get(path, PAGE.format(service=service.url)).encode())

        def log_message(self, *_: object) -> None:
            """Leave the output to the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield Site(f"http://{host}:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    prepared = prepare(tmp_path_factory.mktemp("live"), free_port())
    server = start_server(prepared, workers=1)
    yield prepared
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop(service: LiveService) -> Iterator[Site]:
    """The relying site: the one origin that the verification names."""
    with serve_site(service, "localhost") as site:
        yield site


@pytest.fixture(scope="module")
def stranger(service: LiveService) -> Iterator[Site]:
    """Somebody else's site."""
    with serve_site(service, "127.0.0.1") as site:
        yield site


@pytest.fixture(scope="module")
def neighbour(service: LiveService) -> Iterator[Site]:
    """Somebody else's site on the relying site's own host: only the port differs."""
    with serve_site(service, "localhost") as site:
        yield site


@pytest.fixture(scope="module")
def verification(service: LiveService, shop: Site) -> str:
    target = f"{shop.origin}/back?shop=7"
    return service.publish(
        verifierConfigs={"liveness": {"type": "Verification"}},
        redirectConfig={"passedUrl": target, "failedUrl": target},
        securityConfig={"frameAncestors": [shop.origin]},
    )


@pytest.fixture
def opened(chromium: Browser, shop: Site) -> Iterator[Page]:
    page = shop.open(chromium)
    yield page
    page.context.close()


def start(page: Page, url: str, **options: str) -> None:
    """Press the site's button; what comes of it is in `outcome`."""
    page.evaluate("(options) => start(options)", {"url": url, **options})


def framed(page: Page, origin: str) -> Frame:
    """Return the frame that shows a page of `origin`, once it does."""
    page.wait_for_selector("iframe", state="attached")
    for _ in range(WAIT_MS // LOOK_MS):
        for frame in page.frames[1:]:
            if frame.url.startswith(f"{origin}/session/"):
                return frame
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError([frame.url for frame in page.frames])


def decline(place: Page | Frame) -> None:
    """End the visit without a camera, and go on at once to where the result is handed back."""
    place.click("#consent-decline")
    place.click("#continue")


def outcome_of(page: Page) -> list[str]:
    page.wait_for_function("window.outcome !== null", timeout=WAIT_MS)
    result: list[str] = page.evaluate("window.outcome")
    return result


def is_pending_after(page: Page, messages: int) -> bool:
    """Tell whether the promise is still open once the page has heard that many messages."""
    page.wait_for_function(f"window.heard.length >= {messages}", timeout=WAIT_MS)
    return bool(page.evaluate("window.outcome === null"))


def test_a_frame_resolves_with_the_signed_result_and_goes_away(
    opened: Page, service: LiveService, verification: str
) -> None:
    start(opened, service.link(verification), mode="iframe", container="#place")
    decline(framed(opened, service.url))
    kind, address = outcome_of(opened)
    result = service.check(verification, address)
    assert (kind, result.failed_reason, result.get("shop")) == ("resolved", "consent_refused", "7")
    assert opened.locator("iframe").count() == 0


def test_a_popup_resolves_with_the_signed_result_and_closes(
    opened: Page, service: LiveService, verification: str
) -> None:
    with opened.expect_popup() as popup:
        start(opened, service.link(verification), mode="popup")
    with popup.value.expect_event("close"):
        decline(popup.value)
    kind, address = outcome_of(opened)
    assert (kind, service.check(verification, address).failed_reason) == ("resolved", "consent_refused")


def test_a_redirect_takes_the_page_there_and_back(
    opened: Page, service: LiveService, shop: Site, verification: str
) -> None:
    start(opened, service.link(verification))
    decline(opened)
    opened.wait_for_url(f"{shop.origin}/back?**")
    assert service.check(verification, opened.url).failed_reason == "consent_refused"


def test_an_address_of_the_site_that_redirects_works_with_the_origin_pinned(
    opened: Page, service: LiveService, shop: Site, verification: str
) -> None:
    address = f"{shop.origin}/redirecting?{verification}"
    start(opened, address, mode="iframe", container="#place", allowedOrigin=service.url)
    frame = framed(opened, service.url)
    assert frame.evaluate("document.featurePolicy.allowsFeature('camera')")
    decline(frame)
    assert outcome_of(opened)[0] == "resolved"


def test_a_closed_popup_rejects(opened: Page, service: LiveService, verification: str) -> None:
    with opened.expect_popup() as popup:
        start(opened, service.link(verification), mode="popup")
    popup.value.close()
    assert outcome_of(opened) == ["rejected", "popup_closed"]


def test_a_blocked_popup_rejects(opened: Page, service: LiveService, verification: str) -> None:
    opened.evaluate("window.open = () => null")
    start(opened, service.link(verification), mode="popup")
    assert outcome_of(opened) == ["rejected", "popup_blocked"]


def test_a_removed_frame_and_an_abort_reject(opened: Page, service: LiveService, verification: str) -> None:
    link = service.link(verification)
    start(opened, link, mode="iframe", container="#place")
    opened.evaluate("document.querySelector('iframe').remove()")
    assert outcome_of(opened) == ["rejected", "aborted"]
    opened.evaluate(
        """(url) => {
          const abort = new AbortController();
          start({ url, mode: "iframe", container: "#place", signal: abort.signal });
          abort.abort();
        }""",
        link,
    )
    assert outcome_of(opened) == ["rejected", "aborted"]
    assert opened.locator("iframe").count() == 0


def test_a_message_from_a_wrong_origin_is_ignored(
    opened: Page, service: LiveService, shop: Site, stranger: Site, verification: str
) -> None:
    opened.evaluate(
        """(url) => new Promise((loaded) => {
          const other = document.createElement("iframe");
          other.onload = loaded;
          other.src = url;
          document.body.append(other);
        })""",
        stranger.origin,
    )
    other = opened.frames[1]
    start(opened, service.link(verification), mode="iframe", container="#place")
    frame = framed(opened, service.url)
    lie = f"{shop.origin}/back?reVerificationResult=passed"
    other.evaluate("(redirectedTo) => parent.postMessage({ redirectedTo }, '*')", lie)
    opened.evaluate("(redirectedTo) => postMessage({ redirectedTo }, '*')", lie)
    assert is_pending_after(opened, 2)
    decline(frame)
    kind, address = outcome_of(opened)
    assert (kind, address == lie) == ("resolved", False)


def test_a_message_from_another_window_of_the_service_is_ignored(
    opened: Page, service: LiveService, verification: str
) -> None:
    start(opened, service.link(verification), mode="iframe", container="#place")
    framed(opened, service.url)
    with opened.expect_popup() as popup:
        opened.evaluate("(url) => void window.open(url)", f"{service.url}/static/hosted/icon.svg")
    popup.value.wait_for_load_state()
    popup.value.evaluate("opener.postMessage({ redirectedTo: 'https://evil.example/' }, '*')")
    assert is_pending_after(opened, 1)


NO_ADDRESSES = [
    None,
    "https://evil.example/",
    {},
    {"redirectedTo": None},
    {"redirectedTo": ["https://evil.example/"]},
    {"redirectedTo": "javascript:alert(1)"},
    {"redirectedTo": "data:text/html,x"},
    {"redirectedTo": "//evil.example"},
]


def test_a_message_that_holds_no_web_address_is_ignored(
    opened: Page, service: LiveService, verification: str
) -> None:
    start(opened, service.link(verification), mode="iframe", container="#place")
    frame = framed(opened, service.url)
    frame.evaluate("(all) => all.forEach((message) => parent.postMessage(message, '*'))", NO_ADDRESSES)
    assert is_pending_after(opened, len(NO_ADDRESSES))


def test_a_frame_of_an_origin_that_is_not_listed_stays_empty(
    chromium: Browser, service: LiveService, shop: Site, neighbour: Site, verification: str
) -> None:
    page = neighbour.open(chromium)
    with page.expect_console_message(lambda line: f"frame-ancestors {shop.origin}" in line.text):
        start(page, service.link(verification), mode="iframe", container="#place")
    assert [frame for frame in page.frames[1:] if frame.url.startswith(service.url)] == []
    page.context.close()


def test_a_listed_site_inside_one_that_is_not_listed_cannot_frame_either(
    chromium: Browser, service: LiveService, shop: Site, neighbour: Site, verification: str
) -> None:
    inner = f"{shop.origin}/framing?{escape(service.link(verification))}"
    page = chromium.new_context().new_page()
    with page.expect_console_message(lambda line: f"frame-ancestors {shop.origin}" in line.text):
        page.goto(f"{neighbour.origin}/framing?{inner}")
    page.context.close()


def test_a_verification_that_names_no_origin_is_framed_by_nobody(opened: Page, service: LiveService) -> None:
    closed = service.publish(verifierConfigs={"liveness": {"type": "Verification"}})
    with opened.expect_console_message(lambda line: "frame-ancestors 'none'" in line.text):
        start(opened, service.link(closed), mode="iframe", container="#place")


def test_an_opener_that_is_not_listed_hears_nothing(
    chromium: Browser, service: LiveService, shop: Site, stranger: Site, verification: str
) -> None:
    page = stranger.open(chromium)
    with page.expect_popup() as popup:
        start(page, service.link(verification), mode="popup")
    decline(popup.value)
    way_on = popup.value.locator("#hand-back")
    expect(way_on).to_have_attribute("href", re.compile(re.escape(shop.origin)), timeout=WAIT_MS)
    assert page.evaluate("[heard.length, window.outcome]") == [0, None]
    page.context.close()


def test_a_popup_that_the_script_did_not_open_is_sent_back_as_any_page(
    opened: Page, service: LiveService, shop: Site, verification: str
) -> None:
    with opened.expect_popup() as popup:
        opened.evaluate("(url) => void window.open(url, 'checkout')", service.link(verification))
    decline(popup.value)
    popup.value.wait_for_url(f"{shop.origin}/back?**")


def test_the_camera_is_lent_to_the_service_and_only_by_the_script(
    opened: Page, service: LiveService, verification: str
) -> None:
    link, asks = service.link(verification), "document.featurePolicy.allowsFeature('camera')"
    start(opened, link, mode="iframe", container="#place")
    assert framed(opened, service.url).evaluate(asks)
    bare = "(src) => { place.replaceChildren(document.createElement('iframe')); place.firstChild.src = src; }"
    opened.evaluate(bare, service.link(verification))
    assert not framed(opened, service.url).evaluate(asks)


SENSELESS_CALLS = [
    {"url": "javascript:alert(1)"},
    {"url": "data:text/html,x", "mode": "popup"},
    {"allowedOrigin": "*"},
    {"allowedOrigin": "null"},
    {"allowedOrigin": ""},
    {"allowedOrigin": "https://verify.example/"},
    {"allowedOrigin": "https://verify.example,https://evil.example"},
    {"mode": "tab"},
    {"mode": "toString"},
    {"container": "#nowhere"},
]


def test_a_call_that_makes_no_sense_rejects_and_opens_nothing(opened: Page) -> None:
    usual = {"url": "https://verify.example/verification/x", "mode": "iframe", "container": "#place"}
    for call in SENSELESS_CALLS:
        start(opened, **usual | call)
        assert outcome_of(opened) == ["rejected", "TypeError"], call
    assert (opened.locator("iframe").count(), len(opened.context.pages)) == (0, 1)


@pytest.mark.parametrize(("path", "status"), [("embed/visavis.js", 200), ("hosted/main.js", None)])
def test_the_script_alone_may_be_read_by_every_site(
    opened: Page, service: LiveService, path: str, status: int | None
) -> None:
    fetch = "(url) => fetch(url).then((answer) => answer.status, () => null)"
    assert opened.evaluate(fetch, f"{service.url}/static/{path}") == status


def test_the_loader_for_bundlers_brings_the_same_script_once(opened: Page, service: LiveService) -> None:
    answer = opened.evaluate(
        """async (service) => {
          const { loadVisavis } = await import("/loader.js");
          delete window.Visavis;
          const [one, two] = await Promise.all([loadVisavis(service), loadVisavis(`${service}/path`)]);
          const lost = await loadVisavis("http://localhost:1").catch((error) => error.message);
          const scripts = document.querySelectorAll(`head script[src^="${service}"]`).length;
          return [one === two && one === window.Visavis, typeof one.open, scripts, lost];
        }""",
        service.url,
    )
    assert answer[:2] == [True, "function"]
    assert answer[2] == 1  # for both calls
    assert answer[3] == "http://localhost:1/static/embed/visavis.js could not be loaded"
