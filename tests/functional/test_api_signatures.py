"""Links signed and checked by the service, in its own scheme and in VerifEye's."""

import hashlib
from urllib.parse import parse_qs

import pytest
from webtest import TestApp

from app.api.scopes import Scope
from tests.functional.api_backend import Backend, problem
from tests.functional.visit import Visit
from tests.service import NOON, PUBLIC_URL, RelyingSite

CREATE, VALIDATE = "/v1/signature/create", "/v1/signature/validate"
NOBODY = "00000000-0000-4000-8000-000000000000"
NONCE = "ab" * 16


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site, Scope.SIGNATURES, Scope.SESSIONS_WRITE)


@pytest.fixture
def verification(site: RelyingSite) -> str:
    return site.publish()


@pytest.fixture
def moved(site: RelyingSite) -> str:
    """A verification that takes the links of the system that it replaces."""
    return site.publish(securityConfig={"signatureSchemes": ["verifeye-sha256"]})


def test_a_link_comes_back_signed_and_opens_a_session(
    backend: Backend, verification: str, browser: TestApp
) -> None:
    wish = {"queryString": "reExternalId=alice&cart=7", "verificationId": verification}
    answer = backend.post(CREATE, wish).json
    assert answer["expiration"] == int(NOON) + 600
    assert answer["signedQueryString"] == (
        f"reExternalId=alice&cart=7&reExpiration={int(NOON) + 600}&reSignature={answer['signature']}"
    )
    assert (answer["nonce"], answer["scheme"]) == (None, "hmac-sha256")
    assert answer["url"] == f"{PUBLIC_URL}/verification/{verification}?{answer['signedQueryString']}"
    assert browser.get(answer["url"].removeprefix(PUBLIC_URL)).status_int == 303


def test_the_security_settings_add_an_expiration_and_a_nonce(backend: Backend, verification: str) -> None:
    settings = {"expirationInSeconds": 60, "enableNonce": True}
    wish = {"queryString": "?a=1", "verificationId": verification, "securitySettings": settings}
    answer = backend.post(CREATE, wish).json
    query = parse_qs(answer["signedQueryString"].removeprefix("?"))
    assert answer["signedQueryString"].startswith("?a=1&reExpiration=")
    assert query["reNonce"] == [answer["nonce"]]
    assert len(answer["nonce"]) == 32
    assert answer["expiration"] == int(NOON) + 60


def test_an_expiration_and_a_nonce_of_ones_own_stay(backend: Backend, verification: str) -> None:
    query = f"reExpiration={int(NOON) + 5}&reNonce={NONCE}"
    wish = {"queryString": query, "verificationId": verification, "securitySettings": {"enableNonce": True}}
    answer = backend.post(CREATE, wish).json
    assert answer["signedQueryString"] == f"{query}&reSignature={answer['signature']}"
    assert (answer["expiration"], answer["nonce"]) == (int(NOON) + 5, NONCE)


def test_a_link_may_be_made_that_never_expires(backend: Backend, verification: str) -> None:
    wish = {
        "queryString": "",
        "verificationId": verification,
        "securitySettings": {"expirationEnabled": False},
    }
    answer = backend.post(CREATE, wish).json
    assert (answer["expiration"], answer["nonce"]) == (None, None)
    assert answer["signedQueryString"] == f"reSignature={answer['signature']}"


@pytest.mark.parametrize(
    ("query", "options", "field"),
    [
        ("a=%zz", {}, "query"),
        ("reNonce=a&reNonce=b", {}, "reNonce"),
        ("reSignature=x", {}, "queryString"),
        ("reExternalId=" + "x" * 257, {}, "reExternalId"),
        ("reNonce=short", {}, "reNonce"),
        ("a=1", {"expirationEnabled": False, "enableNonce": True}, "securitySettings.enableNonce"),
        ("a=1", {"expirationInSeconds": 604_801}, "securitySettings.expirationInSeconds"),
        ("a=1", {"expirationInSeconds": "60"}, "securitySettings.expirationInSeconds"),
    ],
)
def test_a_link_that_could_not_be_opened_is_not_signed(
    backend: Backend, verification: str, query: str, options: dict[str, object], field: str
) -> None:
    wish = {"queryString": query, "verificationId": verification, "securitySettings": options}
    assert problem(backend.post(CREATE, wish)) == (400, "bad-input", field)


