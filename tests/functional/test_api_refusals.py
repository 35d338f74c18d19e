"""What every operation refuses alike; each test goes through all of them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update
from webtest import TestApp

from app.api.operations import Operation
from app.api.scopes import Scope, Unscoped
from app.api.sections import all_operations
from app.factory import MAX_BODY_BYTES
from app.models import IdempotentRequest
from app.runtime import Runtime
from app.verifications.configuration import Configuration
from tests.functional.api_backend import Backend, problem
from tests.service import RelyingSite, new_browser

Calls = list[tuple[Operation, str]]
CALLS: Calls = [(operation, method) for operation in all_operations() for method in operation.methods]
WITH_BODY: Calls = [(operation, method) for operation, method in CALLS if not operation.reads_query(method)]
POSTS: Calls = [(operation, method) for operation, method in CALLS if method == "POST"]


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


def send(backend: Backend, operation: Operation, method: str, **headers: str) -> tuple[int, str, str | None]:
    """Call with nothing that could succeed: the refusals here come before anybody looks at the content."""
    body = None if operation.reads_query(method) else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return problem(backend.call(method, operation.path, body, headers=named))


def test_nothing_is_done_without_a_key(backend: Backend) -> None:
    for operation, method in CALLS:
        assert send(backend, operation, method, Authorization="")[:2] == (401, "unauthenticated")


def test_nothing_is_done_for_a_key_in_a_web_page(backend: Backend) -> None:
    for operation, method in CALLS:
        answer = send(backend, operation, method, Origin="https://shop.example")
        assert answer[:2] == (403, "browser-origin-refused")


def test_nothing_is_done_without_the_scope(site: RelyingSite) -> None:
    for operation, method in CALLS:
        if not isinstance(operation.need, Unscoped):
            others = [scope for scope in Scope if scope is not operation.need]
            lacking = Backend.of(site, *others)
            assert send(lacking, operation, method)[:2] == (403, "insufficient-scope")


def test_unknown_fields_are_refused_by_name(backend: Backend) -> None:
    for operation, method in CALLS:
        if operation.reads_query(method):
            response = backend.call(method, operation.path, noSuchField="1")
        else:
            response = backend.call(method, operation.path, {"noSuchField": 1})
        status = 422 if issubclass(operation.request, Configuration) else 400
        assert response.status_int == status, operation.name
        assert "noSuchField" in {error["field"] for error in response.json["errors"]}, operation.name


def test_a_parameter_given_twice_is_refused(backend: Backend) -> None:
    for operation, method in CALLS:
        if operation.reads_query(method):
            answer = problem(backend.call(method, f"{operation.path}?limit=1&limit=2"))
            assert answer == (400, "bad-input", "limit")


def test_a_body_of_more_than_eight_megabytes_is_refused(backend: Backend) -> None:
    too_much = b" " * (MAX_BODY_BYTES + 1)
    for operation, method in WITH_BODY:
        answer = problem(backend.call(method, operation.path, too_much))
        assert answer[:2] == (413, "too-large"), operation.name


def test_a_body_of_another_kind_is_refused(backend: Backend) -> None:
    for operation, method in WITH_BODY:
        headers = {"Content-Type": "text/plain"}
        answer = problem(backend.call(method, operation.path, {"a": 1}, headers=headers))
        assert answer == (415, "unsupported-media", "Content-Type"), operation.name


def test_a_body_that_is_not_json_is_refused(backend: Backend) -> None:
    for operation, method in WITH_BODY:
        for broken in (b"", b"{", b"[]", b"null", b"\xff", b'{"a": NaN}', b"[" * 100_000):
            status = backend.call(method, operation.path, broken).status_int
            assert status == (422 if issubclass(operation.request, Configuration) else 400), operation.name


def test_a_bad_idempotency_key_is_refused(backend: Backend) -> None:
    for operation, method in POSTS:
        answer = send(backend, operation, method, Idempotency_Key="a b")
        assert answer == (400, "bad-input", "Idempotency-Key")


def test_an_idempotency_key_belongs_to_one_request_at_a_time(backend: Backend) -> None:
    for number, (operation, method) in enumerate(POSTS):
        key = {"Idempotency-Key": f"key-{number}"}
        first = backend.call(method, operation.path, {"noSuchField": 1}, headers=key)
        assert first.status_int in {400, 422}
        other = backend.call(method, operation.path, {"noSuchField": 2}, headers=key)
        assert problem(other)[:2] == (422, "idempotency-mismatch"), operation.name
        with backend.runtime.database.transaction() as db:
            db.execute(update(IdempotentRequest).values(status=None))
        again = backend.call(method, operation.path, {"noSuchField": 1}, headers=key)
        assert problem(again)[:2] == (409, "request-in-progress"), operation.name


def test_over_the_limit_every_operation_is_refused(runtime: Runtime, site: RelyingSite) -> None:
    backend = Backend.of(site)
    limited = replace(runtime, settings=replace(runtime.settings, rate_limit_api="1 per hour"))
    backend.app = new_browser(limited)
    backend.get("/v1/datetime/utc-now")
    for operation, method in CALLS:
        assert send(backend, operation, method)[:2] == (429, "rate-limited"), operation.name


def test_callers_without_a_good_key_are_limited_by_address(runtime: Runtime) -> None:
    limited = replace(runtime, settings=replace(runtime.settings, rate_limit_api="1 per hour"))
    app = new_browser(limited)

    def call(key: str) -> int:
        headers = {"Authorization": f"ApiKey {key}"}
        return int(app.get("/v1/datetime/utc-now", headers=headers, status="*").status_int)

    assert [call("vvk_1_a"), call("vvk_2_b"), call("vvk_3_c")] == [401, 429, 429]


def broken_clock() -> Iterator[float]:
    raise OSError("the clock has stopped")


def test_a_fault_of_ours_is_told_without_its_details(runtime: Runtime, site: RelyingSite) -> None:
    backend = Backend.of(site)
    backend.app = new_browser(replace(runtime, clock=broken_clock))  # type: ignore[arg-type]
    for operation, method in CALLS:
        body = None if operation.reads_query(method) else {}
        response = backend.call(method, operation.path, body)
        assert problem(response)[:2] == (500, "internal-error"), operation.name
        assert "clock" not in response.text


def test_addresses_and_methods_that_are_not_there_are_refused_as_problems(browser: TestApp) -> None:
    assert problem(browser.get("/v1/nothing", status="*"))[:2] == (404, "not-found")
    refused = browser.delete("/v1/signature/create", status="*")
    assert problem(refused)[:2] == (405, "method-not-allowed")
    assert "POST" in refused.headers["Allow"]
