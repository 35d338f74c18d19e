"""A repeated POST is done once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from app.models import IdempotentRequest, VerificationSession
from tests.databases import on_both_databases
from tests.functional.api_backend import Backend, problem
from tests.service import RelyingSite, new_browser

CREATE = "/v1/verification/create-session"


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


@pytest.fixture
def wish(site: RelyingSite) -> dict[str, str]:
    return {"verificationId": site.publish()}


def sessions(backend: Backend) -> int:
    with backend.runtime.database.reading() as db:
        return len(db.scalars(select(VerificationSession.id)).all())


@on_both_databases
def test_the_first_answer_comes_back(backend: Backend, wish: dict[str, str]) -> None:
    first = backend.post(CREATE, wish, Idempotency_Key="k1")
    again = backend.post(CREATE, wish, Idempotency_Key="k1")
    assert again.json == first.json
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert sessions(backend) == 1
    assert backend.post(CREATE, wish, Idempotency_Key="k2").json != first.json


def test_the_same_key_with_another_body_is_refused(backend: Backend, wish: dict[str, str]) -> None:
    backend.post(CREATE, wish, Idempotency_Key="k1")
    other = backend.post(CREATE, wish | {"externalId": "bob"}, Idempotency_Key="k1")
    assert problem(other) == (422, "idempotency-mismatch", "Idempotency-Key")
    elsewhere = backend.post("/v1/verification/cancel-session", wish, Idempotency_Key="k1")
    assert problem(elsewhere)[0] == 422


def test_a_refusal_is_remembered_too(backend: Backend) -> None:
    first = backend.post(CREATE, {"verificationId": "x"}, Idempotency_Key="k1")
    again = backend.post(CREATE, {"verificationId": "x"}, Idempotency_Key="k1")
    assert again.content_type == "application/problem+json"
    assert (first.status_int, first.json) == (again.status_int, again.json)


def test_keys_of_two_backends_do_not_meet(backend: Backend, site: RelyingSite, wish: dict[str, str]) -> None:
    first = backend.post(CREATE, wish, Idempotency_Key="k1").json
    assert Backend.of(site).post(CREATE, wish, Idempotency_Key="k1").json != first


def test_after_a_day_a_key_is_new(backend: Backend, wish: dict[str, str]) -> None:
    first = backend.post(CREATE, wish, Idempotency_Key="k1").json
    backend.runtime.clock.pass_seconds(24 * 3600)
    assert backend.post(CREATE, wish, Idempotency_Key="k1").json != first


def test_a_fault_of_ours_is_never_replayed(
    backend: Backend, wish: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("app.api.sessions.create_session", lambda *_: 1 / 0)
        assert problem(backend.post(CREATE, wish, Idempotency_Key="k1"))[:2] == (500, "internal-error")
    assert backend.post(CREATE, wish, Idempotency_Key="k1").status_int == 200
    assert sessions(backend) == 1


def test_while_the_first_request_is_under_way_the_second_has_to_wait(
    backend: Backend, wish: dict[str, str]
) -> None:
    backend.post(CREATE, wish, Idempotency_Key="k1")
    with backend.runtime.database.transaction() as db:
        db.execute(update(IdempotentRequest).values(status=None, sealed_answer=None))
    assert problem(backend.post(CREATE, wish, Idempotency_Key="k1"))[:2] == (409, "request-in-progress")
    backend.runtime.clock.pass_seconds(60)
    assert backend.post(CREATE, wish, Idempotency_Key="k1").status_int == 200


@on_both_databases
def test_of_simultaneous_requests_with_one_key_exactly_one_is_done(
    backend: Backend, wish: dict[str, str]
) -> None:
    backends = [Backend(backend.runtime, backend.key, new_browser(backend.runtime)) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: each.post(CREATE, wish, Idempotency_Key="k1"), backends))
    assert {answer.status_int for answer in answers} <= {200, 409}
    done = {answer.json["verificationSessionId"] for answer in answers if answer.status_int == 200}
    assert len(done) == sessions(backend) == 1


def test_kept_answers_are_sealed(backend: Backend, wish: dict[str, str]) -> None:
    token = backend.post(CREATE, wish, Idempotency_Key="k1").json["sessionToken"]
    with backend.runtime.database.reading() as db:
        row = db.scalars(select(IdempotentRequest)).one()
    assert row.sealed_answer is not None
    assert token.encode() not in row.sealed_answer


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256])
def test_a_key_that_is_none_is_refused(backend: Backend, wish: dict[str, str], key: str) -> None:
    response = backend.post(CREATE, wish, Idempotency_Key=key)
    assert problem(response) == (400, "bad-input", "Idempotency-Key")