def test_what_the_verification_demands_is_demanded_when_signing(backend: Backend, site: RelyingSite) -> None:
    nonce = site.publish(securityConfig={"requireNonce": True})
    refused = backend.post(CREATE, {"queryString": "a=1", "verificationId": nonce})
    assert problem(refused)[2] == "securitySettings.enableNonce"
    match = site.publish(verifierConfigs={"faceRecognition": {"type": "MatchVerification"}})
    assert problem(backend.post(CREATE, {"queryString": "a=1", "verificationId": match}))[2] == "reExternalId"


def test_expired_unknown_and_overlong_links_are_refused(backend: Backend, verification: str) -> None:
    def sign(query: str, named: str = verification) -> tuple[int, str, str | None]:
        return problem(backend.post(CREATE, {"queryString": query, "verificationId": named}))

    assert sign("reExpiration=1")[:2] == (410, "link-gone")
    assert sign("a=1", NOBODY)[:2] == (404, "not-found")
    assert sign("&".join("a=1" for _ in range(200)))[:2] == (413, "too-large")
    many = {"queryString": "&".join("a=1" for _ in range(200))}
    assert problem(backend.post(VALIDATE, many))[:2] == (413, "too-large")


def test_a_request_as_verifeye_knows_it_is_signed_as_verifeye_does(
    backend: Backend, moved: str, site: RelyingSite, browser: TestApp
) -> None:
    wish = {
        "queryString": "reExternalId=User-1",
        "securitySettings": {"expirationEnabled": True, "enableNonce": True},
    }
    answer = backend.post(CREATE, wish).json
    assert {"signature", "signedQueryString", "expiration", "nonce"} <= set(answer)
    canonical = f"?reexpiration={answer['expiration']}&reexternalid=user-1&renonce={answer['nonce']}"
    assert answer["signature"] == hashlib.sha256(f"{canonical}{site.secret}".encode()).hexdigest()
    assert browser.get(f"/verification/{moved}?{answer['signedQueryString']}").status_int == 303
    assert backend.post(VALIDATE, {"queryString": answer["signedQueryString"]}).json["result"] == "Valid"
    named = backend.post(CREATE, {"queryString": "a=1", "verificationId": moved})
    assert problem(named) == (400, "bad-input", "verificationId")


def test_without_a_verification_that_takes_old_links_the_id_is_required(
    backend: Backend, verification: str
) -> None:
    refused = backend.post(CREATE, {"queryString": "a=1"})
    assert problem(refused) == (400, "bad-input", "verificationId")
    assert "verifeye-sha256" in refused.json["detail"]
    assert backend.post(VALIDATE, {"queryString": "a=1&reSignature=00"}).json["result"] == "Invalid"


def test_a_result_is_valid_as_a_result_and_a_link_as_a_link(
    backend: Backend, site: RelyingSite, verification: str, browser: TestApp
) -> None:
    visit = Visit.open(browser, site.runtime.clock, site.link(verification))
    visit.consent(accepted=False)
    query = visit.return_url().partition("?")[2]
    assert backend.post(VALIDATE, {"queryString": query}).json == {
        "result": "Valid",
        "kind": "Result",
        "verificationId": verification,
    }
    changed = query.replace("=failed", "=passed")
    assert backend.post(VALIDATE, {"queryString": changed}).json["result"] == "Invalid"
    link = site.link(verification).partition("?")[2]
    named = {"queryString": f"?{link}", "verificationId": verification}
    assert backend.post(VALIDATE, named).json["kind"] == "Request"
    assert backend.post(VALIDATE, {"queryString": link}).json["result"] == "Invalid"
    assert backend.post(VALIDATE, named | {"verificationId": NOBODY}).json["result"] == "Invalid"


def test_a_result_without_the_verifications_id_is_found_by_its_session(
    backend: Backend, site: RelyingSite, browser: TestApp
) -> None:
    verification = site.publish(resultParameterConfig={"includeVerificationId": False})
    visit = Visit.open(browser, site.runtime.clock, site.link(verification))
    visit.consent(accepted=False)
    query = visit.return_url().partition("?")[2]
    assert backend.post(VALIDATE, {"queryString": query}).json["verificationId"] == verification


def test_a_query_without_a_signature_cannot_be_checked(backend: Backend) -> None:
    assert problem(backend.post(VALIDATE, {"queryString": "a=1"})) == (400, "bad-input", "reSignature")
