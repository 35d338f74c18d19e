"""Every route of the console for every role: what the role may not do is refused, whatever the route."""

import pytest
from flask import Flask
from webtest import TestApp
from werkzeug.routing import IntegerConverter, Rule

from app.console.accounts import sessions
from app.console.accounts.sessions import Stage
from app.console.cookies import SESSION
from app.console.roles import PERMISSIONS, Access, Permission, Role
from app.console.routing import rule_of
from app.runtime import Runtime
from tests.functional.console_desk import register, sit_down
from tests.service import new_browser

HALF_WAY = {
    Stage.SECOND_FACTOR: (Access.SECOND_FACTOR, "/console/second-factor"),
    Stage.ENROLMENT: (Access.ENROLMENT, "/console/enrolment"),
}
# Reads in spite of its method.
READS_BY_POST = {"console.check_configuration", "console.search_faces"}


def routes(app: Flask) -> list[tuple[str, str, Permission | Access, str]]:
    """Method, path, what it needs, and endpoint of every route; whatever a path names does not exist."""
    with app.app_context():
        return [
            (method, path_of(rule), rule_of(rule.endpoint).need, rule.endpoint)
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("console.")
            for method in sorted((rule.methods or set()) & {"GET", "POST"})
        ]


def path_of(rule: Rule) -> str:
    path = rule.rule
    for name, converter in rule._converters.items():
        value = "7" if isinstance(converter, IntegerConverter) else "nothing-like-this"
        path = path.replace(f"<int:{name}>", value).replace(f"<{name}>", value)
    return path


def call(browser: TestApp, method: str, path: str, token: str = "") -> tuple[int, str]:
    if method == "GET":
        answer = browser.get(path, status="*")
    else:
        answer = browser.post(path, {"form_token": token}, status="*")
    return answer.status_int, answer.headers.get("Location", "")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_it_may_and_nothing_else(runtime: Runtime, role: Role) -> None:
    desk = sit_down(runtime, role)
    token = desk.token()
    for method, path, need, endpoint in routes(desk.browser.app):
        if endpoint == "console.logout" or need in {Access.ENROLMENT, Access.SECOND_FACTOR}:
            continue
        status, location = call(desk.browser, method, path, token)
        assert status < 500, (method, path)
        if isinstance(need, Permission):
            assert (status == 403) == (need not in PERMISSIONS[role]), (method, path, status)
        assert "/console/login" not in location, (method, path)


def test_a_stranger_is_sent_to_the_login(browser: TestApp) -> None:
    page = browser.get("/console/login")
    token = page.html.find("input", {"name": "form_token"})["value"]
    for method, path, need, _ in routes(browser.app):
        status, location = call(browser, method, path, token)
        if need is Access.PUBLIC:
            assert status < 500, (method, path)
        else:
            assert (status, "/console/login" in location) == (303, True), (method, path)


@pytest.mark.parametrize("stage", list(HALF_WAY))
def test_whoever_is_half_signed_in_sees_one_page_only(runtime: Runtime, stage: Stage) -> None:
    account = register(runtime, protected=stage is Stage.SECOND_FACTOR)
    with runtime.database.transaction() as db:
        session = sessions.begin_session(db, account, stage, runtime.clock())
    browser = new_browser(runtime)
    browser.set_cookie(SESSION, session)
    own, page = HALF_WAY[stage]
    token = browser.get(page).html.find("input", {"name": "form_token"})["value"]
    for method, path, need, _ in routes(browser.app):
        if need not in {Access.PUBLIC, own}:
            assert call(browser, method, path, token) == (303, page), (method, path)


def test_without_the_form_token_nothing_is_changed(runtime: Runtime) -> None:
    desk = sit_down(runtime)
    for method, path, _, _ in routes(desk.browser.app):
        if method == "POST":
            assert call(desk.browser, method, path)[0] == 403, path


def test_a_viewer_changes_nothing(browser: TestApp) -> None:
    changing = {
        endpoint: need
        for method, _, need, endpoint in routes(browser.app)
        if method == "POST" and endpoint not in READS_BY_POST and isinstance(need, Permission)
    }
    assert changing
    assert {endpoint for endpoint, need in changing.items() if need in PERMISSIONS[Role.VIEWER]} == set()


def test_what_each_role_may_is_what_was_meant() -> None:
    read = {Permission.READ}
    assert {
        Role.OWNER: frozenset(Permission),
        Role.EDITOR: frozenset(read | {Permission.CONFIGURE}),
        Role.REVIEWER: frozenset(read | {Permission.REVIEW, Permission.ERASE}),
        Role.VIEWER: frozenset(read),
    } == PERMISSIONS
