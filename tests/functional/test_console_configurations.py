"""Configurations in the console: templates, editing, publishing, versions, links to try."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from webtest import TestResponse

from app.console.configurations.settings_form import all_settings, document_of, form_of
from app.console.configurations.snippets import snippets
from app.console.configurations.starting_points import STARTING_POINTS, StartingPoint
from app.console.roles import Role
from app.models import ConfigurationDraft, VerificationVersion
from app.runtime import Runtime
from app.verifications.configuration import read_configuration, write_configuration
from app.verifications.store import load_current
from tests.databases import on_both_databases
from tests.functional.console_desk import Desk, sit_down
from tests.service import PUBLIC_URL, RelyingSite, new_browser

ID = "5f0c2a52-8c1e-4b7e-9d3a-6a1f0e7b9c11"


@pytest.fixture
def editor(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.EDITOR)


@pytest.fixture
def published(site: RelyingSite) -> str:
    return site.publish()


def path(verification_id: str, page: str = "") -> str:
    return f"/console/configurations/{verification_id}" + (f"/{page}" if page else "")


def fields_of(page: TestResponse) -> dict[str, str]:
    """What a browser would send of the settings form, as it stands on the page."""
    form = page.forms["settings"]
    return {name: value for name, value in form.submit_fields() if name != "form_token"}


def save(desk: Desk, verification_id: str, status: int = 303, **changes: str) -> TestResponse:
    sent = fields_of(desk.open(path(verification_id, "edit"))) | changes
    return desk.send(path(verification_id, "edit"), status=status, **sent)


def publish(desk: Desk, verification_id: str, status: int = 303) -> TestResponse:
    page = desk.open(path(verification_id, "publish"))
    sent = {name: page.html.find("input", {"name": name})["value"] for name in ("revision", "version")}
    return desk.send(path(verification_id, "publish"), status=status, **sent)


def current(runtime: Runtime, verification_id: str) -> dict[str, Any]:
    with runtime.database.reading() as db:
        configuration = load_current(db, verification_id).configuration
    document: dict[str, Any] = json.loads(write_configuration(configuration))
    return document


@pytest.mark.parametrize("point", STARTING_POINTS, ids=lambda point: point.key)
def test_every_template_becomes_a_published_configuration(
    runtime: Runtime, editor: Desk, point: StartingPoint
) -> None:
    page = editor.send("/console/configurations/new", status=303, template=point.key).follow()
    verification_id = page.request.path.split("/")[3]
    assert publish(editor, verification_id).follow().html.h1.text == point.title
    assert current(runtime, verification_id)["name"] == point.title


def test_what_the_form_shows_is_what_it_saves(editor: Desk, published: str) -> None:
    answer = save(editor, published)
    assert "draft-saved" in answer.location
    assert editor.open(path(published, "publish")).html.find(class_="empty")


def test_a_change_in_the_form_waits_as_a_draft_until_it_is_published(
    runtime: Runtime, editor: Desk, published: str
) -> None:
    save(editor, published, **{"securityConfig.maxAttempts": "5", "name": "Harbour check"})
    assert current(runtime, published)["name"] == "Face check"
    publish(editor, published)
    after = current(runtime, published)
    assert (after["name"], after["securityConfig"]["maxAttempts"]) == ("Harbour check", 5)
    with runtime.database.reading() as db:
        assert db.get(ConfigurationDraft, published) is None


def test_errors_stand_at_their_fields_and_nothing_is_saved(
    runtime: Runtime, editor: Desk, published: str
) -> None:
    wrong = {"securityConfig.maxAttempts": "many", "redirectConfig.passedUrl": "http://shop.example/"}
    page = save(editor, published, 422, **wrong)
    for name, value in wrong.items():
        field = page.html.find(attrs={"name": name})
        assert field["value"] == value
        assert page.html.find(id=f"{field['id']}-error").text
        assert f"{field['id']}-error" in field["aria-describedby"]
    with runtime.database.reading() as db:
        assert db.get(ConfigurationDraft, published) is None


def test_a_configuration_that_checks_nothing_is_refused(editor: Desk, published: str) -> None:
    page = save(editor, published, 422, **{"verifierConfigs.liveness.type": "Disabled"})
    assert "at least one verifier must be on" in page.html.find(attrs={"data-problems": True}).text


def test_json_is_saved_as_it_is_and_its_errors_name_the_line(editor: Desk, published: str) -> None:
    text = editor.open(path(published, "json")).html.find("textarea").text.strip()
    broken = text.replace('"maxAttempts": 3', '"maxAttempts": 30')
    line = broken[: broken.index('"maxAttempts"')].count("\n") + 1
    page = editor.send(path(published, "json"), status=422, document=broken, revision="0")
    assert f"Line {line} securityConfig.maxAttempts" in page.html.find(id="document-problems").text
    page = editor.send(path(published, "json"), status=422, document=text[:-2], revision="0")
    assert "line" in page.html.find(id="document-problems").text
    good = text.replace('"maxAttempts": 3', '"maxAttempts": 4')
    editor.send(path(published, "json"), status=303, document=good, revision="0")
    assert editor.open(path(published, "json")).html.find("textarea").text.strip() == good


def test_an_unknown_name_in_json_is_refused_by_name(editor: Desk, published: str) -> None:
    document = json.dumps({"name": "x", "verifierConfigs": {"age": {"type": "CalculationOnly", "limit": 3}}})
    page = editor.send(path(published, "json"), status=422, document=document, revision="0")
    assert "verifierConfigs.age.limit is not a known field" in page.html.find(id="document-problems").text


def test_what_is_typed_is_checked_without_being_saved(runtime: Runtime, editor: Desk, published: str) -> None:
    sent = fields_of(editor.open(path(published, "edit")))
    changes = {
        "verifierConfigs.faceRecognition.type": "UniqueMatchVerification",
        "verifierConfigs.faceRecognition.falseMatchRate": "1000000",
        "verifierConfigs.age.type": "ThresholdVerification",
        "verifierConfigs.age.buffer": "3",
    }
    answer = editor.send(path(published, "check"), **(sent | changes)).json
    assert "1 in 1,000,000 pairs of strangers" in answer["meaning"]
    assert "Estimates of 21 and more pass; between 18 and 21 they fail as uncertain" in answer["meaning"]
    assert json.loads(answer["text"])["verifierConfigs"]["faceRecognition"]["falseMatchRate"] == 1e-6
    wrong = editor.send(path(published, "check"), **(sent | {"verifierConfigs.age.threshold": "200"})).json
    assert [problem["field"] for problem in wrong["problems"]] == ["verifierConfigs.age.threshold"]
    with runtime.database.reading() as db:
        assert db.get(ConfigurationDraft, published) is None


@on_both_databases
def test_the_second_of_two_editors_is_told(runtime: Runtime, editor: Desk, published: str) -> None:
    ben = sit_down(runtime, Role.EDITOR, "ben@shop.example")
    opened = fields_of(ben.open(path(published, "edit")))
    save(editor, published, description="Anna was here")
    mine = opened | {"name": "Ben was here"}
    page = ben.send(path(published, "edit"), status=409, **mine)
    assert "editor@shop.example changed this" in page.text
    assert page.html.find(attrs={"name": "name"})["value"] == "Ben was here"
    assert "Anna was here" in page.html.find("table", class_="differences").text
    # Knowing that, he may save over it.
    ben.send(path(published, "edit"), status=303, **fields_of(page))
    assert ben.open(path(published, "edit")).html.find(attrs={"name": "name"})["value"] == "Ben was here"


@on_both_databases
def test_publishing_what_one_has_not_seen_is_refused(runtime: Runtime, editor: Desk, published: str) -> None:
    ben = sit_down(runtime, Role.EDITOR, "ben@shop.example")
    save(editor, published, description="one")
    page = ben.open(path(published, "publish"))
    seen = {name: page.html.find("input", {"name": name})["value"] for name in ("revision", "version")}
    save(editor, published, description="two")
    assert "changed this" in ben.send(path(published, "publish"), status=409, **seen)
    publish(editor, published)
    save(editor, published, description="three")
    assert ben.send(path(published, "publish"), status=409, **seen)


def test_a_running_session_never_notices_a_published_change(
    runtime: Runtime, site: RelyingSite, editor: Desk, published: str
) -> None:
    visitor = new_browser(runtime)
    session = visitor.get(site.link(published, external_id="a")).location
    before = visitor.get(session).html.find(id="page-data")
    changes = {
        "verifierConfigs.liveness.challengeType": "Basic",
        "experienceConfig.theme.brandName": "Somebody Else",
    }
    save(editor, published, **changes)
    publish(editor, published)
    assert visitor.get(session).html.find(id="page-data") == before
    after = new_browser(runtime)
    assert "Somebody Else" in after.get(after.get(site.link(published, external_id="b")).location)


@on_both_databases
def test_going_back_restores_byte_for_byte(runtime: Runtime, editor: Desk, published: str) -> None:
    with runtime.database.transaction() as db:
        first = db.query(VerificationVersion).filter_by(verification_id=published).one()
        # As an older release may have written it: without what came later, and in another order.
        document = {
            "name": "Old  check",
            "id": published,
            "verifierConfigs": {"age": {"type": "CalculationOnly"}},
        }
        first.document = old = json.dumps(document, indent=1)
    save(editor, published, **{"name": "New check", "retentionConfig.sessionDays": "7"})
    publish(editor, published)
    listed = editor.open(path(published, "versions"))
    assert "Sessions, days" in listed.html.find("table", class_="differences").text
    editor.send(path(published, "versions/1/restore"), status=303)
    with runtime.database.reading() as db:
        rows = db.query(VerificationVersion).filter_by(verification_id=published)
        documents = {row.number: row.document for row in rows}
        assert load_current(db, published).number == 3
    assert documents[3] == documents[1] == old
    assert json.loads(documents[2])["name"] == "New check"


def test_the_link_to_try_opens_a_session_once(runtime: Runtime, editor: Desk, published: str) -> None:
    page = editor.open(path(published, "try"), params={"externalId": "käthe & co"})
    link = page.html.find(id="open-link")["href"]
    assert page.html.find(class_="qr").svg
    visitor = new_browser(runtime)
    visitor.get(link.removeprefix(PUBLIC_URL), status=303)
    again = editor.open(path(published, "try")).html.find(id="open-link")["href"]
    assert again != link


def test_a_draft_that_was_never_published_cannot_be_tried(editor: Desk) -> None:
    made = editor.send("/console/configurations/new", template="everything", name="Later").location
    page = editor.open(made.replace("/edit", "/try"), status=200)
    assert "Publish it first" in page
    editor.send(made.replace("/edit", "/discard"), status=303)
    editor.open(made, status=404)


def test_the_code_to_copy_names_this_verification_in_five_languages(editor: Desk, published: str) -> None:
    page = editor.open(path(published, "integrate"))
    blocks = [block.text for block in page.html.find_all("pre")]
    assert len(blocks) == 5
    assert all(published in block and PUBLIC_URL in block for block in blocks)
    assert blocks == [snippet.code for snippet in snippets(published, PUBLIC_URL)]


def test_deleting_refuses_links_from_then_on(runtime: Runtime, site: RelyingSite, published: str) -> None:
    owner = sit_down(runtime)
    link = site.link(published, external_id="a")
    owner.send(path(published, "delete"), status=303)
    new_browser(runtime).get(link, status=404)
    owner.open(path(published), status=404)
    assert "Face check" not in owner.open("/console/configurations")


def leaves(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_the_form_has_every_setting_and_explains_it() -> None:
    whole = {"id": ID, "name": "x", "verifierConfigs": {"age": {"type": "CalculationOnly"}}}
    document = json.loads(write_configuration(read_configuration(whole)))
    assert {setting.path for setting in all_settings()} == set(leaves(document)) - {"id"}
    assert [setting.path for setting in all_settings() if not setting.sentence] == []


@pytest.mark.parametrize("rate", [1e-2, 1e-5, 3e-6, 7.3e-4, 1e-6])
def test_a_form_that_nobody_touches_changes_nothing(rate: float) -> None:
    whole = {
        "id": ID,
        "name": "  spaces within  are kept",
        "description": "two\nlines",
        "verifierConfigs": {"faceRecognition": {"type": "MatchVerification", "falseMatchRate": rate}},
        "securityConfig": {"allowedCountries": ["DE", "AT"]},
        "webhookConfig": {"events": ["VerificationReview", "VerificationCompleted"]},
        "retentionConfig": {"faceDays": 90},
    }
    document = json.loads(write_configuration(read_configuration(whole)))
    document["webhookConfig"]["events"].sort()
    again = document_of(form_of(document), ID)
    again["webhookConfig"]["events"].sort()
    assert json.loads(write_configuration(read_configuration(again))) == document
