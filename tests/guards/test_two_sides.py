"""The console and the hosted page have nothing in common that one could use to get from one to the other."""

import re
from http.cookies import SimpleCookie

import pytest
from webtest import TestApp

from app.console.cookies import FORM, SESSION
from app.factory import ROOT, create_app
from app.runtime import Runtime
from tests.functional.console_desk import sit_down
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite, new_browser

TEMPLATES = ROOT / "templates"
USED = re.compile(r'{%-?\s*(?:extends|include|import|from)\s+"([^"]+)"')
CONSOLE_COOKIES = {SESSION, FORM}


@pytest.mark.parametrize("side", ["console", "hosted"])
def test_templates_use_those_of_their_own_side_alone(side: str) -> None:
    files = list((TEMPLATES / side).glob("*.html"))
    used = {name for file in files for name in USED.findall(file.read_text(encoding="utf-8"))}
    assert used
    assert {name for name in used if not name.startswith(f"{side}/")} == set()


@pytest.mark.parametrize(("side", "other"), [("console", "hosted"), ("hosted", "console")])
def test_pages_load_files_of_their_own_side_alone(side: str, other: str) -> None:
    files = [*(TEMPLATES / side).glob("*.html"), *(ROOT / "static" / side).glob("*.[cj]s")]
    assert [file.name for file in files if f"{other}/" in file.read_text(encoding="utf-8")] == []


def test_console_routes_are_one_blueprint_and_the_hosted_ones_are_others(runtime: Runtime) -> None:
    app = create_app(runtime)
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if view.__module__.startswith(("app.console", "app.hosted")):
            sides[view.__module__.startswith("app.console")].add(rule.endpoint.partition(".")[0])
    assert sides[True] == {"console"}
    assert sides[False]
    assert not sides[True] & sides[False]


def test_they_share_no_cookie(runtime: Runtime, site: RelyingSite, clock: FakeClock) -> None:
    person = Visit.open(new_browser(runtime), clock, site.link(site.publish())).browser
    stranger = new_browser(runtime)
    stranger.get("/console/login")
    assert names_of(stranger) <= CONSOLE_COOKIES
    assert names_of(stranger)
    assert names_of(person)
    assert not names_of(person) & CONSOLE_COOKIES


def test_the_cookie_of_one_side_opens_nothing_on_the_other(runtime: Runtime, site: RelyingSite) -> None:
    person, desk = new_browser(runtime), sit_down(runtime)
    page = person.get(site.link(site.publish())).follow().request.path
    assert person.get(page).status_int == 200
    assert desk.browser.get(page, status="*").status_int == 403
    assert "/console/login" in person.get("/console/configurations", status=303).location


def test_an_address_that_is_no_page_is_answered_by_its_own_side(runtime: Runtime) -> None:
    desk = sit_down(runtime)
    missing = desk.open("/console/faces/nothing", status=404)
    assert "/console/console.css" in missing
    assert "hosted/" not in missing
    assert "/console/login" in new_browser(runtime).get("/console/nothing/at/all", status=303).location


def test_an_operator_who_tries_a_link_gets_no_cookie_of_the_console_anew(
    runtime: Runtime, site: RelyingSite
) -> None:
    desk = sit_down(runtime)
    answer = desk.browser.get(site.link(site.publish()))
    given = [name for line in answer.headers.getall("Set-Cookie") for name in SimpleCookie(line)]
    assert given
    assert not set(given) & CONSOLE_COOKIES


def names_of(browser: TestApp) -> set[str]:
    """Cookies that a browser holds, without the prefix that https adds."""
    return {name.removeprefix("__Host-") for name in browser.cookies}
