"""Verifications through the API: whole documents in and out, versioned."""

import pytest
from webtest import TestApp

from tests.databases import on_both_databases
from tests.functional.api_backend import Backend, problem
from tests.service import RelyingSite

CREATE, GET, LIST = "/v1/verification/create", "/v1/verification/get", "/v1/verification/get-all"
UPDATE, DELETE = "/v1/verification/update", "/v1/verification/delete"
ID = "5f0c2a52-8c1e-4b7e-9d3a-6a1f0e7b9c11"
LIVENESS = {"liveness": {"type": "Verification"}}


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


def test_a_verification_is_created_and_shown_complete(backend: Backend) -> None:
    made = backend.post(CREATE, {"name": "Check", "verifierConfigs": LIVENESS}).json
    assert made["version"] == 1
    assert made["verification"]["securityConfig"]["forceSignedInput"] is True
    assert backend.get(GET, verificationId=made["verificationId"]).json == made


def test_names_of_fields_are_read_in_any_case(backend: Backend) -> None:
    made = backend.post(CREATE, {"Name": "Check", "VerifierConfigs": {"Liveness": {"Type": "Verification"}}})
    assert made.json["verification"]["verifierConfigs"]["liveness"]["type"] == "Verification"


def test_an_id_of_ones_own_can_be_used_once(backend: Backend) -> None:
    document = {"id": ID, "name": "Check", "verifierConfigs": LIVENESS}
    assert backend.post(CREATE, document).json["verificationId"] == ID
    assert problem(backend.post(CREATE, document))[:2] == (409, "already-exists")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"verifierConfigs": {"livenes": {}}}, "verifierConfigs.livenes"),
        (
            {"verifierConfigs": {"age": {"type": "CalculationOnly", "threshold": "18"}}},
            "verifierConfigs.age.threshold",
        ),
        ({"redirectConfig": {"passedUrl": "http://shop.example"}}, "redirectConfig.passedUrl"),
        ({"verifierConfigs": {}}, "verifierConfigs"),
    ],
)
def test_a_refused_document_names_the_field_and_changes_nothing(
    backend: Backend, change: dict[str, object], field: str
) -> None:
    refused = backend.post(CREATE, {"name": "Check", "verifierConfigs": LIVENESS} | change)
    assert problem(refused) == (422, "configuration-refused", field)
    assert backend.get(LIST).json["verifications"] == []


def test_every_wrong_field_is_named_at_once(backend: Backend) -> None:
    refused = backend.post(CREATE, {"name": "", "verifierConfigs": LIVENESS, "colour": "red"})
    assert {error["field"] for error in refused.json["errors"]} == {"name", "colour"}


def test_a_body_that_is_not_json_is_refused(backend: Backend) -> None:
    assert problem(backend.post(CREATE, b"{"))[:2] == (422, "configuration-refused")


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_update_makes_a_version_only_when_something_changed(backend: Backend, method: str) -> None:
    document = backend.post(CREATE, {"name": "Check", "verifierConfigs": LIVENESS}).json["verification"]
    assert backend.call(method, UPDATE, document).json["version"] == 1
    changed = backend.call(method, UPDATE, document | {"description": "New"}).json
    assert (changed["version"], changed["verification"]["description"]) == (2, "New")
    assert problem(backend.call(method, UPDATE, document | {"id": ID}))[:2] == (404, "not-found")
    assert problem(backend.call(method, UPDATE, {"name": "Check"}))[0] == 422


@on_both_databases
def test_lists_come_in_pages_without_gaps_or_repeats(backend: Backend, site: RelyingSite) -> None:
    for name in ("a", "b", "b", "c", "d"):
        site.publish(name=name)
    seen, query = [], {"limit": 2}
    while True:
        page = backend.get(LIST, **query).json
        seen += [(row["name"], row["verificationId"]) for row in page["verifications"]]
        if page["nextCursor"] is None:
            break
        query = {"limit": 2, "cursor": page["nextCursor"]}
    assert [name for name, _ in seen] == ["a", "b", "b", "c", "d"]
    assert len(set(seen)) == 5


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "bnVsbA", "%C3%A4", "WzEsICJhIl0"])
def test_a_cursor_of_another_list_is_refused(backend: Backend, cursor: str) -> None:
    assert problem(backend.get(LIST, cursor=cursor)) == (400, "bad-input", "cursor")


def test_a_deleted_verification_is_gone_for_links_and_lists(
    backend: Backend, site: RelyingSite, browser: TestApp
) -> None:
    first, second = site.publish(), site.publish()
    assert backend.post(DELETE, {"verificationId": first}).json["verificationId"] == first
    assert backend.call("DELETE", DELETE, verificationId=second).status_int == 200
    assert problem(backend.post(DELETE, {"verificationId": first}))[0] == 404
    assert problem(backend.call("DELETE", DELETE, verificationId=second))[0] == 404
    assert problem(backend.get(GET, verificationId=first))[:2] == (404, "not-found")
    assert backend.get(LIST).json["verifications"] == []
    assert browser.get(site.link(first), status="*").status_int == 404
