"""Keys and secrets in the console: shown once, replaced, ended; the password is asked for again."""

import re

import pytest

from app import projects
from app.api import keys
from app.api.scopes import Scope
from app.console.roles import Role
from app.models import ApiKey, AuditEntry, SigningSecretRow, WebhookSecret
from app.runtime import Runtime
from tests.functional.console_desk import Desk, sit_down
from tests.service import FakeClock, RelyingSite


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.OWNER)


def entries(runtime: Runtime) -> str:
    with runtime.database.reading() as db:
        rows = db.query(AuditEntry).order_by(AuditEntry.number)
        return "\n".join(f"{row.action} {row.subject} {row.before} {row.after}" for row in rows)


def test_an_api_key_works_is_shown_once_and_is_not_in_the_log(
    desk: Desk, site: RelyingSite, runtime: Runtime, clock: FakeClock
) -> None:
    page = desk.send(
        "/console/keys/api", status=200, name="backend", days="30", **{"scope-sessions:read": "true"}
    )
    text = re.search(r"vvk_[0-9a-f]+_[A-Za-z0-9_-]+", page.text)[0]
    with runtime.database.reading() as db:
        caller = keys.caller_of_key(db, runtime.sealer, text, clock())
    assert (caller.project_id, caller.scopes) == (site.project_id, {Scope.SESSIONS_READ})
    assert text not in desk.open("/console/keys")
    assert f"api-key.create api-key/{caller.key_id}" in entries(runtime)
    assert text not in entries(runtime)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "backend", "days": "0"}, "days"),
        ({"name": "backend", "days": "soon"}, "days"),
        ({"name": "backend", "days": "9" * 40}, "days"),
        ({"name": "backend", "scope-sessions:read": ""}, "scope"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    desk: Desk, site: RelyingSite, runtime: Runtime, values: dict[str, str], field: str
) -> None:
    page = desk.send("/console/keys/api", status=422, **{"scope-sessions:read": "true", **values})
    assert page.html.select_one(f".notice.bad a[href='#field-{field}']")
    with runtime.database.reading() as db:
        assert db.query(ApiKey).count() == 0


def test_with_several_projects_one_has_to_be_chosen(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    other = RelyingSite.register(runtime, "another shop")
    form = {"name": "backend", "scope-signatures": "true"}
    page = desk.send("/console/keys/api", status=422, **form)
    assert page.html.select_one(".notice.bad a[href='#field-project']")
    desk.send("/console/keys/api", status=200, project=other.project_id, **form)
    with runtime.database.reading() as db:
        assert db.query(ApiKey).one().project_id == other.project_id


def test_a_key_is_replaced_and_revoked(
    desk: Desk, site: RelyingSite, runtime: Runtime, clock: FakeClock
) -> None:
    with runtime.database.transaction() as db:
        old, _ = keys.create_key(db, runtime.sealer, site.project_id, "backend", list(Scope), clock())
    assert "vvk_" in desk.send(f"/console/keys/api/{old.id}/rotate", status=200, grace="1")
    desk.send(f"/console/keys/api/{old.id}/rotate", status=422, grace="-1")
    desk.send(f"/console/keys/api/{old.id}/revoke", status=303)
    with runtime.database.reading() as db:
        assert db.get_one(ApiKey, old.id).revoked_at == clock()
        assert db.query(ApiKey).filter_by(revoked_at=None).count() == 1
    desk.send(f"/console/keys/api/{old.id}/revoke", status=404)


def test_signing_secrets_are_rotated_two_at_a_time(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    old = site.secret
    page = desk.send("/console/keys/signing", status=200, project=site.project_id)
    new = re.search(r"vvs_[A-Za-z0-9_-]+", page.text)[0]
    with runtime.database.reading() as db:
        keyring = projects.load_keyring(db, runtime.sealer, site.project_id)
        rows = {row.id: row for row in db.query(SigningSecretRow)}
    assert {secret.value for secret in keyring.secrets} == {old, new}
    third = desk.send("/console/keys/signing", status=422, project=site.project_id)
    assert third.html.select_one(".notice.bad a[href='#field-signingSecrets']")
    first, second = rows
    desk.send(f"/console/keys/signing/{first}/retire", status=303)
    desk.send(f"/console/keys/signing/{second}/retire", status=422)
    desk.send(f"/console/keys/signing/{first}/retire", status=404)
    assert not [value for value in (old, new) if value in entries(runtime)]


def test_webhook_secrets_are_rotated_two_at_a_time(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    verification = site.publish(webhookConfig={"eventCallbackUrl": "https://shop.example/in"})
    assert "https://shop.example/in" in desk.open("/console/keys")
    for _ in range(2):
        assert "whsec_" in desk.send(f"/console/keys/webhook/{verification}", status=200)
    desk.send(f"/console/keys/webhook/{verification}", status=422)
    with runtime.database.reading() as db:
        first, second = (row.id for row in db.query(WebhookSecret))
    desk.send(f"/console/keys/webhook-secrets/{first}/retire", status=303)
    desk.send(f"/console/keys/webhook-secrets/{second}/retire", status=422)
    assert "whsec_" not in entries(runtime)


def test_the_password_is_asked_for_again_after_a_while(
    desk: Desk, site: RelyingSite, runtime: Runtime, clock: FakeClock
) -> None:
    clock.pass_seconds(601)
    answer = desk.send("/console/keys/signing", status=303, project=site.project_id)
    assert "/console/confirm" in answer.headers["Location"]
    with runtime.database.reading() as db:
        assert db.query(SigningSecretRow).count() == 1


@pytest.mark.parametrize("path", ["/console/keys/api", "/console/keys/signing"])
def test_a_form_from_elsewhere_is_refused(desk: Desk, site: RelyingSite, path: str) -> None:
    desk.browser.post(path, {"name": "x", "project": site.project_id}, status=403)
    desk.browser.post(path, {"form_token": "0" * 64, "project": site.project_id}, status=403)
