"""Who may call the API: keys, tokens, scopes."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.api import keys
from app.api.scopes import Scope
from app.models import ApiKey, VerificationSession
from app.runtime import Runtime
from tests.functional.api_backend import Backend, problem
from tests.functional.test_commands import Run, run
from tests.service import RelyingSite, new_browser

NOW = "/v1/datetime/utc-now"
TOKEN = "/v1/token/get"
ALL = "/v1/verification/get-all"

__all__ = ["run"]


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


def bearer(backend: Backend, **query: object) -> Backend:
    """The same backend, calling with a token instead of its key."""
    token = backend.get(TOKEN, **query).json["token"]
    return Backend(backend.runtime, token, backend.app, "Bearer")


def test_a_key_opens_the_api_and_remembers_its_last_use(backend: Backend) -> None:
    assert backend.get(NOW).json == {"utcNow": "2026-09-21T14:13:20.0000000Z"}
    with backend.runtime.database.reading() as db:
        assert db.scalar(select(ApiKey.last_used_at)) == backend.runtime.clock()


def test_only_a_keyed_hash_of_the_key_is_stored(backend: Backend) -> None:
    with backend.runtime.database.reading() as db:
        row = db.scalars(select(ApiKey)).one()
    secret = backend.key.split("_", 2)[2]
    assert secret not in json.dumps([row.id, row.secret_hash, row.name])
    assert len(row.secret_hash) == 64


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic dTpw",
        "ApiKey",
        "ApiKey vvk_",
        "ApiKey nonsense",
        "ApiKey vvk_0000000000000000_AAAA",
        "Bearer x.y.z",
        "Bearer \xff",
    ],
)
def test_without_a_good_key_or_token_the_answer_is_401(backend: Backend, authorization: str) -> None:
    response = backend.call("GET", NOW, headers={"Authorization": authorization})
    assert problem(response)[:2] == (401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "ApiKey, Bearer"


def test_the_id_of_a_key_with_another_secret_is_refused(backend: Backend) -> None:
    changed = backend.key[:-1] + ("A" if backend.key[-1] != "A" else "B")
    response = backend.call("GET", NOW, headers={"Authorization": f"ApiKey {changed}"})
    assert problem(response)[0] == 401


def test_an_expired_or_revoked_key_is_refused(site: RelyingSite) -> None:
    backend = Backend.of(site, expires_at=site.runtime.clock() + 10)
    assert backend.get(NOW).status_int == 200
    backend.runtime.clock.pass_seconds(10)
    assert problem(backend.get(NOW))[0] == 401
    other = Backend.of(site)
    with site.runtime.database.transaction() as db:
        keys.revoke_key(db, other.key.split("_")[1], site.runtime.clock())
    assert problem(other.get(NOW))[0] == 401


def test_a_rotated_key_goes_on_for_its_grace(backend: Backend) -> None:
    parts = backend.runtime
    with parts.database.transaction() as db:
        _, text = keys.rotate_key(db, parts.sealer, backend.key.split("_")[1], parts.clock(), 60)
    assert backend.get(ALL).status_int == Backend(parts, text, backend.app).get(ALL).status_int == 200
    parts.clock.pass_seconds(60)
    assert problem(backend.get(ALL))[0] == 401
    assert Backend(parts, text, backend.app).get(ALL).status_int == 200


def test_a_key_may_only_do_what_it_was_made_for(site: RelyingSite) -> None:
    reader = Backend.of(site, Scope.VERIFICATIONS_READ)
    assert reader.get(ALL).status_int == 200
    refused = reader.post("/v1/verification/create", {"name": "x"})
    assert problem(refused)[:2] == (403, "insufficient-scope")
    assert "verifications:write" in refused.json["detail"]


def test_a_secret_key_from_a_web_page_is_refused_with_an_explanation(backend: Backend) -> None:
    response = backend.call("GET", NOW, headers={"Origin": "https://shop.example"})
    assert problem(response)[:2] == (403, "browser-origin-refused")
    assert "/v1/token/get" in response.json["detail"]


def test_a_token_stands_in_for_the_key_for_fifteen_minutes(backend: Backend) -> None:
    answer = backend.get(TOKEN).json
    assert answer["expirationUtcTime"] == answer["expiresAt"] == "2026-09-21T14:28:20Z"
    holder = bearer(backend)
    assert holder.call("GET", ALL, headers={"Origin": "https://shop.example"}).status_int == 200
    backend.runtime.clock.pass_seconds(900)
    assert holder.get(ALL).status_int == 200
    backend.runtime.clock.pass_seconds(1)
    late = holder.get(ALL)
    assert problem(late)[0] == 401
    assert "expired" in late.json["detail"]


def test_a_token_lives_as_long_as_it_was_asked_to(backend: Backend) -> None:
    holder = bearer(backend, expirationInSeconds=60)
    backend.runtime.clock.pass_seconds(61)
    assert problem(holder.get(ALL))[0] == 401
    assert problem(backend.get(TOKEN, expirationInSeconds=59)) == (400, "bad-input", "expirationInSeconds")
    assert problem(backend.get(TOKEN, expirationInSeconds=3601))[2] == "expirationInSeconds"


def test_a_token_has_no_more_scopes_than_were_asked_for_or_its_key_has(site: RelyingSite) -> None:
    backend = Backend.of(site, Scope.VERIFICATIONS_READ, Scope.SESSIONS_READ)
    holder = bearer(backend, scopes="sessions:read")
    assert holder.get("/v1/verification/sessions").status_int == 200
    assert problem(holder.get(ALL))[1] == "insufficient-scope"
    refused = backend.get(TOKEN, scopes="faces:read")
    assert problem(refused)[:2] == (403, "insufficient-scope")
    assert problem(backend.get(TOKEN, scopes="cake")) == (400, "bad-input", "scopes")


def test_a_token_cannot_prolong_its_own_life(backend: Backend) -> None:
    assert problem(bearer(backend).get(TOKEN))[:2] == (403, "insufficient-scope")


def test_a_token_ends_with_its_key(backend: Backend) -> None:
    holder = bearer(backend)
    with backend.runtime.database.transaction() as db:
        keys.revoke_key(db, backend.key.split("_")[1], backend.runtime.clock())
    assert problem(holder.get(ALL))[0] == 401


def test_another_projects_key_sees_nothing_of_this_one(runtime: Runtime, site: RelyingSite) -> None:
    alice = Backend.of(site)
    verification = site.publish()
    session = alice.post("/v1/verification/create-session", {"verificationId": verification}).json
    mallory = Backend.of(RelyingSite.register(runtime, "mallory"))
    for response in (
        mallory.get("/v1/verification/get", verificationId=verification),
        mallory.post("/v1/verification/delete", {"verificationId": verification}),
        mallory.post("/v1/verification/create-session", {"verificationId": verification}),
        mallory.get(
            "/v1/verification/get-session-result", verificationSessionId=session["verificationSessionId"]
        ),
        mallory.post(
            "/v1/verification/redact-session", {"verificationSessionId": session["verificationSessionId"]}
        ),
    ):
        assert problem(response)[:2] == (404, "not-found")
    assert mallory.get("/v1/verification/sessions").json["sessions"] == []
    with runtime.database.reading() as db:
        assert db.scalars(select(VerificationSession.state)).all() == ["created"]


def test_calls_are_counted_per_key(runtime: Runtime, site: RelyingSite) -> None:
    limited = replace(runtime, settings=replace(runtime.settings, rate_limit_api="2 per hour"))
    backend = Backend.of(site)
    backend.app = new_browser(limited)
    first = backend.get(NOW)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert 3500 <= int(first.headers["RateLimit-Reset"]) <= 3601
    backend.get(ALL)
    over = backend.get(NOW)
    assert problem(over)[:2] == (429, "rate-limited")
    assert over.headers["RateLimit-Remaining"] == "0"
    assert int(over.headers["Retry-After"]) > 0
    other = Backend.of(site)
    other.app = backend.app
    assert other.get(NOW).status_int == 200


def test_the_command_line_makes_lists_rotates_and_revokes_keys(run: Run) -> None:
    made = run(
        "api-keys", "create", "shop", "--scope", "sessions:read", "--scope", "signatures", "--expires", "30"
    )
    assert made.exit_code == 0, made.output
    lines = dict(line.split(maxsplit=1) for line in made.output.splitlines()[:3])
    assert lines["key"].startswith(f"vvk_{lines['id']}_")
    listed = run("api-keys", "list").output
    assert lines["id"] in listed
    assert "live" in listed
    assert lines["key"].rsplit("_", 1)[1] not in listed
    assert run("api-keys", "rotate", lines["id"], "--grace", "0").exit_code == 0
    everything = run("api-keys", "create", "all", "--scope", "all").output
    assert "faces:write" in everything
    key_id = everything.splitlines()[0].split()[1]
    assert "revoked" in run("api-keys", "revoke", key_id).output
    assert "revoked" in run("api-keys", "list").output
    again = run("api-keys", "revoke", key_id)
    assert again.exit_code == 1
    assert again.output.strip() == f"Error: no live API key {key_id}"
    assert run("api-keys", "create", "none").exit_code == 2
