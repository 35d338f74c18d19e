"""What the console shows each role: every link opens, and no form is offered that would be refused."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from app.console.roles import PERMISSIONS, Permission, Role
from app.console.routing import rule_of
from app.runtime import Runtime
from tests.browser.console_house import furnish
from tests.functional.console_desk import Desk, sit_down
from tests.functional.console_forms import follow_links, forms_on
from tests.functional.review_scenes import ReviewScene, face
from tests.service import PUBLIC_URL, RelyingSite

# How many views each role comes to by links alone, at least.
VIEWS = {Role.OWNER: 22, Role.EDITOR: 18, Role.REVIEWER: 14, Role.VIEWER: 13}
# Which of these a role is offered somewhere.
DEEDS = {
    "console.publish_configuration": {Role.OWNER, Role.EDITOR},
    "console.save_look": {Role.OWNER, Role.EDITOR},
    "console.decide_review": {Role.OWNER, Role.REVIEWER},
    "console.redact_session": {Role.OWNER, Role.REVIEWER},
    "console.create_signing_secret": {Role.OWNER},
    "console.change_operator_role": {Role.OWNER},
}


@pytest.fixture
def busy(runtime: Runtime) -> Runtime:
    """A service with something on every page."""
    furnish(runtime, PUBLIC_URL)
    scene = ReviewScene(RelyingSite.register(runtime))
    scene.enrol(face(1), "alice")
    scene.visit(face(1, 0.9))
    scene.block(face(2))
    return runtime


def offered(desk: Desk) -> Iterator[tuple[str, str]]:
    """Yield page and endpoint of every form; whatever a link leads to must open."""
    router = desk.browser.app.url_map.bind("localhost")
    for path, page in follow_links(desk.browser, ["/console", "/console/account", "/console/configurations"]):
        for form in forms_on(path, page):
            yield path, router.match(urlsplit(form.action).path, method=form.method.upper())[0]


@pytest.mark.parametrize("role", list(Role))
def test_no_role_is_offered_what_it_would_be_refused(busy: Runtime, role: Role) -> None:
    desk = sit_down(busy, role)
    forms = set(offered(desk))
    with desk.browser.app.app_context():
        needs = {(path, endpoint): rule_of(endpoint).need for path, endpoint in forms}
    wrong = {
        form: need
        for form, need in needs.items()
        if isinstance(need, Permission) and need not in PERMISSIONS[role]
    }
    assert wrong == {}
    assert len({path for path, _ in forms}) >= VIEWS[role]


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_offered_what_is_its_work(busy: Runtime, role: Role) -> None:
    endpoints = {endpoint for _, endpoint in offered(sit_down(busy, role))}
    assert {deed for deed in DEEDS if deed in endpoints} == {
        deed for deed, roles in DEEDS.items() if role in roles
    }
