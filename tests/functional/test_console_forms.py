"""Every form of the console, filled in with what is too long or makes no sense: said, and nothing saved."""

from collections.abc import Iterator

import pytest
from webtest import TestResponse

from app.runtime import Runtime
from tests.browser.console_house import furnish
from tests.databases import on_both_databases
from tests.functional.console_desk import PASSWORD, Desk, sit_down
from tests.functional.console_forms import (
    NONSENSE,
    TOO_LONG,
    FoundForm,
    fingerprint,
    follow_links,
    forms_on,
    is_told_above,
    is_told_at,
)
from tests.functional.review_scenes import ReviewScene, face
from tests.service import PUBLIC_URL, RelyingSite

# What somebody would type who wants to get past the other fields of a form.
RIGHT = {
    "old": PASSWORD,
    "password": "six calm otters cross the bay",
    "reason": "looked at it",
    "note": "why",
}
# Only for what the preview shows; whatever they are, it shows its first page in English.
NEVER_SAVED = {"locale", "step"}
# Nobody of that name has done anything: an answer like any other.
FREE = {"actor", "subject"}
# Numbers of what one has seen: when they are wrong, somebody was faster, and the page says who.
SEEN = {"revision", "version"}
PREVIEW = "/look/preview"


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    furnish(runtime, PUBLIC_URL)
    scene = ReviewScene(RelyingSite.register(runtime))
    scene.enrol(face(1), "alice")
    scene.visit(face(1, 0.9))
    scene.block(face(2))
    return sit_down(runtime)


def every_form(desk: Desk) -> list[FoundForm]:
    pages = follow_links(desk.browser, ["/console/configurations", "/console/account", "/console/reviews"])
    found = [form for path, page in pages for form in forms_on(path, page)]
    return list({(form.action.partition("?")[0], form.typed): form for form in found}.values())


def attempts(forms: list[FoundForm]) -> Iterator[tuple[FoundForm, str, str]]:
    """Yield every form with one of its fields filled in wrongly."""
    for form in forms:
        for name in form.typed:
            yield from ((form, name, wrong) for wrong in (TOO_LONG, "\0"))
        for name in set(form.chosen) - NEVER_SAVED:
            wrongs = (TOO_LONG, "\0") if name in FREE else (TOO_LONG, "\0", NONSENSE)
            yield from ((form, name, wrong) for wrong in wrongs)


def send(desk: Desk, form: FoundForm, name: str, wrong: str) -> TestResponse:
    values = form.values | {each: text for each, text in RIGHT.items() if each in form.typed} | {name: wrong}
    if form.method == "get":
        return desk.browser.get(form.action, values, status="*")
    return desk.browser.post(form.action, values, status="*")


def is_refused(answer: TestResponse, form: FoundForm, name: str) -> bool:
    """Tell whether the answer says what is wrong, where it is wrong."""
    if form.action.endswith(PREVIEW):
        return answer.status_int == 422 or name in SEEN
    if name in SEEN:
        return answer.status_int in {409, 422} and answer.html.select_one(".notice") is not None
    told = is_told_at(answer.html, name) or (name in form.chosen and is_told_above(answer.html, name))
    return answer.status_int == 422 and told


@on_both_databases
def test_what_is_too_long_or_makes_no_sense_is_told_at_its_field_and_nothing_is_saved(
    desk: Desk, runtime: Runtime
) -> None:
    forms, before = every_form(desk), fingerprint(runtime)
    assert sum(len(form.typed) + len(form.chosen) for form in forms) > 100
    let_through = [
        (form.action, name, wrong[:9], answer.status_int)
        for form, name, wrong in attempts(forms)
        if not is_refused(answer := send(desk, form, name, wrong), form, name)
    ]
    assert let_through == []
    assert fingerprint(runtime) == before


@on_both_databases
def test_without_its_token_no_form_is_taken(desk: Desk, runtime: Runtime) -> None:
    forms, before = [form for form in every_form(desk) if form.method == "post"], fingerprint(runtime)
    assert len(forms) > 20
    for token in ("", "0" * 64):
        answers = [
            desk.browser.post(form.action, form.values | {"form_token": token}, status="*") for form in forms
        ]
        assert {answer.status_int for answer in answers} == {403}
    assert fingerprint(runtime) == before
