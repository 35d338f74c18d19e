"""What the service adds for pages in a frame or popup, header by header."""

from dataclasses import replace

import pytest
from webtest import TestApp, TestResponse

from app.factory import create_app
from app.runtime import Runtime
from tests.functional.visit import Visit
from tests.service import RelyingSite

SHOP = "https://shop.example"


@pytest.fixture
def embedded(site: RelyingSite) -> str:
    return site.publish(securityConfig={"frameAncestors": [SHOP, "https://www.shop.example"]})


def decline(browser: TestApp, runtime: Runtime, link: str, query: str) -> TestResponse:
    visit = Visit.open(browser, runtime.clock, link)
    visit.consent(accepted=False)
    return browser.get(visit.page["urls"]["return"] + query)


def test_only_the_listed_origins_may_frame_the_page(
    site: RelyingSite, browser: TestApp, embedded: str
) -> None:
    page = browser.get(site.link(embedded)).follow()
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {SHOP} https://www.shop.example")
    assert "camera=(self)" in page.headers["Permissions-Policy"]
    assert "X-Frame-Options" not in page.headers


def test_nobody_may_frame_the_page_of_a_verification_that_lists_none(
    site: RelyingSite, browser: TestApp
) -> None:
    page = browser.get(site.link(site.publish())).follow()
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


def test_only_the_page_of_a_check_may_ask_for_the_camera(
    site: RelyingSite, browser: TestApp, runtime: Runtime, embedded: str
) -> None:
    ended = decline(browser, runtime, site.link(embedded), "?embedded=1")
    others = [ended, browser.get("/docs"), browser.get("/verification/none", status=404)]
    assert all("camera=()" in page.headers["Permissions-Policy"] for page in others)


def test_an_embedded_page_stays_and_names_the_result_and_who_may_hear_of_it(
    site: RelyingSite, browser: TestApp, runtime: Runtime, embedded: str
) -> None:
    page = decline(browser, runtime, site.link(embedded), "?embedded=1")
    root = page.html.html
    assert page.status_int == 200
    assert site.check(embedded, root["data-redirected-to"]).failed_reason == "consent_refused"
    assert root["data-origins"] == f"{SHOP} https://www.shop.example"
    assert page.html.find(id="hand-back")["target"] == "_top"
    assert page.headers["Content-Security-Policy"].endswith(f"{SHOP} https://www.shop.example")
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "?embedded=0", "?embedded=true"])
def test_any_other_page_is_sent_back(
    site: RelyingSite, browser: TestApp, runtime: Runtime, embedded: str, query: str
) -> None:
    assert decline(browser, runtime, site.link(embedded), query).status_int == 303


def test_where_no_origin_is_listed_nothing_is_handed_to_a_page(
    site: RelyingSite, browser: TestApp, runtime: Runtime
) -> None:
    assert decline(browser, runtime, site.link(site.publish()), "?embedded=1").status_int == 303


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("iframe", {"SameSite=None", "Partitioned"}), ("document", {"SameSite=Lax"}), (None, {"SameSite=Lax"})],
)
def test_the_cookie_of_a_frame_is_kept_apart_for_each_site(
    site: RelyingSite, runtime: Runtime, embedded: str, destination: str | None, expected: set[str]
) -> None:
    secure = replace(runtime, settings=replace(runtime.settings, public_url="https://verify.example"))
    browser = TestApp(create_app(secure), extra_environ={"HTTP_HOST": "verify.example"})
    headers = {"Sec-Fetch-Dest": destination} if destination else {}
    cookie = browser.get(site.link(embedded), headers=headers).headers["Set-Cookie"]
    flags = set(cookie.split("; ")[1:])
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/"} | expected <= flags
    assert len({flag for flag in flags if flag.startswith("SameSite")}) == 1
