"""What a backend learns of a finished session: by id, or once for the code that the browser brought."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from app.inference.engine import OpenPackEngine
from tests.databases import on_both_databases
from tests.functional.api_backend import Backend, problem
from tests.functional.people import Cast
from tests.functional.visit import Person, Visit
from tests.service import RelyingSite, new_browser

RESULT, REDEEM = "/v1/verification/get-session-result", "/v1/verification/redeem-result-code"
NOBODY = "00000000-0000-4000-8000-000000000000"
EVERYTHING = {
    "liveness": {"type": "Verification"},
    "faceRecognition": {"type": "UniqueMatchVerification"},
    "age": {"type": "CalculationOnly"},
    "gender": {"type": "CalculationOnly"},
}


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


@pytest.fixture(scope="module")
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


def visit_with_code(site: RelyingSite) -> tuple[str, str]:
    """Let a person refuse; return session id and result code."""
    verification = site.publish(resultParameterConfig={"delivery": "Code"})
    visit = Visit.open(new_browser(site.runtime), site.runtime.clock, site.link(verification))
    visit.consent(accepted=False)
    query = parse_qs(urlsplit(visit.return_url()).query)
    return query["reVerificationSessionId"][0], query["reResultCode"][0]


def test_a_result_shows_every_verifier_and_the_numbers_behind_it(
    backend: Backend, site: RelyingSite, cast: Cast
) -> None:
    verification = site.publish(verifierConfigs=EVERYTHING)
    visits = []
    for _ in range(2):
        browser = new_browser(site.runtime)
        visits.append(Visit.open(browser, site.runtime.clock, site.link(verification, external_id="alice")))
        visits[-1].go_through(Person(cast.alice))
    first, again = (backend.get(RESULT, verificationSessionId=visit.session_id).json for visit in visits)
    assert first["verificationResult"] == again["verificationResult"] == "passed"
    for name in ("liveness", "faceRecognition", "ageVerification", "genderVerification"):
        assert again[f"{name}Result"] == "passed"
    assert first["faceId"] == again["faceId"]
    assert (again["externalId"], again["attempts"], again["totalFaceCount"]) == ("alice", 1, 1)
    assert again["challenge"]["type"] == "Balanced"
    compared = again["faceComparison"]
    assert compared["similarity"] > compared["matchThreshold"]
    assert compared["odds"] == f"1 in {round(1 / compared['falseMatchRate'])}"
    assert first["faceComparison"]["similarity"] is None
    assert "human-liveness-v1" in again["models"]
    limits = [limit for finding in again["findings"] for limit in finding["limits"]]
    assert {"targets_obeyed", "passive_liveness_beside_challenge"} <= {limit["name"] for limit in limits}
    for limit in limits:
        held = (
            limit["measured"] >= limit["value"]
            if limit["bound"] == "atLeast"
            else limit["measured"] <= limit["value"]
        )
        assert held, limit
    states = ["created", "capturing", "processing", "passed"]
    assert [row["toState"] for row in again["transitions"]] == states
    assert len(again["consents"][0]["textHash"]) == 64


def test_an_open_session_has_no_result_yet_and_an_overdue_one_has_expired(
    backend: Backend, site: RelyingSite
) -> None:
    visit = Visit.open(new_browser(site.runtime), site.runtime.clock, site.link(site.publish()))
    opened = backend.get(RESULT, verificationSessionId=visit.session_id).json
    assert (opened["state"], opened["verificationResult"]) == ("created", None)
    site.runtime.clock.pass_seconds(601)
    late = backend.get(RESULT, verificationSessionId=visit.session_id).json
    assert (late["state"], late["failedReason"], late["reasonClass"]) == (
        "expired",
        "session_expired",
        "retry",
    )


def test_an_unknown_session_is_not_found(backend: Backend) -> None:
    assert problem(backend.get(RESULT, verificationSessionId=NOBODY))[:2] == (404, "not-found")
    assert problem(backend.get(RESULT)) == (400, "bad-input", "verificationSessionId")


def test_a_code_is_redeemed_once_and_a_second_try_is_refused_and_recorded(
    backend: Backend, site: RelyingSite
) -> None:
    session_id, code = visit_with_code(site)
    result = backend.post(REDEEM, {"resultCode": code, "verificationSessionId": session_id}).json
    assert (result["verificationSessionId"], result["failedReason"]) == (session_id, "consent_refused")
    assert problem(backend.post(REDEEM, {"resultCode": code}))[:2] == (410, "result-code-gone")
    recorded = backend.get(RESULT, verificationSessionId=session_id).json["resultCodes"]
    assert recorded["refusedRedemptions"] == 1
    assert recorded["redeemedAt"] is not None


def test_a_code_is_good_for_a_minute(backend: Backend, site: RelyingSite) -> None:
    _, code = visit_with_code(site)
    site.runtime.clock.pass_seconds(60)
    assert problem(backend.post(REDEEM, {"resultCode": code}))[:2] == (410, "result-code-gone")


def test_a_code_of_another_session_or_project_is_not_found(backend: Backend, site: RelyingSite) -> None:
    _, code = visit_with_code(site)
    other = {"resultCode": code, "verificationSessionId": NOBODY}
    assert problem(backend.post(REDEEM, other))[:2] == (404, "not-found")
    assert problem(backend.post(REDEEM, {"resultCode": "made-up"}))[:2] == (404, "not-found")
    mallory = Backend.of(RelyingSite.register(site.runtime, "mallory"))
    assert problem(mallory.post(REDEEM, {"resultCode": code}))[:2] == (404, "not-found")
    assert backend.post(REDEEM, {"resultCode": code}).status_int == 200


@on_both_databases
def test_of_simultaneous_redemptions_exactly_one_succeeds(backend: Backend, site: RelyingSite) -> None:
    session_id, code = visit_with_code(site)
    backends = [Backend(site.runtime, backend.key, new_browser(site.runtime)) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: each.post(REDEEM, {"resultCode": code}).status_int, backends))
    assert sorted(answers) == [200] + [410] * 5
    recorded = backend.get(RESULT, verificationSessionId=session_id).json["resultCodes"]
    assert recorded["refusedRedemptions"] == 5
